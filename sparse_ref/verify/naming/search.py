"""Names of masks that equal no single rule: the catalogue, with numbers that the mask suggests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from math import isqrt
from string import Formatter

import numpy as np

from ...catalogue import notation
from ...patterns.image import MemoryBlock
from ...patterns.sparse_transformer import Block, Strided, Summary
from ...sets.mask import brute_mask
from ...sets.pattern import Intersection, Pattern, Union, leaves
from ...sets.types import BoolArray

# {n} is the length, {s} its root, {h} its half, {r} half of one less; {g} the global positions;
# {t} the lengths of documents; {a} to {c} are numbers that the mask suggests.
FORMS = (
    "LogSparse()",
    "star({r})",
    "star({r}, circular=False)",
    "Window({a}) | Global({b})",
    "Local({a}) | Strided({a})",
    "Local({a}) | Strided({b})",
    "Block({a}) | Summary({a}, {b})",
    "streaming({a}, {b})",
    "a_shape({a}, {b})",
    "Dilated({a}, {b}) & Causal()",
    "Window({a}) | GlobalAt({g})",
    "Dilated({a}, {b}) | GlobalAt({g})",
    "Documents({t})",
    "Documents({t}, Causal())",
    "prefix_lm({a})",
    "etc({a}, radius={b})",
    "Neighborhood({n}, {a})",
    "CausalNeighborhood({n}, {a})",
    "Neighborhood({n}, {a}, 1, {b})",
    "Neighborhood({n}, {a}, {b}, 1)",
    "local_attention({a})",
    "local_attention({a}, causal=True)",
    "local_attention({a}, exact=True, causal=True)",
    "reformer_local({n}, {a})",
    "reformer_local({n}, {a}, {b})",
    "Circular({n}, {a}, {b})",
    "llama4_chunked({a})",
    "llama4_chunked({a}, padding={b})",
    "logsparse_local({a})",
    "LogSparseRestart({a}, {b})",
    "image_local({a}, {b})",
    "Blockwise(Lookback({a}), {b}) & Causal()",
    "MemoryBlock({a}, {b}, {c})",
    "DilatedSegment({a}, {b}, {c})",
    "butterfly({a})",
    "Flip({a})",
    "block_diffusion({h}, {a})",
    "natten_nd(({s}, {s}), {a})",
    "axial(({s}, {s}), 0)",
    "axial(({s}, {s}), 1)",
    "swin(({s}, {s}), {a}, {b})",
    "Blockwise(Lookback({a}), {b})",
    "Blockwise(Window({a}), {b})",
    "Blockwise(Causal(), {a})",
    "Blockwise(Window({a}) | Global({b}), {c})",
    "Chunk({a}) & Causal()",
    "Chunk({a}, {b}) & Causal()",
)
PERIODIC = Block, Strided, Summary, MemoryBlock  # rules whose first number is a period
NUMBERS_TRIED = 12, 12, 9  # for each parameter, if there are one, two or three
ROWS_FIRST = 5  # compared before a whole mask is drawn


def catalogue_matches(mask: BoolArray) -> Iterator[Pattern]:
    """The patterns among FORMS that equal this mask, bool (n_q, n_k).

    Of each form the first that does, the likeliest numbers tried first. A union or an intersection
    with a number above n / 2 comes last: it shows less than two of its periods.
    """
    numbers, known = parameter_candidates(mask), _mask_values(mask)
    doubtful: list[Pattern] = []
    for form in FORMS:
        for p in islice(_equal_patterns(mask, _texts(form, numbers, known)), 1):
            if _shows_period(p, len(mask)):
                yield p
            else:
                doubtful.append(p)
    yield from doubtful


def _equal_patterns(mask: BoolArray, texts: Iterator[str]) -> Iterator[Pattern]:
    """The patterns of these texts that equal the mask."""
    rows = _sample_rows(len(mask))
    for text in texts:
        try:
            p = notation.read(text)
            if not isinstance(p, Pattern):
                return
            if _has_rows(p, mask, rows) and _has_mask(p, mask):
                yield p
        except (ValueError, TypeError, IndexError, OverflowError):
            continue  # a number that this constructor does not take


def _shows_period(p: Pattern, n: int) -> bool:
    """Whether the steps and blocks of a union or an intersection are at most half of n."""
    if not isinstance(p, (Union, Intersection)):
        return True
    periodic = [rule for rule in leaves(p) if isinstance(rule, PERIODIC)]
    return all(2 * rule.parameters[0] <= n for rule in periodic)


def _sample_rows(n_q: int) -> list[int]:
    """Some rows from end to end, one of them near the start."""
    spread = np.linspace(0, n_q - 1, min(ROWS_FIRST, n_q), dtype=int)
    return sorted({*spread.tolist(), min(n_q - 1, 7)})


def _has_rows(p: Pattern, mask: BoolArray, rows: Sequence[int]) -> bool:
    """Whether the pattern has these rows of the mask."""
    for i in rows:
        keys = np.flatnonzero(mask[i])
        if not np.array_equal(p.row(i, mask.shape[1]), keys):
            return False
    return True


def _has_mask(p: Pattern, mask: BoolArray) -> bool:
    """Whether the pattern is the mask."""
    return np.array_equal(brute_mask(p, mask.shape), mask)


def _mask_values(mask: BoolArray) -> dict[str, object]:
    """The values of the letters that a mask has one value for."""
    n_q, n = mask.shape
    documents: list[int] = []
    if n_q == n:
        starts = np.flatnonzero(np.diff(mask.argmax(axis=1))) + 1
        documents = np.diff([0, *starts, n_q]).tolist()
    positions: list[int] = []
    if n_q <= n:
        full_rows = np.all(mask, axis=1)
        full_columns = np.all(mask, axis=0)
        positions = np.flatnonzero(full_rows & full_columns[:n_q]).tolist()
    return dict(
        n=n,
        r=(n - 1) // 2,
        s=isqrt(n),
        h=n // 2,
        g=tuple(positions),
        t=tuple(documents),
    )


def _texts(
    form: str,
    numbers: Sequence[int],
    known: dict[str, object],
) -> Iterator[str]:
    """A form with its letters replaced by values, the likeliest first."""
    fields = {name for _, name, _, _ in Formatter().parse(form) if name}
    letters = sorted(fields & {"a", "b", "c"})
    tried = numbers[: NUMBERS_TRIED[len(letters) - 1]]
    for values in product(tried, repeat=len(letters)):
        yield form.format(**known, **dict(zip(letters, values)))


def parameter_candidates(mask: BoolArray) -> list[int]:
    """Numbers that parameters may be, the likeliest first.

    How far rows reach, how their keys are spaced, how long stretches of equal rows are, how many
    full rows and columns come first.
    """
    future = ~np.tri(*mask.shape, dtype=np.bool_)
    full_columns = np.all(mask | future, axis=0)
    core = mask & ~np.all(mask, axis=1)[:, None] & ~full_columns
    row_changes = np.any(mask[1:] != mask[:-1], axis=1)
    start_changes = np.diff(mask.argmax(axis=1)) != 0
    numbers = [
        *(1, 2, 3),
        *_reaches(core),
        *_reaches(mask),
        *_gaps(row_changes),
        *_gaps(start_changes),
        np.cumprod(full_columns).sum(),
        np.cumprod(np.all(mask, axis=1)).sum(),
    ]
    distinct = dict.fromkeys(map(int, numbers))
    longest = max(mask.shape)
    return [number for number in distinct if 0 <= number <= longest]


def _reaches(mask: BoolArray) -> list[int]:
    """How far rows reach, how many keys they have, how those of the middle row are spaced."""
    i, j = np.nonzero(mask)
    if not len(i):
        return []
    left, right = (i - j).max(), (j - i).max()
    counts = mask.sum(axis=1)
    spacing = np.diff(np.flatnonzero(mask[len(mask) // 2]))
    ends = [spacing.max(), spacing.min()] if len(spacing) else []
    sizes = [np.median(counts), counts.max()]
    return [left, right, left + 1, *sizes, *ends]


def _gaps(changes: BoolArray) -> list[int]:
    """The longest and the shortest stretch between changes."""
    gaps = np.diff([0, *np.flatnonzero(changes) + 1])
    return [gaps.max(), gaps.min()] if len(gaps) else []
