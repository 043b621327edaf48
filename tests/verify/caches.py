"""KV caches in NumPy, (heads, n, d) or (batch, heads, n, d): right ones, and wrong ones by name.

Each is a class whose objects are steps: `Growing()` returns step(q, k, v) of an empty cache.
"""

from functools import partial

import numpy as np

WIDTH = 4  # keys of a window, entries of a ring
KEPT = 2  # first tokens that are kept
PAGE = 4  # tokens of a page


def attention(q, k, v, mask, bias=0.0):
    """Attention over the keys of a bool mask; an empty row is 0."""
    logits = np.where(mask, q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]) + bias, -np.inf)
    top = logits.max(axis=-1, keepdims=True, initial=-1e30)
    weights = np.exp(logits - top)
    total = weights.sum(axis=-1, keepdims=True)
    return (weights / np.where(total > 0, total, 1)) @ v


def past(queries, keys):
    """Which keys are not after the query, by their positions."""
    return keys <= queries[:, None]


class Growing:
    """All tokens; sees(queries, keys) tells by positions which keys a query attends to."""

    def __init__(self, sees=past):
        self.sees = sees
        self.keys = self.values = None

    def append(self, k, v):
        """Add the new tokens."""
        if self.keys is None:
            self.keys, self.values = k, v
        else:
            self.keys = np.concatenate([self.keys, k], axis=-2)
            self.values = np.concatenate([self.values, v], axis=-2)

    def positions(self, q):
        """The positions of the queries, and of the keys."""
        n_q, n_k = q.shape[-2], self.keys.shape[-2]
        return np.arange(n_k - n_q, n_k), np.arange(n_k)

    def __call__(self, q, k, v):
        self.append(k, v)
        return attention(q, self.keys, self.values, self.sees(*self.positions(q)))


class WithReset(Growing):
    """A growing cache that is emptied."""

    def reset(self):
        """Forget all tokens."""
        self.keys = self.values = None


class ForgetfulReset(WithReset):
    """Keeps the tokens of the sequence before."""

    def reset(self):
        """Forget nothing."""


class UpperLeft(Growing):
    """The mask is counted from key 0: the offset of the queries is forgotten."""

    def positions(self, q):
        """Queries as if they were the first tokens."""
        return np.arange(q.shape[-2]), np.arange(self.keys.shape[-2])


class StepsOnly(Growing):
    """Takes no chunk once it has tokens."""

    def __call__(self, q, k, v):
        if self.keys is not None and q.shape[-2] > 1:
            raise NotImplementedError("one token at a time")
        return super().__call__(q, k, v)


class BoolAdded(Growing):
    """A bool mask is added to the logits of later calls: 1 for allowed keys, and no key masked."""

    def __call__(self, q, k, v):
        is_first = self.keys is None
        self.append(k, v)
        mask = self.sees(*self.positions(q))
        if is_first:
            return attention(q, self.keys, self.values, mask)
        return attention(q, self.keys, self.values, True, bias=1.0 * mask)


def recent(queries, keys):
    """The last WIDTH keys, the query's included."""
    return past(queries, keys) & (keys > queries[:, None] - WIDTH)


def kept_and_recent(queries, keys):
    """The first KEPT keys, and the last WIDTH."""
    return recent(queries, keys) | (past(queries, keys) & (keys < KEPT))


class ChunkOnly(Growing):
    """A window that sees all of its own chunk and nothing before it in later chunks."""

    def __call__(self, q, k, v):
        is_later = self.keys is not None and q.shape[-2] > 1
        self.append(k, v)
        queries, keys = self.positions(q)
        mask = recent(queries, keys)
        if is_later:
            mask = np.broadcast_to(keys >= queries[0], mask.shape)
        return attention(q, self.keys, self.values, mask)


class Ring:
    """The last WIDTH tokens: token p is in slot p mod WIDTH; tokens enter one by one."""

    kept = 0

    def __init__(self):
        self.filled = 0

    def slot(self, p):
        """Where token p is written."""
        if p < self.kept:
            return p
        return self.kept + (p - self.kept) % WIDTH

    def visible(self):
        """Which slots are attended to."""
        return np.arange(self.kept + WIDTH) < self.filled

    def write(self, k, v):
        """Add one token."""
        if not self.filled:
            self.keys = np.zeros((*k.shape[:-1], self.kept + WIDTH, k.shape[-1]), k.dtype)
            self.values = np.zeros((*v.shape[:-1], self.kept + WIDTH, v.shape[-1]), v.dtype)
        slot = self.slot(self.filled)
        self.keys[..., slot, :], self.values[..., slot, :] = k, v
        self.filled += 1

    def __call__(self, q, k, v):
        outs = []
        for i in range(q.shape[-2]):
            self.write(k[..., i, :], v[..., i, :])
            out = attention(q[..., i : i + 1, :], self.keys, self.values, self.visible())
            outs.append(out)
        return np.concatenate(outs, axis=-2)


class UnmaskedRing(Ring):
    """Attends to the slots that are empty yet."""

    def visible(self):
        """All slots."""
        return np.ones(self.kept + WIDTH, bool)


class WrapOffByOne(Ring):
    """The first token after a wrap goes to slot 1."""

    def slot(self, p):
        """One slot too far after the ring is full."""
        return p if p < WIDTH else (p + 1) % WIDTH


class WriteFirst(Ring):
    """Writes all of a chunk before any of its queries reads."""

    def __call__(self, q, k, v):
        for i in range(q.shape[-2]):
            self.write(k[..., i, :], v[..., i, :])
        return attention(q, self.keys, self.values, self.visible())


class Rotating(Ring):
    """The first KEPT tokens, and a ring of WIDTH."""

    kept = KEPT


class SinksEvicted(Rotating):
    """The ring goes through all slots, those of the kept tokens too."""

    def slot(self, p):
        """Where token p is written."""
        return p % (KEPT + WIDTH)


class KeptLostInPrompts(Growing):
    """Prompts longer than the cache see a window only; single steps see the kept tokens too."""

    def __call__(self, q, k, v):
        self.sees = recent if q.shape[-2] > KEPT + WIDTH else kept_and_recent
        return super().__call__(q, k, v)


class Paged:
    """Pages of a pool that all sequences share, (batch, heads, n, d); step takes lengths.

    The pool is older than the cache: pages are full of earlier numbers.
    """

    def __init__(self, pages=256):
        self.free = list(np.random.default_rng(0).permutation(pages))
        self.pool = None

    def __call__(self, q, k, v, lengths=None):
        batch, heads, n, _ = k.shape
        if self.pool is None:
            shape = 2, len(self.free), heads, PAGE
            self.pool = [np.full((*shape[1:], x.shape[-1]), 3.0, x.dtype) for x in (k, v)]
            self.tables, self.lengths = [[] for _ in range(batch)], [0] * batch
        lengths = (n,) * batch if lengths is None else lengths
        out = np.full((batch, q.shape[1], n, v.shape[-1]), np.nan, v.dtype)
        for b, length in enumerate(lengths):
            for i in range(length):
                self.write(b, k[b, :, i], v[b, :, i])
            out[b, :, :length] = self.attend(b, q[b, :, :length])
        return out

    def write(self, b, k, v):
        """Add one token of a sequence."""
        page, place = divmod(self.lengths[b], PAGE)
        if page == len(self.tables[b]):
            self.tables[b].append(self.free.pop())
        for pool, x in zip(self.pool, (k, v)):
            pool[self.tables[b][page], :, place] = x
        self.lengths[b] += 1

    def table(self, b):
        """The pages of a sequence."""
        return self.tables[b]

    def visible(self, b, queries, keys):
        """Which entries of its pages a sequence's queries attend to."""
        return past(queries, keys)

    def attend(self, b, q):
        """The output of the last queries of a sequence."""
        k, v = (np.concatenate(pool[self.table(b)], axis=-2) for pool in self.pool)
        queries = np.arange(self.lengths[b] - q.shape[-2], self.lengths[b])
        mask = self.visible(b, queries, np.arange(k.shape[-2]))
        return attention(q, k, v, mask)


class OtherTable(Paged):
    """Reads the pages of the first sequence."""

    def table(self, b):
        """As many pages of the first sequence, as far as it has them."""
        return (self.tables[0] + self.tables[b])[: len(self.tables[b])]


class TailUnmasked(Paged):
    """Single steps attend to all of the last page."""

    def visible(self, b, queries, keys):
        """The causal set, or all entries."""
        if len(queries) > 1:
            return past(queries, keys)
        return np.ones((1, len(keys)), bool)


class StalePage(Paged):
    """A page that is full stays in the table for one token more, whose entry is lost."""

    def write(self, b, k, v):
        """Add one token; the first of each later page stays where an old number is."""
        page, place = divmod(self.lengths[b], PAGE)
        if place == 0 and page > 0:
            self.tables[b].append(self.free.pop())
            self.lengths[b] += 1
            return
        super().write(b, k, v)


class PaddingStored(Paged):
    """Stores the padding of the shorter sequences as tokens."""

    def __call__(self, q, k, v, lengths=None):
        n = k.shape[-2]
        out = super().__call__(q, k, v)
        kept = [np.roll(out[b], length - n, axis=-2) for b, length in enumerate(lengths)]
        return np.stack(kept)


BATCH = dict(layout="bhnd", heads=2)
UNEVEN = dict(layout="bhnd", heads=2, lengths=True)
RIGHT = {
    "growing": (Growing, "Causal()", {}),
    "window": (partial(Growing, recent), "Lookback(4)", {}),
    "reset": (WithReset(), "Causal()", {}),
    "kept": (partial(Growing, kept_and_recent), "streaming(2, 4)", {}),
    "ring": (Ring, "Lookback(4)", {}),
    "rotating": (Rotating, "streaming(2, 4)", {}),
    "paged": (Paged, "Causal()", BATCH),
    "uneven": (Paged, "Causal()", UNEVEN),
}
WRONG = {  # the cache, the pattern, options, a kind of the first findings, words of the report
    "upper-left": (UpperLeft, "Causal()", {}, "missing", ("decoding steps 1 to 8",)),
    "bool added": (BoolAdded, "Causal()", {}, "extra", ("future leaks", "by 2 of 5 schedules")),
    "chunk only": (ChunkOnly, "Lookback(4)", {}, "extra", ("(small chunks; ",)),
    "reset": (ForgetfulReset(), "Causal()", {}, "state", ("the sequence before",)),
    "ring not full": (UnmaskedRing, "Lookback(4)", {}, "ghost", ("every schedule",)),
    "wrap": (WrapOffByOne, "Lookback(4)", {}, "extra", ("query 4, key 0", "every schedule")),
    "write first": (WriteFirst, "Lookback(4)", {}, "extra", ("by 4 of 5 schedules",)),
    "sinks evicted": (SinksEvicted, "streaming(2, 4)", {}, "missing", ("is Lookback(6)",)),
    "kept lost": (KeptLostInPrompts, "streaming(2, 4)", {}, "missing", ("columns 0, 1",)),
    "other table": (OtherTable, "Causal()", UNEVEN, "batch", ("another sequence of the batch",)),
    "tail": (
        TailUnmasked,
        "Causal()",
        BATCH,
        "state",
        ("stale or unwritten entries", "the tail of the last page"),
    ),
    "stale page": (StalePage, "Causal()", BATCH, "state", ("stale or unwritten entries",)),
    "padding stored": (PaddingStored, "Causal()", UNEVEN, "ghost", ("padding of shorter",)),
}
