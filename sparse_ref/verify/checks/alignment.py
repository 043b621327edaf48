"""Which position a query has if there are more keys than queries, or fewer.

Upper left: query i is position i. Bottom right: the last query is the last key's position, as in a
KV cache, so that query i is position i + n_k - n_q.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...sets.checks import lengths
from ...sets.listed import Listed
from ...sets.pattern import Complement, Pair, Pattern, leaves
from ...sets.shifted import Shifted
from ...sets.types import Length
from ..reading.evidence import Evidence
from ..reading.sample import Sampled
from .finding import Finding, first_place
from .same_sets import sets_differ

Alignment = tuple[str, Pattern]
ALIGNMENTS = ("upper-left", "bottom-right", "none")


def aligned_pattern(pattern: Pattern, n: Length, align: str | None = None) -> Pattern:
    """The pattern whose A_i are the keys of query i, at n = (n_q, n_k).

    That is Shifted(pattern, n_k - n_q) for "bottom-right", else the pattern itself. Without `align`
    the pattern must say it: by Shifted, by a length of its own, by a list of keys, or because both
    alignments give the same sets.

    Raises ValueError for another `align`, for none if one is needed, and for "bottom-right" if the
    pattern says something else.

    >>> import sparse_ref as sr
    >>> aligned_pattern(sr.Causal(), (1, 4), "bottom-right")
    Shifted(Causal(), 3)
    >>> aligned_pattern(sr.Full(), (1, 4))
    Full()
    """
    if align is not None and align not in ALIGNMENTS:
        raise ValueError(f"align must be one of {', '.join(ALIGNMENTS)}, or None, got {align!r}")
    n_q, n_k = lengths(n)
    offset = n_k - n_q
    if offset == 0:
        return pattern
    if align == "bottom-right":
        return _bottom_right(pattern, (n_q, n_k))
    is_needed = align is None and not _says_alignment(pattern)
    if is_needed and sets_differ(pattern, Shifted(pattern, offset), (n_q, n_k)):
        raise ValueError(_missing_alignment((n_q, n_k)))
    return pattern


def other_alignment(pattern: Pattern, n: Length, align: str | None) -> Alignment | None:
    """(the alignment that was not asked for, the pattern under it); None if it is the same.

    `pattern` is as the user gave it. The answer to a FAIL that would pass the other way.

    >>> import sparse_ref as sr
    >>> other_alignment(sr.Causal(), (1, 4), "upper-left")
    ('bottom-right', Shifted(Causal(), 3))
    >>> other_alignment(sr.Shifted(sr.Causal(), 3), (1, 4), None)
    ('upper-left', Causal())
    """
    n_q, n_k = lengths(n)
    offset = n_k - n_q
    if offset == 0 or _has_list(pattern):
        return None
    inner = pattern.pattern if isinstance(pattern, Shifted) else pattern
    expected = aligned_pattern(pattern, n, align or "upper-left")
    name, other = "upper-left", inner
    if align != "bottom-right" and expected != Shifted(inner, offset):
        name, other = "bottom-right", Shifted(inner, offset)
    try:
        is_other = sets_differ(expected, other, (n_q, n_k))
    except (IndexError, ValueError):  # queries beyond a length of its own
        return None
    return (name, other) if is_other else None


def alignment_findings(
    evidence: Evidence, patterns: Sequence[Pattern], n: Length, align: str | None
) -> Iterator[Finding]:
    """The finding that fn has the sets of the other alignment in all heads, if it does.

    `patterns` are as the user gave them, one per head. It explains the findings about sets, so that
    it comes first.
    """
    n_q, n_k = lengths(n)
    alignments = [other_alignment(p, n, align) for p in patterns]
    names = {alignment[0] for alignment in alignments if alignment}
    if len(names) != 1 or not evidence.mismatched.any():
        return
    expected = [aligned_pattern(p, n, align or "upper-left") for p in patterns]
    others = [other[1] if other else p for other, p in zip(alignments, expected)]
    if not has_sets_of(evidence, others):
        return
    (name,) = names
    asked = "bottom-right" if name == "upper-left" else "upper-left"
    text = (
        f"fn passes with align={name!r} ({_meaning(name, (n_q, n_k))}), asked {asked} "
        f"({_meaning(asked, (n_q, n_k))})"
    )
    count = int(evidence.mismatched.sum())
    yield Finding("alignment", text, count, first_place(evidence.mismatched))


def has_sets_of(evidence: Evidence, patterns: Sequence[Pattern]) -> bool:
    """Whether fn has the sets of these patterns, one per head, in all rows that are finite."""
    if isinstance(evidence, Sampled):
        mismatches = map(evidence.sums.mismatch, range(len(patterns)), patterns)
        return not any(mismatch.wrong.any() for mismatch in mismatches)
    _, n_q, n_k = evidence.actual.shape
    masks = np.stack([p.mask((n_q, n_k)) for p in patterns])
    rows_differ = (evidence.actual != masks).any(axis=-1)
    return not (rows_differ & evidence.finite).any()


def _bottom_right(pattern: Pattern, n: tuple[int, int]) -> Pattern:
    """The pattern at the last n_q of n_k positions; a Shifted one that is there already."""
    offset = n[1] - n[0]
    if isinstance(pattern, Shifted):
        if pattern.offset == offset:
            return pattern
        raise ValueError(
            f"align must be None for {pattern!r}, which has its own offset, not n_k - n_q = "
            f"{offset}, got 'bottom-right'"
        )
    lists = (leaf for leaf in leaves(pattern) if isinstance(leaf, Listed))
    if any(len(leaf.indptr) - 1 != n[1] for leaf in lists):
        raise ValueError(f"align must be None for {pattern!r}, which lists its own queries")
    return Shifted(pattern, offset)


def _says_alignment(p: Pattern) -> bool:
    """Whether the pattern itself says which query has which keys."""
    if p.own_length is not None or _has_list(p):
        return True
    if isinstance(p, Pair):
        return _says_alignment(p.left) and _says_alignment(p.right)
    if isinstance(p, Complement):
        return _says_alignment(p.pattern)
    return isinstance(p, Shifted)


def _has_list(p: Pattern) -> bool:
    """Whether a part of the pattern is a list of keys, whose rows are the queries."""
    return any(isinstance(leaf, Listed) for leaf in leaves(p))


def _missing_alignment(n: tuple[int, int]) -> str:
    """Why an alignment is needed, and what the choices mean."""
    n_q, n_k = n
    choices = [f"align={name!r} ({_meaning(name, n)})" for name in ALIGNMENTS[:2]]
    return (
        f"align is needed if n_q != n_k, got n = {n_q}x{n_k} and align=None: {choices[0]}, "
        f"or {choices[1]}"
    )


def _meaning(align: str, n: tuple[int, int]) -> str:
    """What an alignment means for a KV cache."""
    n_q, n_k = n
    if align != "bottom-right":
        return "query i is position i, as without a KV cache"
    offset = n_k - n_q
    if offset < 0:
        return f"query i is position i - {-offset}, the last query that of the last key"
    queries = "the query is the last" if n_q == 1 else f"queries are the last {n_q:,}"
    return f"query i is position i + {offset}: {queries} of {n_k:,} positions of a KV cache"
