"""The explanation of a wrong set: common faults, each recognised exactly or not named at all.

E is the expected mask and A the actual one, bool (n_q, n_k). Several faults may explain one
difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from ..._text import visible
from ...patterns import Causal, Full
from ...sets.mask import brute_mask
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, IntArray
from .faulty_patterns import RoundedEdge
from .hypotheses import (
    Hypothesis,
    complements,
    confirm,
    missing_parts,
    plausible_steps,
    shifts,
)
from .identify import simplest_name
from .mismatches import Mismatch, count_rows, mismatches, missing_globals
from .tile_faults import first_rounding, skipped_tiles

BLOCK_SIZES = (2, 4, 8, 16, 32, 64, 128, 256)

WITH_NAMES = ("named", "transposed", "inverted", "alignment", "shifted", "nothing")


@dataclass(frozen=True)
class Diagnosis:
    """One explanation of what some heads attend to.

    Attributes
    ----------
    kind : str
        One of: named, left edge, right edge, future, transposed, inverted, alignment, shifted,
        rounded, heads permuted, head modulo, twice, tile missing, globals missing, random missing,
        part missing, documents, empty rows, nothing.
    text : str
        The explanation in one line, with the numbers of keys and rows.
    heads : tuple of int
        The heads that it explains.
    name : str
        What these heads attend to, such as `Lookback(4)`; "" if that has no name.
    cause : str
        The fault in a few words, such as `one key too many at the left edge`; "" if it has none.
    """

    kind: str
    text: str
    heads: tuple[int, ...] = ()
    name: str = ""
    cause: str = ""

    def __str__(self) -> str:
        noun = "head" if len(self.heads) == 1 else "heads"
        return visible(f"{noun} {', '.join(map(str, self.heads))}: {self.text}")


def diagnose(
    patterns: Sequence[Pattern],
    expected: BoolArray,
    actual: BoolArray,
    multiplicity: IntArray | None = None,
) -> tuple[Diagnosis, ...]:
    """Every explanation of each head whose mask is not the expected one, both bool (H, n_q, n_k).

    `multiplicity`, int (H, n_q, n_k), says how often each key counts. Heads with the same
    explanation share one diagnosis.
    """
    same = np.array([_heads_with(A, expected) for A in actual])
    across_heads = head_exchanges(same, [E.tobytes() for E in expected])
    explanations: dict[tuple[Pattern, bytes, bytes], list[Diagnosis]] = {}
    per_head = []
    for head, (p, E, A) in enumerate(zip(patterns, expected, actual)):
        if same[head, head]:
            continue
        key = p, E.tobytes(), A.tobytes()
        if key not in explanations:
            explanations[key] = list(_explanations(p, E, A))
        per_head += [replace(diagnosis, heads=(head,)) for diagnosis in explanations[key]]
    return merge_heads([*across_heads, *per_head, *_twice(multiplicity)])


def _heads_with(mask: BoolArray, masks: BoolArray) -> BoolArray:
    """The heads that have a mask, bool (H,)."""
    return np.all(masks == mask, axis=(1, 2))


def merge_heads(diagnoses: Iterable[Diagnosis]) -> tuple[Diagnosis, ...]:
    """The diagnoses, those that differ only in their heads as one."""
    heads: dict[Diagnosis, list[int]] = {}
    for diagnosis in diagnoses:
        heads.setdefault(replace(diagnosis, heads=()), []).extend(diagnosis.heads)
    merged = [replace(diagnosis, heads=tuple(heads[diagnosis])) for diagnosis in heads]
    return tuple(merged)


def head_exchanges(same: BoolArray, sets: Sequence[object]) -> Iterator[Diagnosis]:
    """Heads that have one another's sets: same[h, g] is True if head h has the set of head g.

    sets[g] is equal for heads that should have equal sets.
    """
    heads = range(len(same))
    wrong = tuple(h for h in heads if not same[h, h])
    if not wrong or len(set(sets)) == 1:
        return
    for modulus in range(1, len(same)):
        if all(same[h, h % modulus] for h in heads):
            text = f"head h has the set of head h mod {modulus}"
            if modulus == 1:
                text = "every head has the set of head 0"
            yield Diagnosis("head modulo", text, wrong, cause=text)
            return
    if not np.any(same, axis=1).all():
        return
    sources = same.argmax(axis=1).tolist()
    if Counter(sets) == Counter(sets[g] for g in sources):
        text = f"heads have the sets of heads {', '.join(map(str, sources))}"
        yield Diagnosis("heads permuted", text, wrong, cause=text)


def nothing_diagnosis(p: Pattern) -> Diagnosis:
    """The diagnosis that a head asked for p attends to no key."""
    text = f"attends to nothing, asked {p!r}"
    return Diagnosis("nothing", text, name="nothing", cause="attends to nothing")


def pattern_diagnosis(
    q: Pattern, p: Pattern, parts: Sequence[Mismatch], rows: str | None = None
) -> Diagnosis:
    """The diagnosis that a head asked for p has the sets of q.

    `parts` describe the difference; `rows` says how many rows differ, if `parts` have only some.
    """
    text = f"is {q!r}, asked {p!r}"
    if parts:
        texts = [part.text if rows is None else part.in_rows(rows) for part in parts]
        text += f": {'; '.join(texts)}"
    causes = lost_mask(q, p) or "; ".join(part.cause for part in parts)
    return Diagnosis("named", text, name=repr(q), cause=causes)


def lost_mask(q: Pattern, p: Pattern) -> str:
    """The cause if q, what a head asked for p attends to, is no mask at all, or only causality."""
    if q == Full():
        return "the mask is lost: attends to every key"
    if isinstance(q, Causal) and not isinstance(p, Causal):
        return "only causality is left of the mask: attends to every key up to the query"
    return ""


def mismatch_diagnosis(part: Mismatch) -> Diagnosis:
    """The diagnosis that describes a part of a difference."""
    return Diagnosis(part.kind, part.text, cause=part.cause)


def hypothesis_diagnosis(hypothesis: Hypothesis) -> Diagnosis:
    """The diagnosis that a hypothesis holds."""
    pattern, kind, cause, text = hypothesis
    name = "" if isinstance(pattern, RoundedEdge) else repr(pattern)  # the cause has all of it
    return Diagnosis(kind, text, name=name, cause=cause)


def _explanations(p: Pattern, E: BoolArray, A: BoolArray) -> Iterator[Diagnosis]:
    """What explains one head, the likeliest first."""
    if not A.any():
        yield nothing_diagnosis(p)
        return
    name = simplest_name(A)
    wholes = list(_whole_explanations(p, E, A))
    parts = mismatches(p, E, A, np.arange(len(E)))
    yield from (x for x in wholes if x.kind == "alignment")
    if name is not None:
        yield pattern_diagnosis(name, p, [] if wholes else parts)
    yield from (x for x in wholes if x.kind != "alignment")
    yield from map(mismatch_diagnosis, parts)
    not_empty = ~np.any(E, axis=1) & np.any(A, axis=1)
    if not_empty.any():
        cause = "attends to keys in rows that must be empty"
        text = f"attends to keys in {count_rows(not_empty)}, which must be empty"
        yield Diagnosis("empty rows", text, cause=cause)


def _whole_explanations(p: Pattern, E: BoolArray, A: BoolArray) -> Iterator[Diagnosis]:
    """Faults that explain all of the difference."""

    n = A.shape[0], A.shape[1]

    def equals_mask(q: Pattern) -> bool:
        try:
            return np.array_equal(brute_mask(q, A.shape), A)
        except (IndexError, ValueError, TypeError):  # q has no rows at this size
            return False

    yield from _transpose(p, E, A)
    if _inverse_is_plausible(E, A):
        inverses = confirm(complements(p), equals_mask)
        yield from map(hypothesis_diagnosis, islice(inverses, 1))
    if not A.all():
        steps = plausible_steps(E, A)
        shifted = confirm(shifts(p, n, steps), equals_mask)
        yield from map(hypothesis_diagnosis, shifted)
    incomplete = confirm(missing_parts(p), equals_mask)
    yield from map(hypothesis_diagnosis, incomplete)
    skipped = confirm(skipped_tiles(p, n), equals_mask)
    yield from map(hypothesis_diagnosis, skipped)
    if not _is_plain(A):
        yield from islice(_roundings(p, E, A), 1)
    if text := missing_globals(p, E, A):
        yield Diagnosis("globals missing", text, cause=text)


def _is_plain(mask: BoolArray) -> bool:
    """Whether a mask is Full() or Causal(), which many roundings end in."""
    past = np.tri(*mask.shape, dtype=np.bool_)
    return bool(mask.all()) or np.array_equal(mask, past)


def _inverse_is_plausible(E: BoolArray, A: BoolArray) -> bool:
    """Whether E and A have keys in common only in rows of A that have every key."""
    overlap = np.any(E & A, axis=1)
    filled = A[overlap]
    return bool(filled.all())


def _roundings(p: Pattern, E: BoolArray, A: BoolArray) -> Iterator[Diagnosis]:
    """Sets rounded to tiles: at one edge, at both, or at one edge by tiles of several queries."""
    for several_queries in (False, True):
        if rounding := first_rounding(E, A, several_queries):
            cause = rounding.cause
            yield Diagnosis("rounded", f"asked {p!r}: {cause}", cause=cause)
        if not several_queries:
            yield from _block_rounding(p, E, A)


def _transpose(p: Pattern, E: BoolArray, A: BoolArray) -> Iterator[Diagnosis]:
    """The set with queries and keys exchanged."""
    if np.array_equal(E.T, A):
        name = f"the transpose of {p!r}"
        cause = "transposed mask: queries and keys exchanged"
        yield Diagnosis(
            "transposed", f"is {name}: queries and keys exchanged", name=name, cause=cause
        )


def _block_rounding(p: Pattern, E: BoolArray, A: BoolArray) -> Iterator[Diagnosis]:
    """All of each block in which the set has a key, or the part of it up to the query."""
    past = np.tri(*E.shape, dtype=np.bool_)
    for size in BLOCK_SIZES:
        if size > max(E.shape):
            return
        blocks = _block_cover(E, size)
        for mask, suffix in ((blocks, ""), (blocks & past, ", cut to j <= i")):
            if np.array_equal(mask, A):
                cause = f"rounded out to blocks of {size}{suffix}"
                yield Diagnosis("rounded", f"is {p!r} {cause}", cause=cause)
                return


def _block_cover(E: BoolArray, size: int) -> BoolArray:
    """All keys of every size x size block that contains a key."""
    down, across = (-(-n // size) for n in E.shape)
    padded = np.zeros((down * size, across * size), bool)
    padded[: E.shape[0], : E.shape[1]] = E
    by_block = padded.reshape(down, size, across, size)
    blocks = np.any(by_block, axis=(1, 3))
    cover = blocks.repeat(size, axis=0).repeat(size, axis=1)
    return cover[: E.shape[0], : E.shape[1]]


def _twice(multiplicity: IntArray | None) -> Iterator[Diagnosis]:
    """Keys that count more than once."""
    if multiplicity is None or not (multiplicity > 1).any():
        return
    rows = np.any(multiplicity > 1, axis=2)
    cause = f"keys count up to {multiplicity.max()} times"
    heads = tuple(np.flatnonzero(np.any(rows, axis=1)).tolist())
    yield Diagnosis("twice", f"{cause} in {count_rows(np.any(rows, axis=0))}", heads, cause=cause)
