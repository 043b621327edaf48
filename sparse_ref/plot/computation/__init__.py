"""Figures of what a kernel computes: tiles, blocks, scores and weights."""
