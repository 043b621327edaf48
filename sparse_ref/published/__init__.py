"""Published layers and models, built from patterns and `attend`: what papers and codes compute."""

from . import (
    csa,
    dsa,
    flexprefill,
    hca,
    indexshare,
    infllm,
    kpool,
    minference,
    moba,
    msa,
    nsa,
    qsa,
    quest,
    seer,
    topk,
    vsa,
    xattention,
)
from .adaptive_span import AdaptiveSpan
from .entmax import (
    EntmaxAttention,
    entmax,
    entmax15,
    entmax_alpha_backward,
    entmax_backward,
    sparsemax,
)
from .htransformer import HTransformer1D
from .htransformer_package import package_level_sets
from .linear import LinearAttention, elu_features
from .local import LocalAttention, LocalWeights
from .local_global import LocalGlobalAttention
from .longformer import LongformerAttention, Projections
from .longnet import dilated_attention, ghost_counts
from .longt5 import TransientGlobalAttention, TransientGlobalWeights
from .online_softmax import (
    RowState,
    absorb,
    empty_rows,
    online_softmax,
    online_softmax_backward,
    rows_output,
)
from .openai import (
    SparseAttention,
    attention_impl,
    blocksparse_attention_impl,
    blocksparse_patterns,
    dense_pattern,
    strided_by_permutation,
)
from .poolingformer import Poolingformer
from .reformer import ReformerAttention, bucket_factors
from .routing import RoutingAttention
from .self_attention import SelfAttention
from .sinkhorn import SinkhornAttention
from .sinkhorn_causal import SinkhornCausalAttention
from .spatten import SpAttenLayer, Survivors
from .threshold import ThresholdAttention
from .token_means import mean_pool_weights, pooled_cells
from .transformer import Transformer, Weights, attention, norm, resblock
from .transformer_ls import TransformerLS

__all__ = [
    "AdaptiveSpan",
    "EntmaxAttention",
    "HTransformer1D",
    "LinearAttention",
    "LocalAttention",
    "LocalGlobalAttention",
    "LocalWeights",
    "LongformerAttention",
    "Poolingformer",
    "Projections",
    "ReformerAttention",
    "RoutingAttention",
    "RowState",
    "SelfAttention",
    "SinkhornAttention",
    "SinkhornCausalAttention",
    "SpAttenLayer",
    "SparseAttention",
    "Survivors",
    "ThresholdAttention",
    "Transformer",
    "TransformerLS",
    "TransientGlobalAttention",
    "TransientGlobalWeights",
    "Weights",
    "absorb",
    "attention",
    "attention_impl",
    "blocksparse_attention_impl",
    "blocksparse_patterns",
    "bucket_factors",
    "csa",
    "dense_pattern",
    "dilated_attention",
    "dsa",
    "elu_features",
    "empty_rows",
    "entmax",
    "entmax15",
    "entmax_alpha_backward",
    "entmax_backward",
    "flexprefill",
    "ghost_counts",
    "hca",
    "indexshare",
    "infllm",
    "kpool",
    "mean_pool_weights",
    "minference",
    "moba",
    "msa",
    "norm",
    "nsa",
    "online_softmax",
    "online_softmax_backward",
    "package_level_sets",
    "pooled_cells",
    "qsa",
    "quest",
    "resblock",
    "rows_output",
    "seer",
    "sparsemax",
    "strided_by_permutation",
    "topk",
    "vsa",
    "xattention",
]
