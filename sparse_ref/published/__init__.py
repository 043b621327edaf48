"""Published layers and models, built from patterns and `attend`: what papers and codes compute."""

from .baselines.linear import LinearAttention, elu_features
from .baselines.online_softmax import (
    RowState,
    absorb,
    empty_rows,
    online_softmax,
    online_softmax_backward,
    rows_output,
)
from .blocks import flexprefill, infllm, minference, moba, nsa, quest, seer, topk, vsa, xattention
from .clusters.reformer import ReformerAttention, bucket_factors
from .clusters.routing import RoutingAttention
from .clusters.sinkhorn import SinkhornAttention
from .clusters.sinkhorn_causal import SinkhornCausalAttention
from .coarse.htransformer import HTransformer1D
from .coarse.htransformer_package import package_level_sets
from .coarse.local_global import LocalGlobalAttention
from .coarse.longt5 import TransientGlobalAttention, TransientGlobalWeights
from .coarse.poolingformer import Poolingformer
from .coarse.token_means import mean_pool_weights, pooled_cells
from .coarse.transformer_ls import TransformerLS
from .index import csa, dsa, hca, indexshare, kpool, msa, qsa
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
from .pruning.adaptive_span import AdaptiveSpan
from .pruning.entmax import (
    EntmaxAttention,
    entmax,
    entmax15,
    entmax_alpha_backward,
    entmax_backward,
    sparsemax,
)
from .pruning.spatten import SpAttenLayer, Survivors
from .pruning.threshold import ThresholdAttention
from .self_attention import SelfAttention
from .transformer import Transformer, Weights, attention, norm, resblock

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
