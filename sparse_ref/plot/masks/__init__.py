"""Figures of sets: one, its parts, several heads, two compared, and counts of keys."""
