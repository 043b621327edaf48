"""Attention on the CPU: over gather-tiles, and over the rows of a CSR."""
