"""The arguments of figures, checked, and the numbers that figures draw."""
