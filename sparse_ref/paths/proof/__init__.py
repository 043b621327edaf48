"""Paths for every length and every parameter: statements that z3 proves or refutes."""
