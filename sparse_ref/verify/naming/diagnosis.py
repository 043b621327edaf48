"""What went wrong with a set, in words: the faults that implementations have, each recognised exactly or not named at all.

E is the set that was asked for and A the one that was found, bool (n_q, n_k). Several faults may explain one difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from ...sets.pattern import Pattern
from .identify import identify
from .missing_parts import drawn, globals_of, without
from .phrases import keys, of_counts, of_heads, rows
from .shifts import crossed, moved

BLOCKS = (2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True)
class Diagnosis:
    """One explanation of what heads attend to.

    `kind` is one of: named, left edge, right edge, future, transposed, inverted, alignment, shifted, rounded, heads permuted,
    head modulo, twice, globals missing, random missing, part missing, documents, empty rows, nothing.
    """

    kind: str
    text: str
    heads: tuple[int, ...]

    @property
    def name(self) -> str:
        """What the heads have, without what was asked for; "" where it has no name."""
        text, _, _ = self.text.removeprefix("is ").partition(", asked ")
        return text.removeprefix("attends to ") if self.kind in NAMING else ""

    def __str__(self):
        return f"head{'s' * (len(self.heads) > 1)} {', '.join(map(str, self.heads))}: {self.text}"


NAMING = ("named", "transposed", "inverted", "alignment", "shifted", "nothing")
PARTIAL = (
    "left edge",
    "right edge",
    "future",
    "documents",
)  # these describe a difference, where others explain all of it


def told(diagnosis: tuple[Diagnosis, ...]) -> list[Diagnosis]:
    """What is worth telling: explanations, and of heads that have none, descriptions."""
    explained = {h for each in diagnosis if each.kind not in PARTIAL for h in each.heads}
    return [
        each
        for each in diagnosis
        if each.kind not in PARTIAL or not explained.issuperset(each.heads)
    ]


def diagnosed(
    patterns: tuple[Pattern, ...], expected, actual, multiplicity=None, queries=None
) -> tuple[Diagnosis, ...]:
    """Every explanation of every head whose set is not the expected one; heads that share one are told together. Where the rows are
    those of some queries alone, their edges are told, not what the set is."""
    found: dict[tuple[str, str], list[int]] = {}
    seen: dict[tuple, list[tuple[str, str]]] = {}
    for h, p in enumerate(patterns):
        key = p, expected[h].tobytes(), actual[h].tobytes()
        if key not in seen:
            seen[key] = (
                list(_of_one(p, expected[h], actual[h], queries))
                if (expected[h] != actual[h]).any()
                else []
            )
        for each in seen[key]:
            found.setdefault(each, []).append(h)
    if queries is None:  # which some rows alone do not tell
        same = np.array([[np.array_equal(a, e) for e in expected] for a in actual])
        for kind, text, heads in (
            *of_heads(same, [e.tobytes() for e in expected]),
            *of_counts(multiplicity),
        ):
            found.setdefault((kind, text), []).extend(heads)
    return tuple(Diagnosis(kind, text, tuple(heads)) for (kind, text), heads in found.items())


def _of_one(p: Pattern, E, A, queries) -> Iterator[tuple[str, str]]:
    """(kind, text) of what explains one head."""
    if queries is not None:
        yield from (*_edges(E, A, queries), *crossed(p, A & ~E, queries))
        return
    if not A.any():
        yield "nothing", f"attends to nothing, asked {p!r}"
        return
    has = partial(drawn, A=A)
    where = [*_edges(E, A, np.arange(len(E))), *crossed(p, A & ~E, np.arange(len(E)))]
    whole = [
        *_turned(p, E, A),
        *([] if A.all() else [*moved(p, A.shape, has), *_rounded(p, E, A)]),
        *without(p, has),
        *globals_of(p, E, A),
    ]
    yield from (each for each in whole if each[0] == "alignment")
    if names := identify(A):
        said = "; ".join(text for _, text in where) if where and not whole else ""
        yield "named", f"is {names[0]!r}, asked {p!r}{': ' * bool(said)}{said}"
    yield from (each for each in whole if each[0] != "alignment")
    yield from where
    empty = ~E.any(axis=1) & A.any(axis=1)
    if empty.any():
        yield "empty rows", f"averages keys in {rows(empty)} without any"


def _turned(p: Pattern, E, A) -> Iterator[tuple[str, str]]:
    """The set with its axes exchanged, or the keys outside it."""
    if E.T.shape == A.shape and (E.T == A).all():
        yield "transposed", f"is the transpose of {p!r}"
    if (~E == A).all():
        yield "inverted", f"is the keys that {p!r} leaves out"
    elif (np.tri(*E.shape, dtype=np.bool_) & ~E == A).all():
        yield "inverted", f"is the keys up to i that {p!r} leaves out"


def _edges(E, A, queries) -> Iterator[tuple[str, str]]:
    """Keys too many or too few at one end of the rows, the rest of the difference aside."""
    n_k, both = E.shape[1], E.any(axis=1) & A.any(axis=1)
    i, j = queries[:, None], np.arange(n_k)
    if not both.any():
        return
    future = A & ~E & (j > i) & ~(E & (j > i)).any()
    first, last = E.argmax(axis=1)[:, None], n_k - 1 - E[:, ::-1].argmax(axis=1)[:, None]
    own_first, own_last = A.argmax(axis=1)[:, None], n_k - 1 - A[:, ::-1].argmax(axis=1)[:, None]
    both = both[:, None]
    for kind, side, more, less in (
        ("left edge", "left", A & ~E & (j < first) & both, E & ~A & (j < own_first) & both),
        (
            "right edge",
            "right",
            A & ~E & (j > last) & both & ~future,
            E & ~A & (j > own_last) & both,
        ),
    ):
        for wrong, said in ((more, "too many"), (less, "missing")):
            if wrong.any():
                yield kind, f"{keys(wrong)} {said} at the {side} edge of {rows(wrong.any(axis=1))}"
    if future.any():
        yield "future", f"the future leaks: {keys(future)} after i in {rows(future.any(axis=1))}"


def _rounded(p: Pattern, E, A) -> Iterator[tuple[str, str]]:
    """Whole blocks, where the set has any key in them; or their part up to i."""
    for b in BLOCKS:
        if b <= max(E.shape):
            held = _closed(E, b)
            for said, set_ in (
                ("", held),
                (", cut to j <= i", held & np.tri(*E.shape, dtype=np.bool_)),
            ):
                if (set_ == A).all():
                    yield "rounded", f"is {p!r} rounded out to blocks of {b}{said}"
                    return


def _closed(E, b: int) -> np.ndarray:
    """Every b x b block that holds a key, whole."""
    down, across = (-(-n // b) * b for n in E.shape)
    padded = np.zeros((down, across), bool)
    padded[: E.shape[0], : E.shape[1]] = E
    held = padded.reshape(down // b, b, across // b, b).any(axis=(1, 3))
    return held.repeat(b, axis=0).repeat(b, axis=1)[: E.shape[0], : E.shape[1]]
