"""The difference of two masks, in the words of `sr.verify`."""

from __future__ import annotations

import re

import numpy as np

from ..sets.pattern import Pattern
from ..sets.types import BoolArray

PARTS = {"left edge", "right edge", "future", "documents"}  # each explains some pairs


def difference_in_words(p: Pattern, wanted: BoolArray, actual: BoolArray) -> str:
    """What an answer is, and what is wrong with it: `you wrote Lookback(4): one key too many ...`.

    >>> import sparse_ref as sr
    >>> difference_in_words(sr.Lookback(3), sr.Lookback(3).mask(9), sr.Lookback(4).mask(9))
    'you wrote Lookback(4): one key too many at the left edge'
    """
    from ..verify.naming.diagnosis import diagnose

    diagnoses = diagnose([p], wanted[None], actual[None])
    causes = [diagnosis.cause for diagnosis in diagnoses if diagnosis.cause]
    names = [diagnosis.name for diagnosis in diagnoses if diagnosis.name]
    if names and names[0] == "nothing":
        return "you wrote the empty set: it attends to nothing"
    count = count_in_words(wanted, actual)
    if names:
        cause = causes[0] if causes else count
        is_whole = _is_of_any_length(names[0], min(wanted.shape))
        return f"you wrote {names[0]}: {cause}" if is_whole else cause
    line = _lost_line(wanted, actual)
    if line:
        return line
    if diagnoses and diagnoses[0].kind in PARTS:
        parts = [diagnosis.cause for diagnosis in diagnoses if diagnosis.kind in PARTS]
        return f"{'; '.join(parts)}; in all {count}"
    return causes[0] if causes else count


def _lost_line(wanted: BoolArray, actual: BoolArray) -> str:
    """The one key that no query attends to, or the one query without keys; "" if more differs."""
    differs = wanted != actual
    keys = np.flatnonzero(differs.any(axis=0))
    queries = np.flatnonzero(differs.any(axis=1))
    if len(keys) == 1 and not actual[:, keys].any():
        return f"key {keys[0]} is missing: no query attends to it"
    if len(queries) == 1 and not actual[queries].any():
        return f"query {queries[0]} attends to nothing"
    return ""


def _is_of_any_length(name: str, n: int) -> bool:
    """Whether a name says nothing of the length n, as Band(11, 1) does at n = 12."""
    return all(int(number) < n - 1 for number in re.findall(r"\d+", name))


def pattern_of_rows(mask: BoolArray) -> Pattern:
    """The pattern that has the rows of a mask, and no name."""
    from ..sets.listed import Listed

    return Listed.of_rows([np.flatnonzero(row).tolist() for row in mask])


def count_in_words(wanted: BoolArray, actual: BoolArray) -> str:
    """How many pairs are too many, and how many are missing."""
    extra = int(np.sum(actual & ~wanted))
    missing = int(np.sum(wanted & ~actual))
    parts = [f"{extra} {_pairs(extra)} too many"] if extra else []
    parts += [f"{missing} {_pairs(missing)} missing"] if missing else []
    return " and ".join(parts)


def first_pair(actual: BoolArray, wanted: BoolArray) -> str:
    """The first query whose keys differ, and the first such key."""
    pairs = np.argwhere(actual != wanted)
    if not len(pairs):
        return ""
    i, j = pairs[0].tolist()
    return f"query {i}: key {j} is {'too many' if actual[i, j] else 'missing'}"


def pair_words(actual: BoolArray, wanted: BoolArray) -> str:
    """The first pair that differs, and how many do; or that the future leaks."""
    place = first_pair(actual, wanted)
    future = np.argwhere(np.triu(actual, k=1))
    if len(future) and not np.triu(wanted, k=1).any():
        i, j = future[0].tolist()
        place = f"the future leaks: query {i} reads key {j}"
    return f"{place}; in all {count_in_words(wanted, actual)}"


def _pairs(count: int) -> str:
    """The noun of a number of pairs."""
    return "pair" if count == 1 else "pairs"
