"""A first hour: the bugs of a kernel's author, asked with the arguments that a newcomer gives.

Symbols:  i query;  j key;  x logits, -inf if masked;  p weights.
"""

import numpy as np
from verify.implementations import softmax

import sparse_ref as sr

from .dense import NONE, causal, dense, gradients, lookback, positions, repeated, with_lse
from .registry import Mutant

LOOK = lookback(24)
WINDOW = {"pattern": sr.Lookback(24), "ragged": True}
LAST = np.float32(np.finfo(np.float32).min)


def modulo(q, k, v):
    """Query head h reads key head h % G."""
    heads = np.arange(len(q)) % len(k)
    return dense(LOOK)(q, k[heads], v[heads])


def streamed(q, k, v, mask=LOOK, tile=16, rescale=True, whole=False):
    """Tiles of keys past a running maximum; `whole` drops a last tile that is not full."""
    k, v = repeated(k, q), repeated(v, q)
    i, j = positions(q, k)
    top = np.full((*q.shape[:2], 1), NONE)
    total, acc = np.zeros_like(top), np.zeros((*q.shape[:2], v.shape[2]), np.float32)
    end = k.shape[1] // tile * tile if whole else k.shape[1]
    for first in range(0, end, tile):
        keys = slice(first, first + tile)
        x = np.where(mask(i, j[:, keys]), q @ k[:, keys].mT * np.float32(q.shape[-1] ** -0.5), NONE)
        new = np.maximum(top, x.max(axis=-1, keepdims=True))
        base = np.where(new == NONE, np.float32(0), new)
        p, keep = np.exp(x - base), np.exp(top - base)
        total = total * keep + p.sum(axis=-1, keepdims=True)
        acc = acc * (keep if rescale else 1) + p @ v[:, keys]
        top = new
    return acc / np.where(total == 0, np.float32(1), total)


def without_rescaling(q, k, v):
    """What was summed before is not rescaled to the new maximum."""
    return streamed(q, k, v, rescale=False)


def whole_tiles(q, k, v):
    """The last, partial tile of keys is dropped."""
    return streamed(q, k, v, whole=True)


def whole_query_tiles(q, k, v):
    """The last, partial tile of queries is never written."""
    out = dense(LOOK)(q, k, v)
    out[:, q.shape[1] // 16 * 16 :] = 0
    return out


def overlapping_tiles(q, k, v, tile=16):
    """The last tile begins so early that it fits, and its first keys count twice."""
    k, v = repeated(k, q), repeated(v, q)
    n = k.shape[1]
    keys = [np.arange(first, first + tile) for first in range(0, n - tile + 1, tile)]
    if n % tile and n > tile:
        keys.append(np.arange(n - tile, n))
    j = np.concatenate(keys) if keys else np.arange(n)
    x = q @ k[:, j].mT * np.float32(q.shape[-1] ** -0.5)
    return softmax(x) @ v[:, j]


def rounded_edge(tile):
    """The left edge of the window rounded down to a tile."""
    return lambda i, j: (j <= i) & (j >= (i - 23) // tile * tile)


def tiles_up_to_the_query(i, j):
    """Causal by tiles: the tile of the query is not masked inside."""
    return j // 16 <= i // 16


def inverted(fill, additive=False):
    """True taken for masked."""
    return dense(lambda i, j: ~LOOK(i, j), fill=fill, additive=additive)


def cached(keys, from_end):
    """A window for the queries at the end of a cache, or at its beginning."""
    return dense(lookback(keys), from_end=from_end)


def positions_first(q, k, v):
    """A right kernel for (n, heads, d)."""
    q, k, v = (x.swapaxes(0, 1) for x in (q, k, v))
    return dense(LOOK)(q, k, v).swapaxes(0, 1)


CACHE = {"pattern": sr.Lookback(24), "n": (16, 64), "heads": 2, "ragged": True}
MUTANTS = [
    Mutant(
        "a window of one key too many, n left out",
        dense(lookback(25)),
        **WINDOW,
        finding="extra",
        diagnosis={"named": "Lookback(25)"},
        words=("one key too many at the left edge", r"Lookback\(25\), asked Lookback\(24\)"),
    ),
    Mutant(
        "a window of 257 keys for 256, n left out",
        dense(lookback(257)),
        sr.Lookback(256),
        ragged=True,
        finding="extra",
        diagnosis={"named": "Lookback(257)"},
        words=("one key too many at the left edge",),
        dtypes=("float32",),
    ),
    Mutant(
        "a window of one key too many, n as long as the window",
        dense(lookback(25)),
        **WINDOW,
        n=24,
        finding="extra",
        words=("one key too many at the left edge at n = ",),
    ),
    Mutant(
        "a window of one key too many, only n as long as the window",
        dense(lookback(25)),
        sr.Lookback(24),
        24,
        status="UNTESTED",
        words=(r"Lookback\(24\) is the same set as Causal\(\)", "use n >= 2[56]"),
    ),
    Mutant(
        "a window of one key too few, n left out",
        dense(lookback(23)),
        **WINDOW,
        finding="missing",
        words=("one key missing at the left edge",),
    ),
    Mutant(
        "a window without its query, n left out",
        dense(lambda i, j: (j < i) & (j >= i - 24)),
        **WINDOW,
        finding="missing",
    ),
    Mutant(
        "key head h % G",
        modulo,
        **WINDOW,
        heads=8,
        options={"kv_heads": 2},
        finding="kv map",
        words=("h % 2", "repeat instead of repeat_interleave"),
    ),
    Mutant(
        "what was summed before is not rescaled",
        without_rescaling,
        **WINDOW,
        finding="numerics",
        words=("rescal",),
    ),
    Mutant(
        "what was summed before is not rescaled, causal",
        lambda q, k, v: streamed(q, k, v, causal, rescale=False),
        sr.Causal(),
        ragged=True,
        finding="numerics",
        words=("rescal",),
    ),
    Mutant(
        "aligned at the upper left, a cache asked for",
        cached(24, from_end=False),
        **CACHE,
        options={"align": "bottom-right"},
        words=("upper-left",),
        source="torch `is_causal`; flash-attention before 2.1",
    ),
    Mutant(
        "aligned at the bottom right, the upper left asked for",
        cached(24, from_end=True),
        **CACHE,
        options={"align": "upper-left"},
        words=("bottom-right",),
    ),
    Mutant(
        "one key too many after a cache",
        cached(25, from_end=True),
        **CACHE,
        options={"align": "bottom-right"},
        finding="extra",
        words=("one key too many at the left edge",),
    ),
    *(
        Mutant(
            f"an inverted mask, {name}",
            inverted(fill),
            **WINDOW,
            words=("inverted",),
        )
        for name, fill in {
            "minus infinity": -np.inf,
            "-1e9": -1e9,
            "-1e4": -1e4,
            "the least float": LAST,
        }.items()
    ),
    Mutant("an inverted mask, -1e9 added", inverted(-1e9, True), **WINDOW, words=("inverted",)),
    Mutant(
        "the last, partial tile of keys dropped",
        whole_tiles,
        **WINDOW,
        finding="missing",
        words=("tile",),
    ),
    Mutant(
        "the last, partial tile of queries dropped",
        whole_query_tiles,
        **WINDOW,
        finding="missing",
    ),
    Mutant(
        "a last tile that overlaps the one before",
        overlapping_tiles,
        sr.Full(),
        ragged=True,
        finding="multiplicity",
        source="flash-attention-jax 0.3.1, `dynamic_slice`",
    ),
    Mutant(
        "-1e4 added to masked logits, n left out",
        dense(LOOK, fill=-1e4, additive=True),
        **WINDOW,
        finding="leak",
        words=("finite mask", r"-1e\+?0?4|-10,?000"),
    ),
    Mutant(
        "-1e4 in place of masked logits, n left out",
        dense(LOOK, fill=-1e4),
        **WINDOW,
        finding="leak",
        words=("finite mask", r"-1e\+?0?4|-10,?000"),
    ),
    Mutant(
        "scale 1",
        dense(LOOK, scale=1),
        **WINDOW,
        finding="scale",
        words=(r"logits are 1 q \. k, expected 0\.25 q \. k",),
    ),
    Mutant(
        "a scale of 2 % too much, d = 128",
        dense(LOOK, scale=1.02 * 128**-0.5),
        **WINDOW,
        options={"d": 128},
        finding="scale",
        dtypes=("bfloat16", "float32", "float16"),
    ),
    Mutant(
        "a scale of half a percent too little",
        dense(LOOK, scale=0.995 * 16**-0.5),
        **WINDOW,
        finding="scale",
    ),
    Mutant(
        "the scale of the width of all heads",
        dense(LOOK, scale=64**-0.5),
        **WINDOW,
        heads=4,
        finding="scale",
    ),
    Mutant(
        "heads left out of the output",
        lambda q, k, v: dense(LOOK)(q, k, v)[0],
        **WINDOW,
        heads=4,
        finding="shape",
    ),
    Mutant(
        "the output with its last axes exchanged",
        lambda q, k, v: dense(LOOK)(q, k, v).mT,
        **WINDOW,
        finding="shape",
    ),
    Mutant(
        "lse in base 2, not declared",
        with_lse(LOOK, base=2),
        **WINDOW,
        finding="lse",
        words=("base.?2",),
    ),
    Mutant(
        "lse without the largest logit",
        lambda q, k, v: (dense(LOOK)(q, k, v), np.zeros(q.shape[:2], np.float32)),
        **WINDOW,
        finding="lse",
    ),
    Mutant(
        "dv halved",
        dense(LOOK),
        **WINDOW,
        options={"gradients": gradients(LOOK, dv=0.5)},
        finding="gradient",
        words=(r"dv .*0\.5",),
    ),
    Mutant(
        "the left edge rounded down to tiles of 16",
        dense(rounded_edge(16)),
        **WINDOW,
        finding="extra",
        words=("rounded", "16"),
    ),
    Mutant(
        "the left edge rounded down to tiles of 64, n = 1024",
        dense(lambda i, j: (j <= i) & (j >= (i - 255) // 64 * 64)),
        sr.Lookback(256),
        1024,
        8,
        {"exhaustive": False},
        ragged=True,
        finding="extra",
        words=("rounded", "64"),
        dtypes=("float32",),
    ),
    Mutant(
        "not causal, n left out",
        dense(lambda i, j: abs(i - j) < 24),
        **WINDOW,
        finding="extra",
        words=("future",),
    ),
    Mutant(
        "no mask within the tile of the query",
        dense(tiles_up_to_the_query),
        sr.Causal(),
        ragged=True,
        finding="extra",
        words=("future|rounded",),
    ),
    Mutant(
        "positions before heads, heads before positions asked for",
        positions_first,
        **WINDOW,
        heads=4,
        options={"layout": "hnd"},
        words=("nhd|swapped layout",),
    ),
]
