"""What lowering costs, beside the attention that it is for."""

from __future__ import annotations

from functools import partial

import numpy as np

import sparse_ref as sr

from .cases import named, part, qkv, targets
from .rows import Row, Target, ratio
from .timing import Size, interleaved

GROUP = "lowering"


def rows(size: Size) -> list[Row]:
    """Time of `plan` over that of one `attend` with what it returns, 8 heads; and `plan` alone at n
    = 1,000,000.
    """
    cases, calls = targets(size.scale), {}
    for case in cases:
        calls[f"plan {case.name}"] = partial(sr.plan, case.pattern, case.n)
        calls[f"attend {case.name}"] = partial(
            sr.attend, *qkv(case.n), sr.plan(case.pattern, case.n)
        )
    window, n = part(512, size.scale), part(1_000_000, size.scale)
    long = named(f"Lookback({window})", n)
    calls[long] = partial(sr.plan, sr.Lookback(window), n)
    taken = interleaved(calls, size, GROUP)
    alone = float(np.median(taken[long]))
    return [
        *(
            ratio(
                GROUP,
                named(case.name, case.n),
                "one forward",
                taken[f"plan {case.name}"],
                taken[f"attend {case.name}"],
                Target("<=", 0.25),
            )
            for case in cases
        ),
        Row(
            GROUP,
            long,
            measured=alone,
            unit="s",
            value=alone,
            target=Target("<=", 2.0),
            more={"seconds": taken[long].tolist()},
        ),
    ]
