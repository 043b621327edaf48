"""What a check found: as text, as HTML, as JSON, and as a figure, with the same content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from html import escape

import numpy as np

from ..derived import Shifted
from ..picture import difference, grid
from ..sets import Pattern
from .identify import identify
from .numerics import Numbers
from .probe import Probe
from .subject import first

MOST = 64  # rows and columns of a picture
LEGEND = "█ both   · neither   + only in fn   - only in the expected set"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: how many keys or rows, and the first of them, (head, i, j) or (head, i).

    `kind` is one of: error, random, not linear, nan, extra, missing, empty row, multiplicity, bias, row sum, leak,
    overflow, numerics.
    """

    kind: str
    message: str
    count: int = 1
    at: tuple[int, ...] | None = None

    def __str__(self):
        at = "" if self.at is None else "; first at " + ", ".join(f"{x} {value}" for x, value in zip(("head", "i", "j"), self.at))
        return f"{self.kind}: {self.message}{at}"


def found_in(kind: str, wrong, text: str, noun: str = "key", values=None) -> Iterator[Finding]:
    """The finding of a bool table (H, n_q) or (H, n_q, n_k), if anything in it is True; `values` has one to tell for each."""
    if wrong.any():
        at, count = first(wrong), int(wrong.sum())
        yield Finding(kind, text.format(counted(count, noun), 0 if values is None else values[at]), count, at)


def counted(count: int, noun: str) -> str:
    """How many of what."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


@dataclass(frozen=True, eq=False)
class Report:
    """The verdict on an implementation; true if it passed.

    findings : what is wrong; passed means that there are none.
    patterns : the expected pattern of each head.
    n, seed : (n_q, n_k), and the seed of the random input.
    expected : bool (H, n_q, n_k).
    probe : what was read out of fn, or None where that failed.
    numbers : the comparisons on random input.
    """

    findings: tuple[Finding, ...]
    patterns: tuple[Pattern, ...]
    n: tuple[int, int]
    seed: int
    expected: np.ndarray
    probe: Probe | None
    numbers: tuple[Numbers, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def heads(self) -> int:
        """H"""
        return len(self.patterns)

    @property
    def actual(self) -> np.ndarray | None:
        """The keys that some input lets fn attend to, leaks included: bool (H, n_q, n_k), or None where fn failed."""
        return None if self.probe is None else self.probe.mask | self.probe.leaks

    @cached_property
    def names(self) -> dict[int, str]:
        """What each head computes whose sets are not the expected ones, as far as that has a name."""
        mask = self.expected if self.probe is None else self.probe.mask
        named = {h: _name(mask[h], p, self.expected[h]) for h, p in enumerate(self.patterns) if (mask[h] != self.expected[h]).any()}
        return {h: name for h, name in named.items() if name}

    def __bool__(self):
        return self.passed

    def __str__(self):
        return "\n".join([self._verdict(), *(f"- {finding}" for finding in self.findings), *self._notes(), *self._picture()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        found = "".join(f"<li>{escape(str(finding))}</li>" for finding in self.findings)
        notes = "".join(f"<div>{escape(note)}</div>" for note in self._notes())
        caption, *lines = map(escape, self._picture() or [""])
        image = '<pre style="line-height:1.0;letter-spacing:0">' + "\n".join(lines) + "</pre>" if lines else ""
        return f"<div><b>{escape(self._verdict())}</b><ul>{found}</ul>{notes}<div>{caption}</div>{image}</div>"

    def to_json(self) -> str:
        """The report as JSON, without the masks: passed, patterns, n, heads, seed, findings, names by head, numbers."""
        content = dict(passed=self.passed, patterns=list(map(repr, self.patterns)), n=self.n, heads=self.heads, seed=self.seed,
                       findings=list(map(asdict, self.findings)), names=self.names, numbers=list(map(asdict, self.numbers)))
        return json.dumps(content, allow_nan=False)

    def plot(self, ax=None, *, head: int | None = None):
        """The difference of one head, the first that differs unless given, drawn on `ax`. Returns what `plot.diff` does.

        Raises ValueError where nothing could be read out of fn.
        """
        from ..plot import diff
        if self.actual is None:
            raise ValueError(f"the report has no sets to plot: {self.findings[0]}")
        head = self._head() if head is None else head
        return diff(self.expected[head], self.actual[head], ax=ax)

    def _verdict(self) -> str:
        names = list(dict.fromkeys(map(repr, self.patterns)))
        wanted = names[0] if len(names) == 1 else f"({', '.join(map(repr, self.patterns))}), head by head"
        n = self.n[0] if self.n[0] == self.n[1] else self.n
        return (f"{'PASS' if self.passed else 'FAIL'}: fn is {'' if self.passed else 'not '}{wanted} at n = {n}, "
                f"{self.heads} head{'s' * (self.heads != 1)}, seed {self.seed}")

    def _notes(self) -> Iterator[str]:
        """What fn computes, and how far the numbers are right."""
        for name in dict.fromkeys(self.names.values()):
            heads = [str(h) for h, other in self.names.items() if other == name]
            yield f"head{'s' * (len(heads) > 1)} {', '.join(heads)} attend{'s' * (len(heads) == 1)} to {name}"
        if self.probe is not None and not self.numbers:
            yield "numbers: not judged"
        for x in self.numbers:
            if not x.wrong and not x.broken:
                yield (f"numbers: right on the {x.rows} of {self.heads * self.n[0]} rows whose sets are right, "
                       f"logits of spread {x.spread:g}, error {x.error:.2g}, budget {x.budget:.2g}")

    def _head(self) -> int:
        """The first head that differs, or 0."""
        return 0 if self.actual is None else int((self.actual != self.expected).any(axis=(1, 2)).argmax())

    def _picture(self) -> list[str]:
        """A caption and the difference of the first head that differs, around its first difference."""
        if self.actual is None or (self.actual == self.expected).all():
            return []
        head = self._head()
        expected, actual = self.expected[head], self.actual[head]
        rows, keys = (_around(x, size) for x, size in zip(first(expected != actual), expected.shape))
        part = "" if max(self.n) <= MOST else f", i {rows.start} to {rows.stop - 1}, j {keys.start} to {keys.stop - 1}"
        return [f"head {head}{part}   {LEGEND}", *difference(expected[rows, keys], actual[rows, keys]).split("\n")]


def _around(x: int, size: int) -> slice:
    """At most MOST positions, x in the midst of them as far as the borders allow."""
    start = max(0, min(x - MOST // 2, size - MOST))
    return slice(start, min(start + MOST, size))


def _name(mask, pattern: Pattern, expected) -> str:
    """What a mask is called, in itself or in terms of the expected one; "" if neither."""
    if known := identify(mask):
        return repr(known[0])
    if not mask.any():
        return "nothing"
    if np.array_equal(mask, expected.T):
        return f"the transpose of {pattern!r}"
    if np.array_equal(mask, ~expected):
        return f"the keys that {pattern!r} leaves out"
    return _aligned(mask, pattern, mask.shape[1] - mask.shape[0])


def _aligned(mask, pattern: Pattern, offset: int) -> str:
    """`pattern` read from the other end, where n_q and n_k differ: another alignment of the same set."""
    inner, shift = (pattern.pattern, pattern.offset) if isinstance(pattern, Shifted) else (pattern, 0)
    for p in (Shifted(inner, shift + offset), inner if shift == offset else Shifted(inner, shift - offset)):
        try:
            if offset and np.array_equal(grid(p, mask.shape), mask):
                return repr(p)
        except IndexError:  # listed sets have no rows there
            continue
    return ""
