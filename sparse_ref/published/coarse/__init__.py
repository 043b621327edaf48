"""Coarse keys: pools of tokens that are keys themselves, at one level or at many."""
