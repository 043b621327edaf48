"""Definitions, one paper family per file: each set beside its source and its picture."""

from .elementary import Band, Causal, Full, Lookback, Window
from .openai import SubBlock, openai_fixed
from .sparse_transformer import Block, Local, Strided, Summary, fixed, strided

__all__ = ["Band", "Block", "Causal", "Full", "Local", "Lookback", "Strided", "SubBlock", "Summary", "Window",
           "fixed", "openai_fixed", "strided"]
