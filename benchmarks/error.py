"""How far results are from those of float64."""

from __future__ import annotations

import numpy as np
from tqdm import trange

import sparse_ref as sr

from .cases import named, part, qkv
from .rows import Row, Target, reason
from .timing import Size

GROUP = "error"
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
    return [row(n, 1.0, named("Causal()", n)), row(n, 8.0, named("Causal(), logits of 8", n))]


def row(n: int, times: float, case: str) -> Row:
    """The errors where queries are `times` standard normal."""
    own, theirs, missing = [], [], ""
    for seed in trange(SEEDS, desc=f"{GROUP:16}"):
        q, k, v = qkv(n, heads=HEADS, seed=seed)
        q = q * np.float32(times)
        exact = sr.attend(
            *(x.astype(np.float64) for x in (q, k, v)), sr.Causal(), device="reference"
        )
        own.append(float(np.abs(sr.attend(q, k, v, sr.Causal()) - exact).max()))
        try:
            theirs.append(float(np.abs(sdpa(q, k, v) - exact).max()))
        except ImportError as error:
            missing = reason(error)
    if missing:
        return Row(
            GROUP,
            case,
            "torch SDPA",
            measured=max(own),
            unit="",
            target=Target("<=", 1.0),
            missing=missing,
        )
    return Row(
        GROUP,
        case,
        "torch SDPA",
        max(own),
        max(theirs),
        "",
        max(own) / max(theirs),
        Target("<=", 1.0),
        more={"errors": own, "errors_beside": theirs},
    )


def sdpa(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    """What PyTorch's dense causal attention returns."""
    from .torch_peers import first, tensors, timed, torch_on_our_threads

    own, attention = (
        tensors(q, k, v),
        torch_on_our_threads().nn.functional.scaled_dot_product_attention,
    )
    return first(timed(lambda: attention(*own, is_causal=True))())
