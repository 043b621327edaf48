"""Figures of layers: what reaches what through several of them."""
