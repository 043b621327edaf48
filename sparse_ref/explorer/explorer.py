"""The explorer: a pattern as a page to play with, in one file that loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from .._text import html_text
from ..catalogue import notation
from ..sets.branches import Branches
from ..sets.checks import integer, lengths
from ..sets.factorized import Factorized
from ..sets.hints import got
from ..sets.pattern import Pattern
from ..sets.types import Length
from .bundle import document
from .document import MAX_LENGTH, Document, facts

Explorable = Pattern | Factorized | Branches | Sequence[Pattern] | str


def explore(
    p: Explorable,
    n: Length = 64,
    *,
    title: str | None = None,
    **ranges: tuple[int, int],
) -> Explorer:
    """A page on which a pattern is drawn, changed, compared and walked, in one file.

    The page runs the same formulas, translated to JavaScript, and draws any parameters and any n
    up to 4096 by itself; listed and random sets travel as data. It loads nothing from elsewhere.

    Parameters
    ----------
    p : a Pattern; steps, branches or one Pattern per head, a tab for each; or the notation of any
        of these, such as "strided(8)".
    n : a length, or (n_q, n_k), from 1 to 4096.
    title : the heading of the page; the notation unless given.
    ranges : (least, most) of the slider of each parameter that is named, such as l=(1, 32).

    Raises TypeError for another p, ValueError for n and ranges out of bounds.

    >>> import sparse_ref as sr
    >>> page = sr.explore(sr.Local(4) | sr.Strided(4), 32, keys=(1, 16))
    >>> page
    <explorer of Local(4) | Strided(4) at n = 32>
    >>> "<!doctype html>" in page.html, len(page.html) < 300_000
    (True, True)
    """
    return Explorer(p, n, title, ranges)


class Explorer:
    """A page of a pattern: `html` is its text, `save(path)` writes it, a notebook shows it."""

    def __init__(
        self,
        p: Explorable,
        n: Length,
        title: str | None,
        ranges: dict[str, tuple[int, int]],
    ):
        value = notation.read(p) if isinstance(p, str) else p
        self.value = _explorable(value)
        self.shape = _shape(n)
        self.title = title
        self.ranges = {name: _range(name, pair) for name, pair in ranges.items()}
        self._document = Document(self.shape)
        self._kind, self._views = self._document.views(self.value)

    @property
    def data(self) -> dict[str, Any]:
        """What the page is given: plain values."""
        page = self._document
        return {
            "title": self.title or (repr(self.value) if self._kind != "head" else ""),
            "kind": self._kind,
            "views": [view._asdict() for view in self._views],
            "shape": list(self.shape),
            "ranges": self.ranges,
            "rules": {name: facts(rule) for name, rule in page.rules.items()},
            "listed": page.listed,
            "constructors": sorted(set(notation.NAMES) - set(page.rules)),
        }

    @cached_property
    def html(self) -> str:
        """The page, a document in one file."""
        return document(self.data, self._document.rules)

    def save(self, path: str | Path) -> Path:
        """Write the page to a file; the path that was written."""
        target = Path(path)
        target.write_text(self.html, encoding="utf-8")
        return target

    def _repr_html_(self) -> str:
        text = html_text(self.html)
        return (
            f'<iframe srcdoc="{text}" sandbox="allow-scripts allow-downloads" '
            'style="width:100%;height:720px;border:0"></iframe>'
        )

    def __repr__(self) -> str:
        n_q, n_k = self.shape
        n = n_q if n_q == n_k else self.shape
        return f"<explorer of {self.value!r} at n = {n}>"


def _explorable(p: Any) -> Any:
    """A pattern, steps, branches, or a tuple of one pattern per head."""
    if isinstance(p, Pattern | Factorized | Branches):
        return p
    if isinstance(p, list | tuple) and p and all(isinstance(part, Pattern) for part in p):
        return tuple(p)
    raise TypeError(f"p must be a pattern, steps, branches or patterns per head, {got(p)}")


def _shape(n: Length) -> tuple[int, int]:
    """(n_q, n_k), each from 1 to 4096."""
    shape = lengths(n)
    for length in shape:
        integer("n", length, 1, MAX_LENGTH)
    return shape


def _range(name: str, pair: Any) -> tuple[int, int]:
    """(least, most) of a slider."""
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise TypeError(f"{name} must be a range (least, most), got {pair!r}")
    least, most = (integer(f"{name}: a bound", bound) for bound in pair)
    if least > most:
        raise ValueError(f"{name} must be a range (least, most) that rises, got {pair!r}")
    return least, most
