"""What a large implementation attends to: all rows through random sums, and those that are off, or some of them, key by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..sets.pattern import Pattern
from .calling.subject import Subject
from .checks.finding import Finding, counted, found_in
from .checks.set_findings import BIASED, uneven
from .naming.bias import describe_bias
from .naming.diagnosis import Diagnosis
from .naming.large_names import RowSample, diagnose_sample, row_mask
from .reading.checksums import Sums, summed
from .reading.probe import multiplicity
from .reading.row_totals import Held
from .reading.sampled_rows import read

READ = 4  # rows of each head that are off, and others at least
ROWS = 64  # that are right at most, and half as many that are off
CELLS = 1 << 24  # of the sets that are drawn


@dataclass(frozen=True, eq=False)
class Sketch:
    """What was seen of a large implementation.

    sums : the random sums of all rows.
    row_sums, many : (H, n_q), the sums of weights, and |A_i|.
    off, blind : bool (H, n_q), rows whose sums are not those of their set; rows so long that one key is below their rounding.
    rows : ascending, those that were looked at; of these are the next two.
    expected, found : bool (H, rows, n_k); found is what was expected where it was not read.
    unread : how many keys of rows that are off were left unread.
    """

    sums: Sums
    row_sums: np.ndarray
    many: np.ndarray
    off: np.ndarray
    blind: np.ndarray
    rows: np.ndarray
    expected: np.ndarray
    found: np.ndarray
    unread: int
    findings: tuple[Finding, ...]
    diagnosis: tuple[Diagnosis, ...]

    @property
    def held(self) -> Held:
        """What the rows hold whose sets are right."""
        return Held(
            ~self.off & self.sums.finite & (self.many > 0),
            self.many,
            self.row_sums,
            self.sums.dtype,
        )

    @property
    def judged(self) -> np.ndarray:
        """Rows whose sets are right, bool (H, n_q)."""
        return ~self.off & self.sums.finite & ~self.held.unnormalised

    @property
    def right(self) -> np.ndarray:
        """Rows on which numbers are judged, of those that were looked at: bool (H, rows)."""
        return self.judged[:, self.rows]

    def said(self) -> list[str]:
        """What was looked at, and what was not."""
        size, dtype, blind = self.off.size, self.sums.dtype, int(self.blind.sum())
        chance = f"but for a chance of 2^-{self.sums.signs.shape[1]} a row"
        numbers = counted(int(self.right.sum()), "row")
        seen = [
            f"seen: {size - blind:,} of {size:,} rows by random sums, where a single key more or less shows {chance}, "
            f"and by what their weights sum to; numbers in {numbers}",
            "not seen: what depends on the data",
        ]
        if blind:
            seen.append(
                f"not seen: a single key in {counted(blind, 'row')} of so many keys that {dtype} rounds it away"
            )
        if self.unread:
            seen.append(
                f"not seen: what rows that are off do with {counted(self.unread, 'key')}, which would take too many calls"
            )
        return seen


def sketched(call: Subject, patterns: tuple[Pattern, ...], seed: int) -> Sketch:
    """What fn attends to, as far as some dozens of calls tell."""
    rng = np.random.default_rng(seed)
    sums = summed(call, rng)
    off, blind, many, row_sums = (
        np.stack(x) for x in zip(*(sums.unlike(h, p) for h, p in enumerate(patterns)))
    )
    rows = _sample(off, call.heads * call.n[1])
    sets = np.stack([np.stack([row_mask(p, int(i), call.n[1]) for i in rows]) for p in patterns])
    weights, known = sets.astype(np.float32), np.ones(sets.shape, bool)
    if (some := off[:, rows].any(axis=0)).any():
        weights[:, some], known[:, some] = read(
            call, sets[:, some], off[:, rows[some]], rows[some], sums.dtype, rng
        )
    known |= ~off[:, rows, None]
    found = np.where(known & off[:, rows, None], weights != 0, sets)
    findings = [
        *found_in("nan", ~sums.finite, "{} with NaN or inf at equal logits", "row"),
        *_of_sets(rows, found, sets, off),
        *_of_weights(rows, np.where(found & off[:, rows, None], weights, 0), sums.dtype),
    ]
    if off.any() and not {"extra", "missing", "multiplicity", "bias"} & {x.kind for x in findings}:
        findings += found_in(
            "extra", off, "{} whose random sums are not those of their sets", "row"
        )
    findings += found_in(
        "empty row",
        (many == 0) & sums.finite & (sums.row_sums != 0),
        "{} that must be 0, having no keys, but average some",
        "row",
    )
    diagnosis = diagnose_sample(patterns, sums, off, RowSample(rows, sets, found, known))
    row_sums = np.where(off, sums.row_sums, row_sums)
    return Sketch(
        sums,
        row_sums,
        many,
        off,
        blind,
        rows,
        sets,
        found,
        int((~known).sum()),
        tuple(findings),
        diagnosis,
    )


def _sample(off, width: int) -> np.ndarray:
    """Rows to look at: of each head some that are off, from both ends and between, and some of those that no head has off."""
    most = max(min(ROWS, CELLS // width), READ)
    wrong = np.unique([row for head in off for row in _spread(np.flatnonzero(head), READ)]).astype(
        int
    )
    right = _spread(np.flatnonzero(~off.any(axis=0)), most)
    return np.unique(np.concatenate([_spread(wrong, max(most // 2, READ)), right]))


def _spread(x, most: int) -> np.ndarray:
    """So many of x, from end to end."""
    return x[np.linspace(0, len(x) - 1, min(most, len(x)), dtype=int)]


def _of_sets(rows, found, sets, off) -> Iterator[Finding]:
    """Keys too many and too few in the rows that were read."""
    for kind, wrong, said in (
        ("extra", found & ~sets, "attended to outside the set"),
        ("missing", sets & ~found, "of the set not attended to"),
    ):
        yield from _in_rows(
            kind, wrong, rows, said, f"; {counted(int(off.sum()), 'row')} of {off.size:,} off"
        )


def _of_weights(rows, weights, dtype: str) -> Iterator[Finding]:
    """Keys counted more than once, and weights that differ otherwise, in the rows that were read."""
    counts = multiplicity(weights, weights != 0)
    bias = uneven(weights, counts)
    yield from _in_rows(
        "multiplicity", (counts > 1) & ~bias[..., None], rows, "counted more than once"
    )
    for at in np.argwhere(bias)[:1]:
        said = BIASED.format(counted(int(bias.sum()), "row")) + describe_bias(
            weights, rows, bias, dtype
        )
        yield Finding("bias", said, int(bias.sum()), (int(at[0]), int(rows[at[1]])))


def _in_rows(kind: str, wrong, rows, said: str, more: str = "") -> Iterator[Finding]:
    """The finding of keys (H, rows, n_k)."""
    for h, r, j in np.argwhere(wrong)[:1]:
        yield Finding(
            kind,
            f"{counted(int(wrong.sum()), 'key')} {said} in {counted(int(wrong.any(axis=-1).sum()), 'row')} that "
            f"were read{more}",
            int(wrong.sum()),
            (int(h), int(rows[r]), int(j)),
        )
