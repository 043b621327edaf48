"""Published layers and models, put together from patterns and `attend`: what a paper or its code computes, whole."""

from .openai import (
    SparseAttention,
    attention_impl,
    blocksparse_attention_impl,
    blocksparse_patterns,
    dense_pattern,
    strided_by_permutation,
)
from .transformer import Transformer, Weights, attention, norm, resblock

__all__ = ["SparseAttention", "Transformer", "Weights", "attention", "attention_impl", "blocksparse_attention_impl",
           "blocksparse_patterns", "dense_pattern", "norm", "resblock", "strided_by_permutation"]
