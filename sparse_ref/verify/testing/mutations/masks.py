"""Sets that are wrong as a whole, in one head, in a few rows, or for single keys; finite masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....sets.types import BoolArray, FloatArray
from .attention import Attention, Change
from .mutation import family

KEYS = "compare every row with a mask that is written by hand, with values that all differ"


def drop_keys(tile: int) -> Change:
    """The keys of the last tile dropped, if it is not full."""

    def change(a: Attention, mask: Any) -> BoolArray:
        return mask() & (a.j < max(a.n_k // tile * tile, 1))

    return change


def move_rows(step: int) -> Change:
    """Each query with the set of the query `step` before it; the outermost ones with their own."""

    def change(a: Attention, mask: Any) -> BoolArray:
        rows = np.arange(a.n_q) - step
        return mask()[:, rows.clip(0, a.n_q - 1)]

    return change


def move_keys(step: int, *, wraps: bool = False) -> Change:
    """Each key's place taken by the one `step` before it."""

    def change(a: Attention, mask: Any) -> BoolArray:
        moved = np.roll(mask(), step, axis=-1)
        if not wraps:
            moved[..., slice(0, step) if step > 0 else slice(step, None)] = False
        return moved

    return change


def random_key(*, extra: bool) -> Change:
    """One random key of each row more, or one random member fewer."""

    def change(a: Attention, mask: Any) -> BoolArray:
        correct = mask()
        candidates = ~correct if extra else correct
        draws = np.random.default_rng(0).random(correct.shape) * candidates
        chosen = a.j == draws.argmax(axis=-1)[..., None]
        changed = chosen & candidates
        return correct | changed if extra else correct & ~changed

    return change


def in_head(head: int, inner: Change) -> Change:
    """A change in one head."""

    def change(a: Attention, mask: Any) -> BoolArray:
        correct = mask()
        wrong = correct.copy()
        wrong[head] = inner(a, lambda: correct.copy())[head]
        return wrong

    return change


def transpose(a: Attention, mask: Any) -> BoolArray:
    """Rows for columns, if there are as many."""
    return mask().mT if a.n_q == a.n_k else mask()


def other_alignment(a: Attention, mask: Any) -> BoolArray:
    """Query 0 aligned with key 0, or with the last keys if that is what is right."""
    shift = a.n_k - a.n_q
    if shift == 0:
        return mask()
    step = -shift if a.statement.align == "bottom-right" else shift
    return move_keys(step)(a, mask)


def at_most(keys: int) -> Change:
    """The last so many keys of each row at most."""

    def change(a: Attention, mask: Any) -> BoolArray:
        correct = mask()
        rank_from_last = np.cumsum(correct[..., ::-1], axis=-1)
        return correct & (rank_from_last[..., ::-1] <= keys)

    return change


def replaced_by(value: float) -> Change:
    """A finite number in place of masked logits."""
    return lambda a, fill, x, mask: np.where(mask, x, value)


def with_addend(value: float) -> Change:
    """A finite number added to masked logits."""
    return lambda a, fill, x, mask: np.where(mask, x, x + value)


def as_number(a: Attention, fill: Any, x: FloatArray, mask: BoolArray) -> FloatArray:
    """The mask as a number, added."""
    return x + mask


def multiply(a: Attention, fill: Any, x: FloatArray, mask: BoolArray) -> FloatArray:
    """The logits times the mask."""
    return x * mask


def repeat(chosen: Any) -> Change:
    """Members that chosen(a) marks count twice."""

    def change(a: Attention, fill: Any, x: FloatArray, mask: BoolArray) -> FloatArray:
        return fill(x, mask) + np.log(2) * chosen(a, mask)

    return change


MUTATIONS = (
    *family(
        "mask",
        KEYS,
        {
            "mask inverted": lambda a, mask: ~mask(),
            "mask transposed": transpose,
            "no mask": lambda a, mask: np.ones_like(mask()),
            "plain causal attention": lambda a, mask: np.broadcast_to(a.past, mask().shape),
            "causal mask on top": lambda a, mask: mask() & a.past,
            "the query itself left out": lambda a, mask: mask() & (a.j != a.i + a.shift),
            "only the query itself": lambda a, mask: mask() & (a.j == a.i + a.shift),
            "queries in the reverse order": lambda a, mask: mask()[:, ::-1],
            "keys in the reverse order": lambda a, mask: mask()[..., ::-1],
            "each query with the keys of the one before": move_rows(1),
            "each query with the keys of the next": move_rows(-1),
            "keys moved by one to the right": move_keys(1),
            "keys moved by one to the left": move_keys(-1),
            "keys moved by one, round the end": move_keys(1, wraps=True),
            "every second key missing": lambda a, mask: mask() & (a.j % 2 == 0),
            "every second distance missing": lambda a, mask: (
                mask() & ((a.i + a.shift - a.j) % 2 == 0)
            ),
            "key 0 missing": lambda a, mask: mask() & (a.j > 0),
            "key 0 in every row": lambda a, mask: mask() | (a.j == 0),
            "the last key missing": lambda a, mask: mask() & (a.j < a.n_k - 1),
            "one random key too many in each row": random_key(extra=True),
            "one random key missing in each row": random_key(extra=False),
            "at most 3 keys for each query": at_most(3),
            "at most 48 keys for each query": at_most(48),
        },
    ),
    *family(
        "mask",
        "compare at n = 63, 65 or 1000: lengths that are no multiple of a tile",
        {
            "keys of the last tile of 16 dropped if it is not full": drop_keys(16),
            "keys of the last tile of 64 dropped if it is not full": drop_keys(64),
        },
    ),
    *family(
        "mask",
        "compare with fewer queries than keys, as with a KV cache",
        {"the other alignment of queries with keys": other_alignment},
    ),
    *family(
        "mask",
        "compare every head, with inputs that differ from head to head",
        {
            "no mask in head 0": in_head(0, lambda a, mask: np.ones_like(mask())),
            "no mask in the last head": in_head(-1, lambda a, mask: np.ones_like(mask())),
            "a key too few in the last head": in_head(-1, at_most(2)),
            "the mask of the next head": lambda a, mask: np.roll(mask(), -1, axis=0),
            "the mask of head 0 in all heads": lambda a, mask: np.broadcast_to(
                mask()[:1],
                mask().shape,
            ),
        },
    ),
    *family(
        "mask",
        "compare every row, the first and the last ones too",
        {
            "no keys for the first query": lambda a, mask: mask() & (a.i > 0),
            "no keys for the last query": lambda a, mask: mask() & (a.i < a.n_q - 1),
            "all keys for the first query": lambda a, mask: mask() | (a.i == 0),
            "all keys for the last query": lambda a, mask: mask() | (a.i == a.n_q - 1),
            "no keys for queries from 64 on": lambda a, mask: mask() & (a.i < 64),
        },
    ),
    *family(
        "fill",
        "make all logits very low (q = 200, k = -200): masked keys must still weigh nothing",
        {
            "-1e4 in place of masked logits": replaced_by(-1e4),
            "-1e4 added to masked logits": with_addend(-1e4),
            "-65504 in place of masked logits": replaced_by(-65504),
            "-100 in place of masked logits": replaced_by(-100),
            "-50 added to masked logits": with_addend(-50),
        },
    ),
    *family(
        "fill",
        "change values of masked keys: no output must change",
        {
            "-10 added to masked logits": with_addend(-10),
            "-10 in place of masked logits": replaced_by(-10),
            "0 in place of masked logits": replaced_by(0),
            "the mask added as 0 and 1": as_number,
            "logits multiplied by the mask": multiply,
        },
    ),
    *family(
        "fill",
        "compare the weights of keys in small sets: none may count twice",
        {
            "key 0 counted twice": repeat(lambda a, mask: a.j == 0),
            "the query itself counted twice": repeat(lambda a, mask: a.j == a.i + a.shift),
            "the last key counted twice": repeat(lambda a, mask: a.j == a.n_k - 1),
            "the first key of each row counted twice": repeat(
                lambda a, mask: a.j == mask.argmax(axis=-1)[..., None]
            ),
        },
    ),
)
