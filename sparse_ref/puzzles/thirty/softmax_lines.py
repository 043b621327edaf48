"""Puzzles 21 and 22: one update of an online softmax, and two halves of a row as one."""

from __future__ import annotations

import numpy as np

from ..kinds import Value
from ..puzzle import Mistake, Puzzle


def online_update(m, l, o, x, v):
    """The state (m, l, o) of a row after a block of keys: logits x, values v."""
    top = max(m, x.max())
    decay = np.exp(m - top)
    p = np.exp(x - top)
    return top, decay * l + p.sum(), decay * o + p @ v


def _constant_output(m, l, o, x, v):
    top, total, _ = online_update(m, l, o, x, v)
    return top, total, o + np.exp(x - top) @ v


def _constant_sum(m, l, o, x, v):
    top, _, out = online_update(m, l, o, x, v)
    return top, l + np.exp(x - top).sum(), out


def _no_decay(m, l, o, x, v):
    top = max(m, x.max())
    p = np.exp(x - top)
    return top, l + p.sum(), o + p @ v


def _block_maximum(m, l, o, x, v):
    top = x.max()
    decay = np.exp(m - top)
    p = np.exp(x - top)
    return top, decay * l + p.sum(), decay * o + p @ v


def _growth(m, l, o, x, v):
    top = max(m, x.max())
    growth = 0.0 if m == -np.inf else np.exp(top - m)
    p = np.exp(x - top)
    return top, growth * l + p.sum(), growth * o + p @ v


def _no_sum_so_far(m, l, o, x, v):
    top, _, out = online_update(m, l, o, x, v)
    return top, np.exp(x - top).sum(), out


def _no_output_so_far(m, l, o, x, v):
    top, total, _ = online_update(m, l, o, x, v)
    return top, total, np.exp(x - top) @ v


def _own_scale(m, l, o, x, v):
    top = max(m, x.max())
    decay = np.exp(m - top)
    p = np.exp(x - x.max())
    return top, decay * l + p.sum(), decay * o + p @ v


def _old_scale(m, l, o, x, v):
    top = max(m, x.max())
    decay = np.exp(m - top)
    p = np.exp(x - m)
    return top, decay * l + p.sum(), decay * o + p @ v


def _running_mean(m, l, o, x, v):
    top, total, out = online_update(m, l, l * o, x, v)
    return top, total, out / total


def _early_division(m, l, o, x, v):
    top, total, out = online_update(m, l, o, x, v)
    return top, total, out / total


def _no_maximum(m, l, o, x, v):
    top, p = max(m, x.max()), np.exp(x)
    return top, l + p.sum(), o + p @ v


def _row_state(rng, size):
    """The first block of a row, one with a greater maximum than before, or one with a smaller."""
    width = 2
    x = rng.normal(0, 2, size)
    v = rng.normal(size=(size, width))
    case = rng.integers(3)
    if case == 0:
        return -np.inf, 0.0, np.zeros(width), x, v
    before = x.max() + (1.5 if case == 1 else -1.5)
    o = rng.normal(size=width)
    return float(before), rng.uniform(1, 3), o, x, v


X = np.array([2.0, 0.0])
O = np.array([3.0, 4.0])
ONLINE = Puzzle(
    number="21",
    title="One update of an online softmax",
    question="""\
A row's keys arrive in blocks. For the keys so far, the row keeps three things: m, the greatest
logit; l, the sum of exp(logit - m); o, the sum of exp(logit - m) times the value.

Now a block arrives: logits x (keys,) and values v (keys, width). All logits are finite. Return the
new (m, l, o). After the last block the output is o / l.

Before the first block, m = -inf, l = 0 and o = 0.""",
    kind=Value(
        draw=_row_state,
        items=("m", "l", "o"),
        sizes=range(1, 6),
        examples=(
            (1.0, 2.0, O, X, np.eye(2)),
            (3.0, 2.0, O, X, np.eye(2)),
            (-np.inf, 0.0, O - O, X, np.eye(2)),
        ),
    ),
    reference=online_update,
    hints=(
        "The new m is the greater of the old one and the greatest logit of the block.",
        "What was summed before has the factor exp(-m) of the old m. Which factor turns it into "
        "exp(-m) of the new one?",
        "Both l and o get that factor, exp(old m - new m). For m = -inf it is 0.",
    ),
    mistakes=(
        Mistake("the accumulator o is not rescaled when the maximum grows", _constant_output),
        Mistake("the sum l is not rescaled when the maximum grows", _constant_sum),
        Mistake("neither l nor o is rescaled when the maximum grows", _no_decay),
        Mistake(
            "m is the maximum of this block: it must be the greatest logit so far", _block_maximum
        ),
        Mistake("the factor is upside down: exp(old m - new m), at most 1, is needed", _growth),
        Mistake("the old l is lost: the sum so far must be added, rescaled", _no_sum_so_far),
        Mistake("the old o is lost: what was summed so far must be added", _no_output_so_far),
        Mistake("the block's weights are exp(x - its own maximum), not exp(x - m)", _own_scale),
        Mistake("the block's weights are exp(x - old m), not exp(x - new m)", _old_scale),
        Mistake(
            "o is taken for the output so far: it is the sum, and o / l is the output",
            _running_mean,
        ),
        Mistake(
            "o is divided by l in each update: divide once, after the last block", _early_division
        ),
        Mistake("the maximum is never subtracted: a logit of 1000 overflows", _no_maximum),
    ),
)


def merge_halves(out_a, lse_a, out_b, lse_b):
    """(out, lse) of all keys from those of two halves of them."""
    lse = np.logaddexp(lse_a, lse_b)
    a, b = np.exp(lse_a - lse), np.exp(lse_b - lse)
    return a[:, None] * out_a + b[:, None] * out_b, lse


def _equal_halves(out_a, lse_a, out_b, lse_b):
    return (out_a + out_b) / 2, np.logaddexp(lse_a, lse_b)


def _sum_of_halves(out_a, lse_a, out_b, lse_b):
    return out_a + out_b, np.logaddexp(lse_a, lse_b)


def _logarithms_as_weights(out_a, lse_a, out_b, lse_b):
    a, b = lse_a / (lse_a + lse_b), lse_b / (lse_a + lse_b)
    out = a[:, None] * out_a + b[:, None] * out_b
    return out, np.logaddexp(lse_a, lse_b)


def _sum_of_logarithms(out_a, lse_a, out_b, lse_b):
    return merge_halves(out_a, lse_a, out_b, lse_b)[0], lse_a + lse_b


def _greater_logarithm(out_a, lse_a, out_b, lse_b):
    return merge_halves(out_a, lse_a, out_b, lse_b)[0], np.maximum(lse_a, lse_b)


def _other_half(out_a, lse_a, out_b, lse_b):
    return merge_halves(out_b, lse_a, out_a, lse_b)


def _no_top_in_the_logarithm(out_a, lse_a, out_b, lse_b):
    out, lse = merge_halves(out_a, lse_a, out_b, lse_b)
    return out, lse - np.maximum(lse_a, lse_b)


def _no_logarithm(out_a, lse_a, out_b, lse_b):
    top = np.maximum(lse_a, lse_b)
    out, _ = merge_halves(out_a, lse_a, out_b, lse_b)
    return out, np.exp(lse_a - top) + np.exp(lse_b - top)


def _base_two(out_a, lse_a, out_b, lse_b):
    lse = np.logaddexp2(lse_a, lse_b)
    a, b = np.exp2(lse_a - lse), np.exp2(lse_b - lse)
    return a[:, None] * out_a + b[:, None] * out_b, lse


def _overflow(out_a, lse_a, out_b, lse_b):
    a, b = np.exp(lse_a), np.exp(lse_b)
    out = a[:, None] * out_a + b[:, None] * out_b
    return out / (a + b)[:, None], np.log(a + b)


def _halves(rng, size):
    """Two halves of `size` rows and of three more: without keys in a, in b; with large logits."""
    rows = size + 3
    out_a, out_b = rng.normal(size=(2, rows, 2))
    lse_a, lse_b = rng.uniform(1, 4, size=(2, rows))
    out_a[-3], lse_a[-3] = 0, -np.inf
    out_b[-2], lse_b[-2] = 0, -np.inf
    lse_a[-1], lse_b[-1] = 900, 901
    return out_a, lse_a, out_b, lse_b


MERGE = Puzzle(
    number="22",
    title="Two halves of the keys as one",
    question="""\
The keys of each row were split into two halves, and attention was computed over each: out_a and
out_b (rows, width), with the log-sum-exp of the logits, lse_a and lse_b (rows,).

Return (out, lse) of attention over all keys. No logit is needed.

A half without keys has out = 0 and lse = -inf; no row is without keys in both. A log-sum-exp may
be 900.""",
    kind=Value(draw=_halves, sizes=range(1, 5), items=("out", "lse")),
    reference=merge_halves,
    hints=(
        "exp(lse_a) is the sum of exp(logit) over the first half. What is the sum over all?",
        "Each output is divided by its own sum. Weigh it by its share of the whole sum, "
        "exp(lse_a - lse).",
        "np.logaddexp(lse_a, lse_b) is log(exp(lse_a) + exp(lse_b)), without overflow.",
    ),
    mistakes=(
        Mistake(
            "the halves count alike: each must count by its share exp(lse_a - lse)", _equal_halves
        ),
        Mistake("the outputs are added: their weights must sum to 1", _sum_of_halves),
        Mistake("the weights are lse, the logarithms: exp(lse) is needed", _logarithms_as_weights),
        Mistake(
            "lse_a and lse_b are added: what adds up are their exponentials", _sum_of_logarithms
        ),
        Mistake("lse is the greater of the two: the other half is lost", _greater_logarithm),
        Mistake("the weights are exchanged: out_a is weighed by exp(lse_b)", _other_half),
        Mistake(
            "the greater of the two was subtracted, and is not added back to lse",
            _no_top_in_the_logarithm,
        ),
        Mistake(
            "lse is the sum of exponentials: its logarithm, plus the maximum, is wanted",
            _no_logarithm,
        ),
        Mistake("the base is 2: these are natural logarithms", _base_two),
        Mistake("exp(900) overflows: subtract the greater log-sum-exp first", _overflow),
    ),
)

PUZZLES = (ONLINE, MERGE)
