"""How far results are from those of float64."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tqdm import trange

import sparse_ref as sr

from .cases import label, part, qkv
from .rows import Row, Target, reason
from .timing import Size
from .torch_peers import first, sdpa_call

GROUP = "error"
PEER = "torch SDPA"
HEADS, SEEDS = 2, 5


def rows(size: Size) -> list[Row]:
    """The largest absolute error of `attend` on float32 inputs, over that of PyTorch's SDPA on the
    same, causal.

    Errors are against `device="reference"`, which is float64 throughout, on the same numbers; each
    is the largest over 2 heads and 5 seeds. Queries, keys and values are standard normal, and in
    the second row queries are 8 times that, so that few keys take most of the weight. PyTorch's
    error is of the form that is timed: causal, on as many threads as ours.
    """
    n = part(4096, size.scale)
    plain, large = label("Causal()", n), label("Causal(), logits of 8", n)
    return [row(n, 1.0, plain), row(n, 8.0, large)]


def row(n: int, factor: float, case: str) -> Row:
    """The errors at queries that are `factor` times standard normal."""
    ours, theirs, why = [], [], ""
    for seed in trange(SEEDS, desc=f"{GROUP:16}"):
        q, k, v = qkv(n, heads=HEADS, seed=seed)
        inputs = q * np.float32(factor), k, v
        exact = reference(*inputs)
        ours.append(largest_error(sr.attend(*inputs, sr.Causal()), exact))
        try:
            theirs.append(largest_error(first(sdpa_call(*inputs)()), exact))
        except ImportError as error:
            why = reason(error)
    target = Target("<=", 1.0)
    result = Row(GROUP, case, PEER, max(ours), unit="", target=target)
    if why:
        return replace(result, missing=why)
    more = {"errors": ours, "reference_errors": theirs}
    value = max(ours) / max(theirs)
    return replace(result, reference=max(theirs), value=value, more=more)


def reference(q, k, v) -> np.ndarray:
    """Causal attention in float64."""
    inputs = (x.astype(np.float64) for x in (q, k, v))
    return sr.attend(*inputs, sr.Causal(), device="reference")


def largest_error(out: np.ndarray, exact: np.ndarray) -> float:
    """The largest difference."""
    return float(np.abs(out - exact).max())
