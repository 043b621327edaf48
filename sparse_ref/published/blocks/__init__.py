"""Blocks chosen by what they contain: their mean, their bounds, a sample of their attention."""
