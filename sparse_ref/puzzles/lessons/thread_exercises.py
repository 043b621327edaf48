"""Exercises of lesson 11: a coalesced copy, a barrier that is missing, banks of shared memory."""

from __future__ import annotations

import math

import numpy as np

from ..kinds import Value
from ..puzzle import Mistake, Puzzle

THREADS = 64


def place_of_copy(t, step, d):
    """Neighbouring threads take neighbouring numbers; a step takes 64 of them."""
    return divmod(64 * step + t, d)


def _thread_and_step(rng, size):
    """A thread, and a step of a copy of 64 keys of d features."""
    d = 8 * size
    return int(rng.integers(THREADS)), int(rng.integers(d)), d


def _feature_first(t, step, d):
    return place_of_copy(t, step, d)[::-1]


COPIES = (0, 0, 16), (3, 2, 128)

PLACE_OF_COPY = Puzzle(
    number="11.1",
    title="A copy whose threads read side by side",
    question=(
        "64 threads copy 64 keys of d features, which lie in memory one after the other. In each "
        "step each thread copies one number, and in step s all threads together copy the numbers "
        "64 s, ..., 64 s + 63, thread 0 the first of them.\n\n"
        "Return (key, feature) of the number that thread t copies in this step."
    ),
    kind=Value(draw=_thread_and_step, examples=COPIES),
    reference=place_of_copy,
    hints=(
        "Which number is it, counted from the start of the first key?",
        "Number x is feature x mod d of key x // d.",
    ),
    mistakes=(
        Mistake(
            "a key for each thread: neighbours are d numbers apart", lambda t, step, d: (t, step)
        ),
        Mistake("a feature for each thread, as if d were 64", lambda t, step, d: (step, t)),
        Mistake(
            "a step is not a key: 64 numbers are 64 / d keys", lambda t, step, d: (step, t % d)
        ),
        Mistake("key and feature exchanged", _feature_first),
        Mistake("a step takes 64 numbers, not d", lambda t, step, d: divmod(d * step + t, d)),
    ),
)


def needs_barrier(reads, writes, later_reads, later_writes):
    """A cell that one thread touches before and another after, if one of the two writes it."""
    for t in range(len(reads)):
        for u in range(len(reads)):
            written = writes[t] & (later_reads[u] | later_writes[u])
            overwritten = reads[t] & later_writes[u]
            if t != u and (written | overwritten).any():
                return True
    return False


def _conflict(before, after, own=False):
    """Whether a cell is in a row of `before` and in another row of `after`."""
    threads = range(len(before))
    pairs = [(t, u) for t in threads for u in threads if own or t != u]
    shared = [before[t] & after[u] for t, u in pairs]
    return bool(np.any(shared))


def _written_then_read(reads, writes, later_reads, later_writes):
    return _conflict(writes, later_reads)


def _anyone_written_then_read(reads, writes, later_reads, later_writes):
    return _conflict(writes, later_reads, own=True)


def _no_overwriting(reads, writes, later_reads, later_writes):
    return _conflict(writes, later_reads | later_writes)


def _no_double_write(reads, writes, later_reads, later_writes):
    return _conflict(writes, later_reads) or _conflict(reads, later_writes)


def _own_cells(reads, writes, later_reads, later_writes):
    touched = _conflict(writes, later_reads | later_writes, own=True)
    return touched or _conflict(reads, later_writes, own=True)


def _two_reads(reads, writes, later_reads, later_writes):
    return _conflict(reads | writes, later_reads | later_writes)


def _always(reads, writes, later_reads, later_writes):
    return True


def _same_thread(reads, writes, later_reads, later_writes):
    return bool((writes & later_reads).any())


def _phases(rng, size):
    """What three threads read and write in a few cells, mostly nothing."""
    shape = 4, 3, size + 1
    return tuple(rng.random(shape) < 0.15)


# what two threads touch of two cells
NOTHING = np.zeros((2, 2), bool)
FIRST = np.array([[True, False], [False, False]])  # thread 0 cell 0
SECOND = np.array([[False, False], [True, False]])  # thread 1 cell 0
ELSEWHERE = np.array([[False, False], [False, True]])  # thread 1 cell 1

NEEDS_BARRIER = Puzzle(
    number="11.2",
    title="Is a barrier missing?",
    question=(
        "Two phases of a kernel follow each other with no barrier between. reads[t, c] and "
        "writes[t, c] say whether thread t reads and writes cell c of shared memory in the first "
        "phase; later_reads and later_writes say so of the second.\n\n"
        "Return True if a barrier is needed between the phases, so that threads in another order "
        "cannot give another result."
    ),
    kind=Value(
        draw=_phases,
        examples=(
            (NOTHING, FIRST, SECOND, NOTHING),
            (FIRST, NOTHING, NOTHING, SECOND),
            (NOTHING, FIRST, NOTHING, SECOND),
            (FIRST, NOTHING, SECOND, NOTHING),
            (NOTHING, FIRST, FIRST, NOTHING),
            (NOTHING, FIRST, ELSEWHERE, NOTHING),
        ),
    ),
    reference=needs_barrier,
    hints=(
        "There are three ways to clash: write then read, read then write, write then write.",
        "A thread never waits for itself, and two readers never clash.",
    ),
    mistakes=(
        Mistake(
            "only write then read: the lesson's second barrier is forgotten", _written_then_read
        ),
        Mistake("read then write is forgotten: a slow thread reads what is new", _no_overwriting),
        Mistake("write then write is forgotten: the last one stays", _no_double_write),
        Mistake("only write then read, by whatever thread", _anyone_written_then_read),
        Mistake("a thread need not wait for itself", _own_cells),
        Mistake("two reads of one cell do no harm", _two_reads),
        Mistake("a barrier everywhere: right, and slow; say when one is needed", _always),
        Mistake("only a thread's own cells: it never waits for itself", _same_thread),
    ),
)


def turns_of_banks(stride):
    """The threads t with the same t stride mod 32 share a bank: gcd(stride, 32) of them."""
    banks = np.arange(32) * stride % 32
    return int(np.bincount(banks).max())


def _strides():
    from hypothesis import strategies as st

    return st.tuples(st.integers(1, 300))


STRIDES = tuple((stride,) for stride in range(1, 66))

TURNS_OF_BANKS = Puzzle(
    number="11.3",
    title="Banks of shared memory",
    question=(
        "Shared memory has 32 banks, and number x is in bank x mod 32. In one turn a bank gives "
        "one number. The 32 threads of a warp read the numbers 0, stride, 2 stride, ..., "
        "31 stride, all at once.\n\n"
        "Return how many turns it takes. (Afterwards: why do kernels keep a tile with 64 columns "
        "in an array with 65?)"
    ),
    kind=Value(examples=STRIDES, arguments=_strides),
    reference=turns_of_banks,
    hints=(
        "How many threads want the bank that is wanted most?",
        "Stride 64: all in bank 0. Stride 65: each in a bank of its own.",
    ),
    mistakes=(
        Mistake(
            "the number of banks in use, not of turns", lambda stride: 32 // math.gcd(stride, 32)
        ),
        Mistake(
            "an odd stride meets each bank once, however large", lambda stride: min(stride, 32)
        ),
        Mistake("lines of global memory, not banks", lambda stride: (31 * stride) // 32 + 1),
        Mistake("only powers of two share banks: 3 does not", lambda stride: stride),
        Mistake(
            "all even strides share banks, not only multiples of 32",
            lambda stride: 1 if stride % 32 else 32,
        ),
        Mistake(
            "stride 6 shares no more than 2 does: only its powers of two count",
            lambda stride: 1 if stride % 2 else stride,
        ),
        Mistake("one turn, as if each thread had a bank of its own", lambda stride: 1),
    ),
)

PUZZLES = (PLACE_OF_COPY, NEEDS_BARRIER, TURNS_OF_BANKS)
