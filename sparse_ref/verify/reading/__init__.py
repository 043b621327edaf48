"""What a function attends to, read from its outputs. It knows no expected pattern."""
