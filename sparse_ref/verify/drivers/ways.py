"""In which layout and framework a cache is called: those in which its axes make sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from ..calling.arrays import ProbeError
from ..calling.layouts import BATCHED
from ..calling.references import frameworks_of
from ..calling.sense import sense_doubts
from ..calling.subject import CallOptions, Subject
from .feed import BATCH_FIRST, TOKEN_AXIS, Feed
from .schedule import Schedule

Way = tuple[str, str]  # a layout and a framework
OPTIONS = [option.name for option in fields(CallOptions)]


def layouts_to_try(layout: str, lengths: bool) -> tuple[str, ...]:
    """All layouts with an axis of tokens for "auto", otherwise the one that is asked for."""
    known = BATCH_FIRST if lengths else tuple(TOKEN_AXIS)
    if layout == "auto":
        return known
    if layout not in known:
        reason = " with lengths" if lengths and layout in TOKEN_AXIS else ""
        raise ValueError(f"layout must be one of {', '.join(known)}{reason}, got {layout!r}")
    return (layout,)


def way_to_call(
    cache: Any,
    schedule: Schedule,
    heads: int,
    lengths: bool,
    options: Mapping[str, Any],
) -> Way:
    """(layout, framework) with the fewest doubts of those that options["layout"] lets be tried.

    If the cache runs in none, the first layout, and the framework that its code refers to.
    """
    layouts = layouts_to_try(options.get("layout", "auto"), lengths)
    call = {name: options[name] for name in OPTIONS if name in options}
    call.setdefault("framework", "auto")
    best, least = _fallback(cache, layouts, call["framework"]), None
    for layout in _possible(layouts, heads):
        feed = Feed(cache, schedule, layout, lengths)
        choice = CallOptions(**{**call, "layout": layout})
        try:
            subject = Subject.new(feed, schedule.n, heads, choice)
            doubts = sense_doubts(subject, 2 if layout in BATCHED else 1).total
        except ProbeError:
            continue  # check reports what the cache raises
        if least is None or doubts < least:
            best, least = (layout, subject.form.framework), doubts
        if not doubts:
            break
    return best


def _fallback(cache: Any, layouts: Sequence[str], framework: str) -> Way:
    """The layout and framework of a cache that cannot be called."""
    if framework == "auto":
        framework, *_ = (*frameworks_of(cache), "numpy")
    return layouts[0], framework


def _possible(layouts: Sequence[str], heads: int) -> Sequence[str]:
    """The layouts that have so many heads."""
    return [layout for layout in layouts if heads == 1 or layout != "nd"]
