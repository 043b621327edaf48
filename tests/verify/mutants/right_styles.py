"""Right implementations in more styles and layouts, at any length and with a newcomer's arguments.

Symbols:  i query;  j key;  x logits, -inf if masked;  p weights.
"""

import threading

import numpy as np
from verify.implementations import softmax

import sparse_ref as sr

from .dense import NONE, causal, dense, full, lookback, positions, repeated
from .newcomer import streamed
from .registry import Case

LOOK = lookback(24)
CAUSAL = {"pattern": sr.Causal(), "ragged": True}
WINDOW = {"pattern": sr.Lookback(24), "ragged": True}
GROUPED = {"pattern": sr.Lookback(24), "ragged": True, "heads": 4, "options": {"kv_heads": 2}}


def by_axes(order):
    """Attention whose arrays have their axes (batch, heads, n, d) in another order."""
    back = np.argsort(order)

    def fn(q, k, v):
        arrays = (x.transpose(back) for x in (q, k, v))
        out = np.stack([dense(LOOK)(*sequence) for sequence in zip(*arrays)])
        return out.transpose(order)

    return fn


def positions_first(q, k, v):
    """(n, heads, d), as varlen kernels take it."""
    return dense(LOOK)(*(x.swapaxes(0, 1) for x in (q, k, v))).swapaxes(0, 1)


def by_sequences(q, k, v, cu_seqlens_q, cu_seqlens_k):
    """(positions of all sequences, heads, d), as flash_attn_varlen_func takes it."""
    starts = zip(cu_seqlens_q, cu_seqlens_q[1:], cu_seqlens_k, cu_seqlens_k[1:])
    parts = [positions_first(q[a:b], k[c:d], v[c:d]) for a, b, c, d in starts]
    return np.concatenate(parts)


def joined_heads(heads):
    """(n, batch, heads * d), as fairseq takes it."""

    def fn(q, k, v):
        n_q, batch = q.shape[:2]
        split = [x.reshape(x.shape[0], batch, heads, -1).transpose(1, 2, 0, 3) for x in (q, k, v)]
        out = np.stack([dense(LOOK)(*sequence) for sequence in zip(*split)])
        return out.transpose(2, 0, 1, 3).reshape(n_q, batch, -1)

    return fn


def shared(qk, v):
    """Reformer: one array for queries and keys."""
    return dense(LOOK)(qk, qk, v)


def gathered(q, k, v):
    """Each row gathers the keys of its window into one block, -1 for those before the first."""
    i, _ = positions(q, k)
    j = i + np.arange(-23, 1)
    inside = (j >= 0) & (j < k.shape[1])
    j = np.clip(j, 0, k.shape[1] - 1)
    keys, values = repeated(k, q)[:, j], repeated(v, q)[:, j]
    x = (q[:, :, None] * keys).sum(axis=-1) * np.float32(q.shape[-1] ** -0.5)
    p = softmax(np.where(inside, x, NONE))
    return (p[..., None] * values).sum(axis=2)


def by_chunks(q, k, v, size=10):
    """Queries in chunks, each over the keys that its window reaches."""
    outs = []
    for first in range(0, q.shape[1], size):
        rows = q[:, first : first + size]
        start, end = max(0, first - 23), first + rows.shape[1]
        i, j = np.arange(first, end)[:, None], np.arange(start, end)[None]
        x = rows @ repeated(k, q)[:, start:end].mT * np.float32(q.shape[-1] ** -0.5)
        outs.append(softmax(np.where(LOOK(i, j), x, NONE)) @ repeated(v, q)[:, start:end])
    return np.concatenate(outs, axis=1)


def log_domain(q, k, v):
    """exp of the logit less the log of the sum."""
    i, j = positions(q, k)
    x = np.where(LOOK(i, j), q @ repeated(k, q).mT * np.float32(q.shape[-1] ** -0.5), NONE)
    return np.exp(x - np.logaddexp.reduce(x, axis=-1, keepdims=True)) @ repeated(v, q)


def in_double(q, k, v):
    """float64 inside and outside."""
    return dense(LOOK)(*(x.astype(np.float64) for x in (q, k, v)))


def grouped_axes(q, k, v):
    """Query heads in groups over key heads that are never repeated."""
    i, j = positions(q, k)
    groups = q.reshape(len(k), -1, *q.shape[1:])
    x = np.einsum("grid,gjd->grij", groups, k) * np.float32(q.shape[-1] ** -0.5)
    out = np.einsum("grij,gje->grie", softmax(np.where(LOOK(i, j), x, NONE)), v)
    return out.reshape(*q.shape[:2], v.shape[2])


def big_endian(q, k, v):
    """Numbers with their bytes in the other order."""
    return dense(LOOK)(q, k, v).astype(">f4")


def read_only(q, k, v):
    """An output that cannot be written on."""
    out = dense(LOOK)(q, k, v)
    out.flags.writeable = False
    return out


def column_major(q, k, v):
    """An output whose memory is transposed."""
    return np.asfortranarray(dense(LOOK)(q, k, v))


def strided_view(q, k, v):
    """Every second column of a wider buffer."""
    out = dense(LOOK)(q, k, v)
    buffer = np.zeros((*out.shape[:2], 2 * out.shape[2]), np.float32)
    buffer[..., ::2] = out
    return buffer[..., ::2]


def in_place(q, k, v):
    """The scale is multiplied into q itself, and the weights replace the logits."""
    q *= np.float32(q.shape[-1] ** -0.5)
    i, j = positions(q, k)
    x = q @ repeated(k, q).mT
    x[:, ~LOOK(i, j)] = NONE
    x -= x.max(axis=-1, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axis=-1, keepdims=True)
    return x @ repeated(v, q)


class OneThread:
    """A handle that only the thread that made it may use, as those of SQLite are."""

    def __init__(self):
        self.thread = threading.get_ident()

    def __deepcopy__(self, memo):
        return OneThread()

    def __call__(self, q, k, v):
        if threading.get_ident() != self.thread:
            raise RuntimeError("objects created in a thread can only be used in that same thread")
        return dense(LOOK)(q, k, v)


def split_keys(q, k, v):
    """Keys in three parts, merged by their log-sum-exp, as flash decoding does."""
    i, j = positions(q, k, from_end=True)
    k, v = repeated(k, q), repeated(v, q)
    outs, sums = [], []
    for part in np.array_split(np.arange(k.shape[1]), min(3, k.shape[1])):
        x = np.where(
            causal(i, j[:, part]), q @ k[:, part].mT / np.sqrt(np.float32(k.shape[-1])), NONE
        )
        sums.append(np.logaddexp.reduce(x, axis=-1, keepdims=True, initial=-np.inf))
        outs.append(softmax(x) @ v[:, part])
    weights = softmax(np.stack(sums, axis=-1))
    return sum(weights[..., part] * out for part, out in enumerate(outs))


def query_by_query(q, k, v):
    """A decoder: one query at a time over the cache up to it."""
    rows = [
        dense(LOOK, from_end=True)(q[:, i : i + 1], k[:, : i + 1], v[:, : i + 1])
        for i in range(q.shape[1])
    ]
    return np.concatenate(rows, axis=1)


def sorted_keys(q, k, v):
    """Keys in reverse, as a ring buffer may have them."""
    i, j = positions(q, k)
    x = q @ repeated(k, q)[:, ::-1].mT * np.float32(q.shape[-1] ** -0.5)
    x = np.where(LOOK(i, j[:, ::-1]), x, NONE)
    return softmax(x) @ repeated(v, q)[:, ::-1]


def padded(q, k, v, tile=16):
    """Queries and keys padded to whole tiles with ones, which are masked, and cut."""
    n_q, n_k = q.shape[1], k.shape[1]
    pad = [((0, 0), (0, -n % tile), (0, 0)) for n in (n_q, n_k, n_k)]
    arrays = (np.pad(x, p, constant_values=1) for x, p in zip((q, k, v), pad))
    return dense(lambda i, j: LOOK(i, j) & (j < n_k))(*arrays)[:, :n_q]


def two_calls(q, k, v):
    """Halves of the heads, one after the other."""
    half = len(q) // 2
    parts = [dense(LOOK)(q[h], k[h], v[h]) for h in (slice(None, half), slice(half, None))]
    return np.concatenate(parts)


AXES = {"bnhd": (0, 2, 1, 3), "sbhd": (2, 0, 1, 3), "bhnd": (0, 1, 2, 3)}
RIGHT = [
    *(
        Case(f"layout {name}", by_axes(order), **WINDOW, heads=4, options={"layout": name})
        for name, order in AXES.items()
    ),
    Case("layout nhd", positions_first, **WINDOW, heads=4, options={"layout": "nhd"}),
    Case("layout thd", by_sequences, **WINDOW, heads=4, options={"layout": "thd"}),
    Case("layout lbe", joined_heads(4), **WINDOW, heads=4, options={"layout": "lbe"}),
    Case("positions before heads, the layout left out", positions_first, **WINDOW, heads=4),
    Case("a batch, the layout left out", by_axes(AXES["bnhd"]), **WINDOW, heads=4),
    Case("one array for queries and keys", shared, **WINDOW, heads=2, options={"shared_qk": True}),
    Case("a gather of each window", gathered, **GROUPED),
    Case("queries in chunks", by_chunks, **GROUPED),
    Case("a stream of tiles", streamed, **GROUPED),
    Case("a stream of tiles of 7", lambda q, k, v: streamed(q, k, v, tile=7), **WINDOW),
    Case(
        "a stream of tiles, every key",
        lambda q, k, v: streamed(q, k, v, full),
        sr.Full(),
        ragged=True,
    ),
    Case("logarithms, any length", log_domain, **GROUPED),
    Case("float64 inside and outside", in_double, **GROUPED),
    Case("grouped heads by einsum, any length", grouped_axes, **GROUPED),
    Case("one key head for eight", dense(LOOK), **WINDOW, heads=8, options={"kv_heads": 1}),
    Case("bytes in the other order", big_endian, **WINDOW),
    Case("an output that cannot be written on", read_only, **WINDOW),
    Case("an output whose memory is transposed", column_major, **WINDOW, heads=2),
    Case("an output that is a view of a buffer", strided_view, **WINDOW, heads=2),
    Case("the input written on", in_place, **WINDOW, heads=2),
    Case("a handle that belongs to a thread", OneThread(), **WINDOW),
    Case("keys in three parts", split_keys, **CAUSAL, heads=2),
    Case("one query at a time", query_by_query, sr.Lookback(24), 64, 2),
    Case("keys in reverse", sorted_keys, **GROUPED),
    Case("padded to whole tiles", padded, **GROUPED),
    Case("heads in two calls", two_calls, **WINDOW, heads=4),
    Case(
        "one query after a cache",
        dense(LOOK, from_end=True),
        sr.Lookback(24),
        (1, 64),
        4,
        {"align": "bottom-right", "kv_heads": 2},
    ),
    Case(
        "a chunk of queries after a cache, in a window",
        dense(LOOK, from_end=True),
        sr.Lookback(24),
        (16, 80),
        2,
        {"align": "bottom-right"},
        ragged=True,
    ),
    Case(
        "a chunk of queries after a cache, keys in three parts",
        split_keys,
        sr.Causal(),
        (16, 80),
        2,
        {"align": "bottom-right"},
        ragged=True,
    ),
    Case(
        "aligned at the upper left, as asked",
        dense(LOOK),
        sr.Lookback(24),
        (40, 60),
        2,
        {"align": "upper-left"},
        ragged=True,
    ),
    Case("cross-attention", dense(full), sr.Full(), (20, 50), 2, {"align": "none"}, ragged=True),
    Case(
        "random sums, grouped heads",
        streamed,
        sr.Lookback(24),
        300,
        4,
        {"kv_heads": 2, "exhaustive": False},
    ),
    Case("random sums, a gather", gathered, sr.Lookback(24), 301, 2, {"exhaustive": False}),
    Case("wide values, any length", dense(LOOK), **WINDOW, heads=2, options={"d": 8, "e": 20}),
]
