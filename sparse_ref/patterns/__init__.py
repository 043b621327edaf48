"""Definitions, one paper family per file: each set beside its source and its picture."""

from .divided import Chunk, Dilated
from .elementary import Band, Causal, Full, Lookback, Window
from .globals import Global, GlobalAt, Prefix, Sinks
from .openai import SubBlock, openai_fixed
from .random import Random
from .sparse_transformer import Block, Local, Strided, Summary, fixed, strided

__all__ = ["Band", "Block", "Causal", "Chunk", "Dilated", "Full", "Global", "GlobalAt", "Local", "Lookback", "Prefix", "Random",
           "Sinks", "Strided", "SubBlock", "Summary", "Window", "fixed", "openai_fixed", "strided"]
