"""What figures share: colours, tables of cells, axes, legends, panels, and files."""
