"""The share of the machine's own matrix product that attention reaches."""

from __future__ import annotations

from functools import partial

import numpy as np

import sparse_ref as sr

from .cases import HEADS, Case, D, named, others, part, qkv, targets
from .rows import Row, Target, reason
from .timing import Size, interleaved

GROUP = "share of sgemm"


def rows(size: Size) -> list[Row]:
    """Useful FLOP/s of `attend` over those of a float32 product of two 2048 x 2048 matrices by
    NumPy, in the same round.

    Useful are 4 d FLOP for each connected pair of each of 8 heads, d = 64: whatever else is
    multiplied, in a tile that is not full, counts as nothing. The sets are lowered beforehand. The
    last row is PyTorch's product beside NumPy's.
    """
    side, cases = part(2048, size.scale), targets(size.scale) + others(size.scale)
    square = np.random.default_rng(0).standard_normal((side, side), dtype=np.float32)
    work = {"sgemm": 2.0 * side**3, "torch": 2.0 * side**3}
    calls, missing = {"sgemm": lambda: square @ square}, {}
    for case in [*cases, None]:
        name = case.name if case else "torch"
        try:
            calls[name] = attention(case, work) if case else torch_product(square)
        except ImportError as error:
            missing[name] = reason(error)
    taken = interleaved(calls, size, GROUP)
    speed = {name: work[name] / seconds for name, seconds in taken.items()}
    lines = [
        *((case.name, named(case.name, case.n), case.share) for case in cases),
        ("torch", "torch's sgemm", None),
    ]
    return [
        Row(GROUP, label, "sgemm", missing=missing[name])
        if name in missing
        else over(
            speed[name], speed["sgemm"], label, None if share is None else Target(">=", share)
        )
        for name, label, share in lines
    ]


def attention(case: Case, work: dict[str, float]):
    """The call that attends over a set, lowered; how many FLOP it needs goes into `work`."""
    lowered = sr.plan(case.pattern, case.n)
    work[case.name] = 4.0 * D * HEADS * lowered.nnz
    return partial(sr.attend, *qkv(case.n, dtype=case.dtype), lowered)


def torch_product(square: np.ndarray):
    """The call that multiplies a matrix by itself in PyTorch. Raises ImportError where it is not
    installed.
    """
    from .torch_peers import torch_on_our_threads

    own = torch_on_our_threads().from_numpy(square)
    return lambda: own @ own


def over(speed: np.ndarray, sgemm: np.ndarray, case: str, target: Target | None) -> Row:
    """The row of two speeds in FLOP/s, round by round."""
    return Row(
        GROUP,
        case,
        "sgemm",
        float(np.median(speed)) / 1e9,
        float(np.median(sgemm)) / 1e9,
        "GFLOP/s",
        float(np.median(speed / sgemm)),
        target,
        more={"flops": speed.tolist(), "flops_beside": sgemm.tolist()},
    )
