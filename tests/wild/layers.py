"""Layers of small packages, each as a function of q, k and v (B, H, n, d)."""

from types import ModuleType

import pytest
from originals.by_path import by_path
from originals.by_path import long_net as longnet

from wild.handed import hand, numbered, parted, torch

local = pytest.importorskip(
    "local_attention", reason="local-attention is missing: make test-originals"
)
nsa = pytest.importorskip(
    "native_sparse_attention_pytorch", reason="native-sparse-attention-pytorch: make test-originals"
)
h_transformer = pytest.importorskip(
    "h_transformer_1d.h_transformer_1d", reason="h-transformer-1d is missing: make test-originals"
)
sinkhorn = pytest.importorskip(
    "sinkhorn_transformer.sinkhorn_transformer",
    reason="sinkhorn-transformer is missing: make test-originals",
)
axial_attention = pytest.importorskip(
    "axial_attention", reason="axial-attention is missing: make test-originals"
)
swin = pytest.importorskip(
    "swin_transformer_pytorch.swin_transformer",
    reason="swin-transformer-pytorch: make test-originals",
)
long_net = longnet()

activations = ModuleType("flood_forecast.transformer_xl.lower_upper_config")
activations.activation_dict = {"Softmax": torch.nn.Softmax}
log_sparse = by_path("flood_forecast", "transformer_xl/transformer_bottleneck.py", activations)


def sliding_branch(keys, causal):
    """The window among the three branches of native sparse attention."""

    def fn(q, k, v):
        heads, d = q.shape[1], q.shape[3]
        layer = nsa.SparseAttention(
            heads * d,
            d,
            heads,
            sliding_window_size=keys,
            compress_block_size=4,
            num_selected_blocks=1,
            compress_block_sliding_stride=4,
            selection_block_size=4,
            causal=causal,
        )
        return layer.sliding_window(q, k, v)

    return fn


def hierarchical(block, causal):
    """A layer of H-Transformer-1D."""

    def fn(q, k, v):
        heads, n, d = q.shape[1:]
        given = dict(heads=heads, dim_head=d, block_size=block)
        layer = (
            h_transformer.CausalHAttention1D(heads * d, max_seq_len=n, **given)
            if causal
            else h_transformer.HAttention1D(heads * d, **given)
        )
        layer.to_out = torch.nn.Identity()
        return parted(hand(layer, to_qkv=(q, k, v))(numbered(q)), heads)

    return fn


def sinkhorn_attention(bucket):
    """Sparse Sinkhorn attention, its sorting network as it begins."""

    def fn(q, k, v):
        torch.manual_seed(0)
        heads, n, d = q.shape[1:]
        return sinkhorn.SinkhornAttention(bucket, heads * d, d, heads, n).eval()(q, k, v)

    return fn


def axial(shape):
    """Attention along each axis of a grid, summed as it is unless asked otherwise."""

    def fn(q, k, v):
        heads, n, d = q.shape[1:]
        layer = axial_attention.AxialAttention(heads * d, num_dimensions=len(shape), heads=heads)
        for along in layer.axial_attentions:
            hand(along.fn, to_q=(q,), to_kv=(k, v)).to_out = torch.nn.Identity()
        return parted(
            layer(numbered(q).reshape(-1, *shape, heads * d)).reshape(-1, n, heads * d), heads
        )

    return fn


def shifted_windows(shape, window, shifted):
    """The attention of a block of Swin, its biases 0."""

    def fn(q, k, v):
        heads, n, d = q.shape[1:]
        layer = hand(
            swin.WindowAttention(heads * d, heads, d, shifted, window, True), to_qkv=(q, k, v)
        )
        layer.to_out = torch.nn.Identity()
        layer.pos_embedding.data.zero_()
        return parted(
            layer(numbered(q).reshape(-1, *shape, heads * d)).reshape(-1, n, heads * d), heads
        )

    return fn


def dilated(segment, dilation, causal=False):
    """The dilated attention of longnet."""

    def fn(q, k, v):
        heads, _, d = q.shape[1:]
        layer = long_net.DilatedAttention(
            heads * d, heads, dilation, segment, causal=causal, dtype=torch.float32, device="cpu"
        )
        return parted(hand(layer, proj_q=(q,), proj_k=(k,), proj_v=(v,)).eval()(numbered(q)), heads)

    return fn


def log_sparse_attention(sub):
    """The attention of flow-forecast's transformer under its mask of logarithmic steps."""

    def fn(q, k, v):
        heads, n, d = q.shape[1:]
        layer = log_sparse.Attention(
            heads,
            d,
            n,
            scale=True,
            q_len=1,
            sub_len=sub,
            sparse=True,
            attn_pdrop=0.0,
            resid_pdrop=0.0,
        )
        return layer.attn(q, k.transpose(2, 3), v)

    return fn
