"""Published layers and models, built from patterns and `attend`: what papers and codes compute."""

from .local import LocalAttention, LocalWeights
from .longformer import LongformerAttention, Projections
from .longnet import dilated_attention, ghost_counts
from .openai import (
    SparseAttention,
    attention_impl,
    blocksparse_attention_impl,
    blocksparse_patterns,
    dense_pattern,
    strided_by_permutation,
)
from .reformer import ReformerAttention, bucket_factors
from .routing import RoutingAttention
from .sinkhorn import SinkhornAttention
from .sinkhorn_causal import SinkhornCausalAttention
from .transformer import Transformer, Weights, attention, norm, resblock

__all__ = [
    "LocalAttention",
    "LocalWeights",
    "LongformerAttention",
    "Projections",
    "ReformerAttention",
    "RoutingAttention",
    "SinkhornAttention",
    "SinkhornCausalAttention",
    "SparseAttention",
    "Transformer",
    "Weights",
    "attention",
    "attention_impl",
    "blocksparse_attention_impl",
    "blocksparse_patterns",
    "bucket_factors",
    "dense_pattern",
    "dilated_attention",
    "ghost_counts",
    "norm",
    "resblock",
    "strided_by_permutation",
]
