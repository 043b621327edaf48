"""What a check of a sample has covered, and what it has not, in lines that a user can act on."""

from __future__ import annotations

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
        "not checked: masks that depend on q and k (top-k, hashing)",
    ]
    if blind:
        lines.append(
            f"not checked: single keys in {blind:,} rows with so many keys "
            f"that {evidence.sums.dtype} rounds one away"
        )
    if unread:
        lines.append(f"not checked: {unread:,} keys of mismatching rows (too many calls)")
    return lines


def leak_coverage(evidence: Evidence, leaks: Leaks) -> list[str]:
    """In how many rows finite masks were checked."""
    size = evidence.mismatched.size
    return [f"coverage: finite masks checked in {leaks.rows:,} of {size:,} rows"]
