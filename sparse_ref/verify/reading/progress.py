"""A progress bar for many calls of an implementation."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm

QUIET_CALLS = 50  # at most, without a progress bar


def progress(calls: int, text: str) -> Any:
    """A bar for so many calls, on terminals only; none for few."""
    quiet = calls <= QUIET_CALLS or None  # None: no bar if stderr is no terminal
    bar = tqdm(total=calls, disable=quiet, leave=False, delay=1)
    bar.set_description(text, refresh=False)
    return bar
