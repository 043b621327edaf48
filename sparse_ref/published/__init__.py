"""Published layers and models, built from patterns and `attend`: what papers and codes compute."""

from . import (
    csa,
    dsa,
    flexprefill,
    hca,
    indexshare,
    kpool,
    minference,
    moba,
    msa,
    nsa,
    qsa,
    quest,
    topk,
    vsa,
    xattention,
)
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
from .transformer import Transformer, Weights, attention, norm, resblock

__all__ = [
    "LongformerAttention",
    "Projections",
    "SparseAttention",
    "Transformer",
    "Weights",
    "attention",
    "attention_impl",
    "blocksparse_attention_impl",
    "blocksparse_patterns",
    "csa",
    "dense_pattern",
    "dilated_attention",
    "dsa",
    "flexprefill",
    "ghost_counts",
    "hca",
    "indexshare",
    "kpool",
    "minference",
    "moba",
    "msa",
    "norm",
    "nsa",
    "qsa",
    "quest",
    "resblock",
    "strided_by_permutation",
    "topk",
    "vsa",
    "xattention",
]
