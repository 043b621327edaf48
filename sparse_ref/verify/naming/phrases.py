"""Differences in words: how many keys and rows, heads that have one another's sets, keys that count more than once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def of_heads(same, asked) -> Iterator[tuple[str, str, list[int]]]:
    """Heads that have one another's sets: same[h, g] says whether head h has what head g should, asked[h] which set that is."""
    heads = range(len(same))
    wrong = [h for h in heads if not same[h, h]]
    if not wrong or len(set(asked)) == 1:
        return
    for r in range(1, len(same)):
        if all(same[h, h % r] for h in heads):
            yield (
                "head modulo",
                f"head h has the set of head h mod {r}"
                if r > 1
                else "every head has the set of head 0",
                wrong,
            )
            return
    taken = [next((g for g in heads if same[h, g]), None) for h in heads]
    if None not in taken and sorted(asked) == sorted(asked[g] for g in taken if g is not None):
        yield "heads permuted", f"heads have the sets of heads {', '.join(map(str, taken))}", wrong


def of_counts(multiplicity) -> Iterator[tuple[str, str, list[int]]]:
    """Keys that count more than once."""
    if multiplicity is not None and (multiplicity > 1).any():
        held = (multiplicity > 1).any(axis=2)
        said = f"keys count up to {multiplicity.max()} times in {rows(held.any(axis=0))}"
        yield "twice", said, np.flatnonzero(held.any(axis=1)).tolist()


def keys(wrong) -> str:
    """How many keys, by the row that has most of them."""
    counts = wrong.sum(axis=1)[wrong.any(axis=1)]
    most = int(counts.max())
    return (
        f"{'one key' if most == 1 else f'{most:,} keys'}"
        if (counts == most).all()
        else f"up to {most:,} keys"
    )


def rows(held) -> str:
    """How many rows, of how many."""
    return f"{int(held.sum()):,} of {len(held):,} rows"
