"""The share of the machine's own matrix product that attention reaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

import sparse_ref as sr

from .cases import HEADS, Case, D, label, more_cases, normal, part, qkv, targets
from .rows import Row, Target, reason
from .timing import Size, time_rounds
from .torch_peers import torch_on_our_threads

GROUP = "share of sgemm"
SGEMM = "sgemm"
Speeds = dict[str, np.ndarray]  # FLOP/s of each case, in each round


def rows(size: Size) -> list[Row]:
    """Useful FLOP/s of `attend` over those of a float32 product of two 2048 x 2048 matrices by
    NumPy, in the same round.

    Useful are 4 d FLOP for each connected pair of each of 8 heads, d = 64: whatever else is
    multiplied, in a tile that is not full, counts as nothing. The sets are lowered beforehand. The
    last row is PyTorch's product compared with NumPy's.
    """
    side = part(2048, size.scale)
    square = normal((side, side))
    sgemm = Work(SGEMM, 2.0 * side**3, lambda: lambda: square @ square)
    torch = Work("torch's sgemm", sgemm.flop, partial(torch_product, square))
    cases = targets(size.scale) + more_cases(size.scale)
    works = [sgemm, *map(attention, cases), torch]
    calls, reasons = {}, {}
    for work in works:
        try:
            calls[work.case] = work.ready()
        except ImportError as error:
            reasons[work.case] = reason(error)
    seconds = time_rounds(calls, size, GROUP)
    flop = {work.case: work.flop for work in works}
    speeds = {case: flop[case] / seconds[case] for case in calls}
    works.remove(sgemm)
    return [row(work, speeds, reasons.get(work.case)) for work in works]


class Work(NamedTuple):
    """A case, its useful FLOP, and what makes its call; `share` of sgemm is a target."""

    case: str
    flop: float
    ready: Callable[[], Callable[[], object]]
    share: float | None = None


def attention(case: Case) -> Work:
    """Attention over a set, lowered beforehand."""
    plan = sr.plan(case.pattern, case.n)

    def ready():
        return partial(sr.attend, *qkv(case.n, dtype=case.dtype), plan)

    flop = 4.0 * D * HEADS * plan.nnz
    return Work(label(case.name, case.n), flop, ready, case.share)


def torch_product(square: np.ndarray) -> Callable[[], object]:
    """The call that multiplies a matrix by itself in PyTorch. Raises ImportError if it is not
    installed.
    """
    tensor = torch_on_our_threads().from_numpy(square)
    return lambda: tensor @ tensor


def row(work: Work, speeds: Speeds, why: str | None) -> Row:
    """The speed of a case and that of sgemm, in FLOP/s round by round, or why there is none."""
    target = None if work.share is None else Target(">=", work.share)
    result = Row(GROUP, work.case, SGEMM, unit="GFLOP/s", target=target)
    if why is not None:
        return replace(result, missing=why)
    speed, sgemm = speeds[work.case], speeds[SGEMM]
    return replace(
        result,
        measured=float(np.median(speed)) / 1e9,
        reference=float(np.median(sgemm)) / 1e9,
        value=float(np.median(speed / sgemm)),
        more={"flops": speed.tolist(), "reference_flops": sgemm.tolist()},
    )
