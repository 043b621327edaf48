"""Timing in rounds: each round calls everything once, so that what slows the machine down slows
all of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from tqdm import tqdm


class Size(NamedTuple):
    """How much is measured.

    scale : lengths, and the parameters that go with them, are divided by it.
    pause : seconds before each measurement, in which the idle threads of the library that ran
        before stop spinning; and how long a quicker call is repeated, so that the mean is taken.
    """

    rounds: int
    scale: int = 1
    pause: float = 0.05


Call = Callable[[], object]
Seconds = dict[str, np.ndarray]  # of each call, in each round


def time_rounds(calls: Mapping[str, Call], size: Size, group: str) -> Seconds:
    """Seconds of each call in each round, (size.rounds,) for each, after one call of each that does
    not count.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    steps = len(calls) * (size.rounds + 1)
    with tqdm(total=steps, desc=f"{group:16}", mininterval=0.5, disable=not calls) as progress:
        for name, call in calls.items():
            progress.set_postfix_str(f"warm-up: {name}", refresh=False)
            call()
            progress.update()
        for _ in range(size.rounds):
            for name, call in calls.items():
                progress.set_postfix_str(name, refresh=False)
                times[name].append(seconds(call, size.pause))
                progress.update()
        progress.set_postfix_str("")
    return {name: np.array(values) for name, values in times.items()}


def seconds(call: Call, pause: float) -> float:
    """How long one call takes, after a pause."""
    time.sleep(pause)
    calls, start = 0, time.perf_counter()
    while calls == 0 or time.perf_counter() - start < pause:
        call()
        calls += 1
    return (time.perf_counter() - start) / calls
