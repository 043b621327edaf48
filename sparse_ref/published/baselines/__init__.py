"""Attention without a set: what the others are compared with."""
