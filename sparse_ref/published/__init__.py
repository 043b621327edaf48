"""Published layers and models, built from patterns and `attend`: what papers and codes compute."""

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
from .self_attention import SelfAttention
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
    "LocalGlobalAttention",
    "LongformerAttention",
    "Poolingformer",
    "Projections",
    "RowState",
    "SelfAttention",
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
    "dense_pattern",
    "dilated_attention",
    "elu_features",
    "empty_rows",
    "entmax",
    "entmax15",
    "entmax_alpha_backward",
    "entmax_backward",
    "ghost_counts",
    "mean_pool_weights",
    "norm",
    "online_softmax",
    "online_softmax_backward",
    "package_level_sets",
    "pooled_cells",
    "resblock",
    "rows_output",
    "sparsemax",
    "strided_by_permutation",
]
