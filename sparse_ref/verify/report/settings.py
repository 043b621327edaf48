"""How a function was called and judged, in plain types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .function_name import display_name

if TYPE_CHECKING:
    from .report import Report

MAX_NUMBERS = 64  # of an array that is written out
CALL = ("layout", "framework", "dtype", "device")


def settings(report: Report) -> dict[str, Any]:
    """The settings of a report.

    lengths : every length that was checked, n first.
    layout, framework, dtype, device : those that fn was called with, found or given.
    declared : the options that differ from the defaults, by name.
    """
    options, form = report.options, report.form
    call = {name: options.get(name) for name in CALL}
    if form is not None:
        call = {name: getattr(form, name) for name in CALL}
    declared = report.question.declarations()
    return {
        "lengths": [report.size, *(other.size for other in report.others)],
        "heads": report.heads,
        "kv_heads": options.get("kv_heads") or report.heads,
        "seed": report.seed,
        **call,
        "declared": {name: plain(value) for name, value in declared.items()},
    }


def plain(value: Any) -> Any:
    """A value that JSON can write: short arrays as lists, long ones and functions as text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    if callable(value):
        return display_name(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "shape") and hasattr(value, "tolist"):
        shape = tuple(value.shape)
        return plain(value.tolist()) if np.prod(shape) <= MAX_NUMBERS else f"array {shape}"
    return str(value)
