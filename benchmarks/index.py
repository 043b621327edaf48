"""Keys chosen by data: DSA's lightning indexer, compared with the original, and its memory."""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np

import sparse_ref as sr

from . import peers
from .cases import label, part
from .children import child
from .peers import CLOSE, Peer
from .rows import Row, Target, ratio, reason
from .timing import Size, time_rounds
from .torch_peers import MASKED, first, inference, sdpa_call, tensors, torch_on_our_threads

GROUP = "keys chosen by data"
HEADS, D = 4, 64  # of the indexer
INDEXER = "transformers, DSA indexer"


def rows(size: Size) -> list[Row]:
    """DSA, the 2,048 best tokens of an indexer of 4 heads, d = 64.

    Choosing: time of `dsa.sets` over that of the indexer of transformers' `deepseek_v32` on the
    same queries, keys and weights, which gives indices by `torch.topk`. Attending: time of `attend`
    over these sets, 8 heads, over that of `scaled_dot_product_attention` with a mask of all pairs,
    as that layer has it. Memory: of a process of its own that chooses at n = 32,768, its peak
    beyond everything imported and the inputs, over the size of the sets, in units of 10**9 bytes.
    """
    attending = peers.rows(GROUP, [masked_peer], size)
    top_k, n = part(2048, size.scale), part(32768, size.scale)
    return [choosing(size), *attending, memory(top_k, n)]


@lru_cache(maxsize=2)
def index(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard normal q (HEADS, n, D), k (n, D) and w (n, HEADS) of an indexer."""
    rng = np.random.default_rng(0)
    shapes = (HEADS, n, D), (n, D), (n, HEADS)
    q, k, w = (rng.standard_normal(shape, dtype=np.float32) for shape in shapes)
    return q, k, w


def choosing(size: Size) -> Row:
    """Our sets, and the indices of the original."""
    n, top_k = part(8192, size.scale), part(2048, size.scale)
    case = label(f"DSA, the best {top_k:,}: choosing", n)
    ours = partial(sr.published.dsa.sets, *index(n), top_k=top_k)
    try:
        theirs = indexer(n, top_k)
    except ImportError as error:
        return Row(GROUP, case, INDEXER, missing=reason(error))
    assert_same_choice(ours(), theirs()[0].numpy(), n)
    seconds = time_rounds({"sets": ours, INDEXER: theirs}, size, GROUP)
    return ratio(GROUP, case, INDEXER, *seconds.values())


def indexer(n: int, top_k: int):
    """The call of transformers' indexer, whose projections pick our q, k and w from its inputs."""
    torch = torch_on_our_threads()
    from transformers.models.deepseek_v32 import modeling_deepseek_v32 as original

    config = original.DeepseekV32Config(
        hidden_size=D + HEADS,
        q_lora_rank=HEADS * D,
        qk_rope_head_dim=2,
        index_n_heads=HEADS,
        index_head_dim=D,
        index_topk=top_k,
    )
    layer = original.DeepseekV32Indexer(config, 0).eval()
    layer.k_norm = torch.nn.Identity()
    places = torch.eye(D + HEADS)
    layer.wq_b.weight.data = torch.eye(HEADS * D)
    layer.wk.weight.data = places[:D]
    layer.weights_proj.weight.data = places[D:]
    q, k, w = index(n)
    queries = q.transpose(1, 0, 2).reshape(n, -1)
    hidden, residual = tensors(np.concatenate([k, w], axis=1), queries)
    still = torch.ones(1, n, 2), torch.zeros(1, n, 2)
    future = torch.full((1, n, n), -torch.inf).triu(1)
    return inference(lambda: layer(hidden, residual, still, future, None))


def assert_same_choice(chosen: sr.Pattern, indices: np.ndarray, n: int):
    """As many tokens in each row, and others only at equal scores."""
    scores = sr.published.dsa.scores(*index(n))
    for i in range(n):
        picks = indices[i][indices[i] <= i]
        row = chosen.row(i, n)
        assert len(row) == len(picks), f"row {i} has {len(row)} tokens, the original {len(picks)}"
        others = np.setxor1d(row, picks)
        if len(others):
            numbers = scores.rows(i, i + 1)[0, others]
            assert np.ptp(numbers) < CLOSE, f"row {i} has other tokens than the original: {others}"


def masked_peer(scale: int) -> Peer:
    """The mask of all pairs that the layer makes of its indices."""
    n, top_k = part(8192, scale), part(2048, scale)
    p = sr.published.dsa.sets(*index(n), top_k=top_k)

    def ready(q, k, v):
        return sdpa_call(q, k, v, boolean_mask(p, n)), first

    return Peer(MASKED, f"DSA, the best {top_k:,}: attending", p, n, ready)


def boolean_mask(p: sr.Pattern, n: int) -> np.ndarray:
    """All n * n pairs, (n, n) bool, for an n at which `sr.dense` refuses."""
    return sr.interop.scipy_csr(p, n).toarray()


def memory(top_k: int, n: int) -> Row:
    """Peak memory of choosing, beyond the inputs, over what the sets take."""
    case = label(f"DSA, the best {top_k:,}: peak memory of choosing", n)
    measures = child("choice_peak", top_k, n)
    if "missing" in measures:
        return Row(GROUP, case, "sets", missing=measures["missing"])
    peak, sets = measures["peak"] / 1e9, measures["sets"] / 1e9
    target = Target("<=", 5)
    return Row(GROUP, case, "sets", peak, sets, "GB", peak / sets, target, more=measures)
