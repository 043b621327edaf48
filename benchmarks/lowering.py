"""What lowering costs, compared with the attention that it is for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

import sparse_ref as sr

from .cases import Case, label, part, qkv, targets
from .rows import Row, Target, ratio
from .timing import Seconds, Size, time_rounds

GROUP = "lowering"


def rows(size: Size) -> list[Row]:
    """Time of `plan` over that of one `attend` with what it returns, 8 heads; and of `plan` only,
    at n = 1,000,000.
    """
    cases = targets(size.scale)
    window, n = part(512, size.scale), part(1_000_000, size.scale)
    long = label(f"Lookback({window})", n)
    calls = {long: partial(sr.plan, sr.Lookback(window), n)}
    for case in cases:
        plan = partial(sr.plan, case.pattern, case.n)
        calls[f"plan {case.name}"] = plan
        calls[f"attend {case.name}"] = partial(sr.attend, *qkv(case.n), plan())
    seconds = time_rounds(calls, size, GROUP)
    results = [row(case, seconds) for case in cases]
    return [*results, long_row(long, seconds[long])]


def row(case: Case, seconds: Seconds) -> Row:
    """A plan over the attention that it is for."""
    plan, attend = seconds[f"plan {case.name}"], seconds[f"attend {case.name}"]
    name = label(case.name, case.n)
    return ratio(GROUP, name, "one forward", plan, attend, Target("<=", 0.25))


def long_row(case: str, seconds: np.ndarray) -> Row:
    """The seconds of a plan at a great length."""
    median = float(np.median(seconds))
    more = {"seconds": seconds.tolist()}
    row = Row(GROUP, case, measured=median, unit="s", value=median, more=more)
    return replace(row, target=Target("<=", 2.0))
