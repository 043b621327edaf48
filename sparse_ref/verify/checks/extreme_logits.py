"""What very large logits and very small weights show: padding, clipped logits, dropped weights.

Padded keys have value 0. If a number masks them, they outweigh the keys of a row whose logits are
below that number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...sets.types import BoolArray, FloatArray
from ..calling.arrays import ProbeError
from ..calling.rounded_attention import bits_of, spacing
from ..calling.subject import Subject
from ..reading.evidence import Evidence
from .finding import Finding, Outcome, findings_in
from .judged_rows import JudgedRows, judged_rows

WrongRows = Callable[[float], BoolArray]  # at a product q . k
LOWEST_LOGIT = 4e4  # below 0
TOP_LOGIT = 1e4  # next to ones of half its size
MAX_PRODUCT = 6e4  # of float16
CHANGE = 0.05  # of an output, whose values are 0 and 1
EQUAL_MARGIN = 2.94  # of two logits: a softmax gives the larger one 1 - CHANGE
DEPTHS = (6.9, 9.2, 11.5, 13.8)  # below the largest logit: weights of 1e-3 to 1e-6
MIN_WEIGHT = 1e-6  # above the subnormal weights that float16 rounds to 0
DROPPED = 0.01  # of the output that is meant
BISECTIONS = 12


def extreme_findings(subject: Subject, evidence: Evidence, seed: int) -> Outcome:
    """Padded keys masked with a number, clipped logits, and small weights that are dropped.

    In rows with the right keys. Nothing can be said if q and k are given.
    """
    rows = judged_rows(subject, evidence)
    if rows is None or rows.statement.scale <= 0:
        return Outcome([], [])
    if rows.statement.meaning.transform is not None:
        return Outcome([], ["not checked: logits of 1e4, since q and k are transformed"])
    try:
        findings = [*_padding(rows), *_clipping(rows, seed)]
        findings += _cutoff(rows, seed)
    except ProbeError as error:
        if error.kind != "shared":
            raise
        return Outcome([], ["not checked: logits of 1e4, since keys are the queries"])
    return Outcome(findings, [])


def _padding(rows: JudgedRows) -> Iterator[Finding]:
    """Rows whose weights no longer sum to 1 if all of their logits are far below 0."""
    subject = rows.subject
    ones = np.ones((subject.kv_heads, subject.n[1], subject.e))
    scale, largest = rows.statement.scale, _largest_product(rows, LOWEST_LOGIT)

    def diluted_rows(product: float) -> BoolArray:
        q, k = subject.constant(np.sqrt(product / subject.d))
        out, meant, _ = rows.outputs(-q, k, ones)
        change = np.abs(out - meant)[..., 0]
        # beside a declared sink, members may weigh nothing
        return rows.conforming & (meant[..., 0] > 0.5) & (change > CHANGE)

    wrong = diluted_rows(largest)
    if not wrong.any():
        return
    sizes = rows.evidence.expected.sum(axis=-1)
    fewest = sizes.min(initial=subject.n[1], where=rows.conforming)
    # as many keys with logits of that product outweigh one with the fill by 1 / CHANGE
    product = _least(diluted_rows, 1 / scale, largest)
    fill = np.log(CHANGE * fewest) - scale * product
    text = (
        f"{{}} diluted by keys of value 0 if all logits are {-scale * largest:.3g}: "
        f"padded keys are masked with a number, about {fill:.2g}, not with -inf"
    )
    yield from findings_in("ghost", wrong, text, "row", rows=rows.evidence.rows)


def _clipping(rows: JudgedRows, seed: int) -> Iterator[Finding]:
    """Rows in which a logit of 1e4 does not outweigh one of 5e3, or -5e3 one of -1e4."""
    subject, scale = rows.subject, rows.statement.scale
    in_J, v = _random_half(subject, seed)
    largest = _largest_product(rows, TOP_LOGIT)
    signs = np.resize([1.0, -1.0], (subject.n[0], 1))

    def clipped_rows(product: float) -> BoolArray:
        q, k = subject.equal_logits
        side = np.sqrt(product)
        q[..., :1] = side * signs
        k[..., 0] = np.where(in_J, side, side / 2)
        out, meant, _ = rows.outputs(q, k, v)
        change = np.abs(out - meant)[..., 0]
        return rows.conforming & (change > CHANGE)

    wrong = clipped_rows(largest)
    if not wrong.any():
        return
    least = _least(clipped_rows, 4 / scale, largest) * scale
    bound = least / 2 + EQUAL_MARGIN
    wrong_signs = signs[rows.evidence.rows[wrong.any(axis=0)]]
    above, below = (wrong_signs > 0).any(), (wrong_signs < 0).any()
    place = f"beyond about +-{bound:.3g}"
    if not (above and below):
        place = f"above about {bound:.3g}" if above else f"below about {-bound:.3g}"
    text = f"{{}} whose logits are clipped {place}"
    yield from findings_in("clip", wrong, text, "row", rows=rows.evidence.rows)


def _cutoff(rows: JudgedRows, seed: int) -> Iterator[Finding]:
    """Rows that give no weight to keys whose logit is less than their largest by some."""
    subject = rows.subject
    depths = _visible_depths(rows)
    if len(depths) == 0:
        return
    in_J, v = _random_half(subject, seed)
    depth = np.resize(depths, subject.n[0])
    q, k = subject.equal_logits
    q[..., 0] = -depth / rows.statement.scale
    k[..., 0] = in_J
    out, meant, _ = rows.outputs(q, k, v)
    wrong = rows.conforming & (out < DROPPED * meant)[..., 0]
    if not wrong.any():
        return
    wrong_rows = rows.evidence.rows[wrong.any(axis=0)]
    share = np.exp(-depth[wrong_rows].min())
    text = f"{{}} that drop weights of {share:.0e} of their largest, or less"
    yield from findings_in("clip", wrong, text, "row", rows=rows.evidence.rows)


def _visible_depths(rows: JudgedRows) -> FloatArray:
    """The DEPTHS whose weights are above those that rounding removes."""
    declared = rows.statement.meaning.precision
    dtype = rows.evidence.totals.dtype if declared is None else declared
    if bits_of(dtype) < bits_of("bfloat16"):
        return np.zeros(0)
    depths = np.array(DEPTHS)
    weights = np.exp(-depths)
    visible = weights >= spacing(dtype) ** 2
    fill = rows.statement.meaning.fill
    if fill is not None:
        visible &= depths < -fill / 4
    if "float16" in (dtype, rows.subject.form.dtype):
        visible &= weights / rows.subject.n[1] >= MIN_WEIGHT
    return depths[visible]


def _random_half(subject: Subject, seed: int) -> tuple[BoolArray, FloatArray]:
    """(keys in J (n_k,), v of 1 there and 0 elsewhere)"""
    in_J = np.random.default_rng(seed).random(subject.n[1]) < 0.5
    v = np.zeros((subject.kv_heads, subject.n[1], subject.e))
    v[:, in_J] = 1
    return in_J, v


def _largest_product(rows: JudgedRows, logit: float) -> float:
    """The q . k of a logit, if float16 has it, and if it is far from a declared fill."""
    fill = rows.statement.meaning.fill
    if fill is not None:
        logit = min(logit, -fill / 4)
    product = logit / rows.statement.scale
    is_half = rows.subject.form.dtype == "float16"
    return min(product, MAX_PRODUCT) if is_half else product


def _least(is_wrong: WrongRows, low: float, high: float) -> float:
    """About the least number that is wrong, if the highest is."""
    for _ in range(BISECTIONS):
        middle = float(np.sqrt(low * high))
        if is_wrong(middle).any():
            high = middle
        else:
            low = middle
    return high
