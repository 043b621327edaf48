"""The explorer: a pattern as a page to play with, in one file that loads nothing."""

from __future__ import annotations

from functools import cached_property
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._text import visible_line
from ..catalogue import notation
from ..sets.types import Length
from .bundle import document
from .constructors import templates
from .page_notation import PageNotation
from .slider_ranges import Range, slider_ranges
from .subjects import Explorable, Subject, subject_of

if TYPE_CHECKING:
    from .widget import ExplorerWidget

PERMISSIONS = "allow-scripts allow-downloads"
FRAME_STYLE = "width:100%;height:900px;border:0"


def explore(
    p: Explorable | str,
    n: Length | None = None,
    *,
    title: str | None = None,
    layers: int | None = None,
    heads: int | None = None,
    **ranges: Range,
) -> Explorer:
    """A page on which a pattern is drawn, changed, compared and walked, in one file.

    The page runs the same formulas, translated to JavaScript, and draws any parameters and any n
    up to 4096 by itself. It loads nothing from elsewhere, so that it works without a network, and
    is below 300 kB if it has no data. Sets without a formula travel as data, for this n alone:
    listed keys, random ones, and rules whose formula cannot be translated. They take about two to
    three bytes for each run of consecutive keys: sr.Random(4096, 16, 0) adds 0.17 MB.

    Parameters
    ----------
    p : what is shown, with a tab for each part:
        a pattern; steps; branches; a scheme such as sr.Interleaved, by layer and head;
        a sequence of patterns, one per head, or of such sequences, pattern[b][h], of which the
        first is shown; a bool array (n_q, n_k) or (heads, n_q, n_k), True attends; a CSR;
        or the notation of any pattern, steps or branches, such as "strided(8)".
    n : a length, or (n_q, n_k), from 1 to 4096; by default the shape of an array, the length that
        p is stated for, or 64.
    title : the heading of the page; the notation unless given.
    layers, heads : how many of a scheme are shown; as many as differ unless given.
    ranges : (least, most) of the slider of a parameter, by the name that a rule in p has for it,
        such as l=(1, 32). A rule's parameter that is called title, layers or heads has no range.

    Returns an `Explorer`.

    Raises TypeError for another p, for layers or heads of what is no scheme, and for a range whose
    name no rule in p has; ValueError for an n that is out of bounds or that p is not stated for,
    and for a range that does not contain the parameter's value or that begins below the least
    value that the rule allows; IndexError if p has no row for one of the queries.

    >>> import sparse_ref as sr
    >>> page = sr.explore(sr.Local(4) | sr.Strided(4), 32, l=(1, 16))
    >>> page
    <explorer of Local(4) | Strided(4) at n = 32>
    >>> "<!doctype html>" in page.html, len(page.html) < 300_000
    (True, True)
    >>> page = sr.explore(sr.Interleaved(sr.strided(8)), layers=3)
    >>> [view["label"] for view in page.data["views"]]
    ['layer 0', 'layer 1', 'layer 2']
    """
    if title is not None and not isinstance(title, str):
        raise TypeError(f"title must be a string, got {title!r}")
    subject = subject_of(p, n, layers, heads)
    patterns = [tab.pattern for tab in subject.tabs]
    limits = slider_ranges(ranges, patterns)
    return Explorer(subject, subject.name if title is None else title, limits)


class Explorer:
    """A page of a pattern: `html` is its text, `save(path)` writes it, a notebook shows it.

    `frame` is the page as a part of another one, `widget` as a widget in Jupyter.

    `explore` makes it. `data` are the plain values that the page is given, `shape` is (n_q, n_k).
    """

    def __init__(self, subject: Subject, title: str, ranges: dict[str, Range]):
        page = PageNotation()
        views = []
        for label, p in subject.tabs:
            views.append({"label": visible_line(label), "text": page.text(p, subject.shape)})
        self.shape = subject.shape
        self.title = visible_line(title)
        self.rules = page.rules
        self.data: dict[str, Any] = {
            "title": self.title,
            "kind": subject.kind,
            "views": views,
            "shape": list(subject.shape),
            "ranges": {name: list(pair) for name, pair in ranges.items()},
            "rules": {name: rule.facts for name, rule in page.rules.items()},
            "listed": page.listed,
            "templates": templates(),
            "ownRules": sorted(set(page.rules) - set(notation.NAMES)),
        }

    @cached_property
    def html(self) -> str:
        """The page, a document in one file."""
        return document(self.data, self.rules)

    def save(self, path: str | Path) -> Path:
        """Write the page to a file; the path that was written."""
        target = Path(path)
        target.write_text(self.html, encoding="utf-8")
        return target

    @cached_property
    def widget(self) -> ExplorerWidget:
        """The page as a widget in Jupyter, whose state Python reads and sets.

        Raises ImportError without anywidget, which `pip install 'sparse-ref[widget]'` installs.
        """
        if not _has_anywidget():
            raise ImportError("the widget needs anywidget: pip install 'sparse-ref[widget]'")
        from .widget import ExplorerWidget

        return ExplorerWidget(self.data, self.rules)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget if anywidget is installed; else nothing, and a notebook takes the frame."""
        return self.widget._repr_mimebundle_(**options) if _has_anywidget() else {}

    @property
    def frame(self) -> str:
        """The page as a frame in HTML, for another page; it may run its own script only."""
        title = escape(f"explorer of {self.title}")
        return (
            f'<iframe title="{title}" srcdoc="{escape(self.html)}" sandbox="{PERMISSIONS}" '
            f'style="{FRAME_STYLE}"></iframe>'
        )

    def _repr_html_(self) -> str:
        return self.frame

    def __repr__(self) -> str:
        n_q, n_k = self.shape
        n = n_q if n_q == n_k else self.shape
        name = self.title or f"{len(self.data['views'])} patterns"
        return f"<explorer of {name} at n = {n}>"


def _has_anywidget() -> bool:
    """Whether anywidget is installed."""
    return find_spec("anywidget") is not None
