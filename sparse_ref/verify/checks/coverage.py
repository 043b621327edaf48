"""What a check of a sample has covered, and what it has not, in lines that a user can act on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...sets.listed import Listed
from ...sets.mask import MAX_MASK
from ...sets.pattern import Pattern
from ...sets.shifted import Shifted
from ..calling.rounded_attention import bits_of
from ..reading.evidence import Evidence, Leaks
from ..reading.sample import Sampled


def set_coverage(evidence: Sampled) -> list[str]:
    """In which rows keys and numbers are checked."""
    size, blind = evidence.blind.size, int(evidence.blind.sum())
    unread = int((~evidence.known).sum())
    rows = f"{size - blind:,} of {size:,} rows" if blind else f"all {size:,} rows"
    sums = evidence.sums.signs.shape[1]
    numbers = int(evidence.conforming[:, evidence.rows].sum())
    lines = [
        f"coverage: keys checked in {rows} (chance to miss one wrong key: 2^-{sums} a row); "
        f"numbers in {numbers:,} rows",
        "not checked: masks that depend on q and k (top-k, hashing): q= and k= check them",
    ]
    dtype = evidence.sums.dtype
    if blind:
        lines.append(
            f"not checked: single keys in {blind:,} rows with so many keys that {dtype} rounds "
            f"one away: {_larger_share(evidence, dtype)}"
        )
    if unread:
        lines.append(
            f"not checked: {unread:,} keys of mismatching rows (too many calls): "
            f"{_whole(evidence)} reads them"
        )
    return lines


def leak_coverage(evidence: Evidence, leaks: Leaks) -> list[str]:
    """In how many rows finite masks were checked."""
    size = evidence.mismatched.size
    line = f"coverage: finite masks checked in {leaks.rows:,} of {size:,} rows"
    if leaks.rows < size:
        line += f": {_whole(evidence)} checks all"
    return [line]


def cut_keys(patterns: Iterable[Pattern], n_k: int) -> Iterator[str]:
    """How many keys of listed patterns are no keys at this length, which the definition allows."""
    for p in dict.fromkeys(patterns):
        listed = p.pattern if isinstance(p, Shifted) else p
        if not isinstance(listed, Listed):
            continue
        count = int((listed.indices >= n_k).sum())
        if count:
            yield f"not checked: {count:,} of the keys of {p!r}, which are not below n_k = {n_k}"


def _whole(evidence: Evidence) -> str:
    """What reads every pair of queries and keys."""
    longest = max(evidence.mismatched.shape[-1], evidence.expected.shape[-1])
    if longest <= MAX_MASK:
        return "exhaustive=True"
    return f"exhaustive=True at n <= {MAX_MASK:,}"


def _larger_share(evidence: Evidence, dtype: str) -> str:
    """What makes one key of a row show."""
    if bits_of(dtype) < bits_of("float32"):
        return f"{_whole(evidence)} or dtype='float32' shows them"
    return f"{_whole(evidence)} shows them"
