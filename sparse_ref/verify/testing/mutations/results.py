"""What goes wrong around the softmax: heads of k and v, values, outputs, batches, and memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....sets.types import FloatArray
from ...calling.rounded_attention import round_to
from .attention import Attention, Change
from .logits import unit
from .mutation import family

HEADS = "compare every head, with values that differ from key head to key head"
OUT = "compare every feature of every row, with values that all differ"


def by_modulo(a: Attention, stage: Any, groups: int) -> Any:
    """Key head h mod G."""
    return np.arange(a.heads) % groups


def one_head(head: int) -> Change:
    """One key head for all."""
    return lambda a, stage, groups: np.full(a.heads, head % groups)


def rolled_heads(step: int) -> Change:
    """The next key head for each."""
    return lambda a, stage, groups: (stage(groups) + step) % groups


def reverse_heads(a: Attention, stage: Any, groups: int) -> Any:
    """The key heads from the last to the first."""
    return groups - 1 - stage(groups)


def late_heads(a: Attention, stage: Any, groups: int) -> Any:
    """The last head of each group with the key head of the next group."""
    heads = np.arange(a.heads) + 1
    return np.minimum(heads * groups // a.heads, groups - 1)


def with_last_head_of_first(a: Attention, stage: Any, groups: int) -> Any:
    """The last query head with key head 0."""
    heads = np.array(stage(groups))
    heads[-1] = 0
    return heads


def mixed_axes(a: Attention, stage: Any, out: FloatArray) -> FloatArray:
    """Heads and queries in the wrong order under a reshape."""
    return stage(out).swapaxes(1, 2).reshape(out.shape)


def row(index: int, value: Any) -> Change:
    """One row of the output changed."""

    def change(a: Attention, stage: Any, out: FloatArray) -> FloatArray:
        wrong = stage(out).copy()
        wrong[:, :, index] = value(wrong[:, :, index])
        return wrong

    return change


def of_batch(turn: Any) -> Change:
    """k and v of the batch changed by turn(x)."""

    def change(a: Attention, stage: Any, *qkv: FloatArray) -> Any:
        q, k, v = qkv
        return stage(q, turn(k), turn(v))

    return change


def second_sequence(change: Any) -> Change:
    """The output of all sequences but the first changed by change(out)."""

    def wrong(a: Attention, stage: Any, out: FloatArray) -> FloatArray:
        result = stage(out).copy()
        result[1:] = change(result[1:])
        return result

    return wrong


def second_sees_all(a: Attention, fill: Any, x: FloatArray, mask: Any) -> FloatArray:
    """No mask for all sequences but the first."""
    filled: FloatArray = fill(x, mask)
    filled[1:] = x[1:]
    return filled


def queries_of_first(a: Attention, stage: Any, *qkv: FloatArray) -> Any:
    """The queries of the first sequence for all."""
    q, k, v = qkv
    return stage(np.broadcast_to(q[:1], q.shape), k, v)


def first_result(a: Attention, stage: Any, *qkv: FloatArray) -> Any:
    """The first result for every later call with arrays of the same shapes."""
    shapes = tuple(x.shape for x in qkv)
    if shapes not in a.memory:
        a.memory[shapes] = stage(*qkv)
    return a.memory[shapes]


def earlier_result(a: Attention, stage: Any, *qkv: FloatArray) -> Any:
    """The result of the call before with arrays of the same shapes."""
    shapes = tuple(x.shape for x in qkv)
    result = stage(*qkv)
    earlier = a.memory.get(shapes, result)
    a.memory[shapes] = result
    return earlier


def earlier_values(a: Attention, stage: Any, *qkv: FloatArray) -> Any:
    """Values averaged with those of the call before."""
    q, k, v = qkv
    earlier = a.memory.get(v.shape, v)
    a.memory[v.shape] = v
    return stage(q, k, (v + earlier) / 2)


def earlier_sum(a: Attention, stage: Any, out: FloatArray) -> FloatArray:
    """An output buffer that is not cleared: a tenth of the call before is added."""
    earlier = a.memory.get(out.shape, 0)
    a.memory[out.shape] = out
    return out + 0.1 * earlier


def noisy(a: Attention, stage: Any, out: FloatArray) -> FloatArray:
    """Other noise in each call."""
    rng = a.memory.setdefault("rng", np.random.default_rng(0))
    return stage(out) * (1 + 0.05 * rng.standard_normal(out.shape))


def dropout(a: Attention, stage: Any, p: FloatArray, v: FloatArray) -> FloatArray:
    """Dropout of a tenth, left on."""
    rng = a.memory.setdefault("rng", np.random.default_rng(0))
    kept = rng.random(p.shape) > 0.1
    return stage(p * kept / 0.9, v)


def residual(a: Attention, stage: Any, *qkv: FloatArray) -> Any:
    """The mean of the query added to the output."""
    out, lse = stage(*qkv)
    return out + qkv[0].mean(axis=-1, keepdims=True), lse


def without_last(x: FloatArray, axis: int) -> FloatArray:
    """0 in the last place of an axis."""
    wrong = np.moveaxis(x.copy(), axis, 0)
    wrong[-1] = 0
    return np.moveaxis(wrong, 0, axis)


MUTATIONS = (
    *family(
        "key_heads",
        HEADS,
        {
            "key head h mod G": by_modulo,
            "key head 0 for all": one_head(0),
            "the last key head for all": one_head(-1),
            "the next key head": rolled_heads(1),
            "key heads in the reverse order": reverse_heads,
            "groups of heads begin one head early": late_heads,
            "key head 0 for the last query head": with_last_head_of_first,
        },
    ),
    *family(
        "value_heads",
        HEADS,
        {
            "v of head h mod G": by_modulo,
            "v of head 0 for all": one_head(0),
            "v of the next head": rolled_heads(1),
            "v of the heads in the reverse order": reverse_heads,
        },
    ),
    *family(
        "values",
        OUT,
        {
            "values moved by one key": lambda a, stage, v: np.roll(v, 1, axis=2),
            "values of the last key dropped": lambda a, stage, v: without_last(v, 2),
            "values of key 0 dropped": lambda a, stage, v: v * (a.j.T > 0),
            "the last feature of v dropped": lambda a, stage, v: without_last(v, -1),
            "features of v in the reverse order": lambda a, stage, v: v[..., ::-1],
            "values with their mean subtracted": lambda a, stage, v: (
                v - v.mean(axis=2, keepdims=True)
            ),
            "values clipped to 2": lambda a, stage, v: np.clip(v, -2, 2),
        },
    ),
    *family(
        "values",
        "compare with float64 attention, to the rounding of the dtype",
        {"v in 4 bits of significand": lambda a, stage, v: round_to(v, 4)},
    ),
    *family(
        "values",
        "compare with float64 attention, to the rounding of the dtype",
        {"v in bfloat16": lambda a, stage, v: round_to(v, 8)},
        dtypes=("float32",),
    ),
    *family(
        "out",
        OUT,
        {
            "outputs of heads in the reverse order": lambda a, stage, out: stage(out)[:, ::-1],
            "outputs of queries in the reverse order": lambda a, stage, out: out[:, :, ::-1],
            "outputs moved by one query": lambda a, stage, out: np.roll(out, 1, axis=2),
            "heads and queries mixed by a reshape": mixed_axes,
            "output 2 % too large": lambda a, stage, out: 1.02 * stage(out),
            "output with the wrong sign": lambda a, stage, out: -stage(out),
            "0.1 added to the output": lambda a, stage, out: stage(out) + 0.1,
            "output clipped to 1": lambda a, stage, out: np.clip(stage(out), -1, 1),
            "zeros": lambda a, stage, out: np.zeros_like(out),
            "ones": lambda a, stage, out: np.ones_like(out),
            "zeros for the first query": row(0, np.zeros_like),
            "zeros for the last query": row(-1, np.zeros_like),
            "NaN for the last query": row(-1, lambda x: np.full_like(x, np.nan)),
            "zeros for the last head": lambda a, stage, out: without_last(out, 1),
            "the output of head 0 for all heads": lambda a, stage, out: np.broadcast_to(
                out[:, :1], out.shape
            ),
            "rows of the output normalised": lambda a, stage, out: unit(stage(out)),
        },
    ),
    *family(
        "out",
        "compare with float64 attention, to the rounding of the dtype",
        {"output in 4 bits of significand": lambda a, stage, out: round_to(out, 4)},
    ),
    *family(
        "out",
        "compare with float64 attention, to the rounding of the dtype",
        {"output in bfloat16": lambda a, stage, out: round_to(out, 8)},
        dtypes=("float32",),
    ),
    *family("attend", OUT, {"the query added to the output": residual}),
    *family(
        "attend",
        "compare every sequence of a batch of three, all different",
        {
            "k and v of the next sequence": of_batch(lambda x: np.roll(x, 1, axis=0)),
            "k and v of the first sequence for all": of_batch(
                lambda x: np.broadcast_to(x[:1], x.shape)
            ),
            "k and v averaged over the batch": of_batch(
                lambda x: np.broadcast_to(x.mean(axis=0), x.shape)
            ),
            "q of the first sequence for all": queries_of_first,
        },
    ),
    *family(
        "out",
        "compare every sequence of a batch of three, all different",
        {
            "zeros for all sequences but the first": second_sequence(np.zeros_like),
            "sequences but the first 5 % too large": second_sequence(lambda x: 1.05 * x),
        },
    ),
    *family(
        "fill",
        "compare every sequence of a batch of three, all different",
        {"no mask for sequences but the first": second_sees_all},
    ),
    *family(
        "attend",
        "call the function twice, with different inputs of one shape",
        {
            "the first result for every later call": first_result,
            "the result of the call before": earlier_result,
            "values averaged with those of the call before": earlier_values,
        },
    ),
    *family(
        "out",
        "call the function twice, with different inputs of one shape",
        {"an output buffer that is not cleared": earlier_sum},
    ),
    *family(
        "out",
        "call the function twice with the same input: outputs must be equal",
        {"noise of 5 % in each call": noisy},
    ),
    *family(
        "product",
        "call the function twice with the same input: outputs must be equal",
        {"dropout left on": dropout},
    ),
)
