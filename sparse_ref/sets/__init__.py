"""Connectivity sets as values: what a pattern is, what combines them, and what defines one."""
