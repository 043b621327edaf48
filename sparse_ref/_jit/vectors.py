"""One row of a panel as a value: what each function means, in NumPy.

A panel is an array (rows, lanes), 16 lanes of float32 or 8 of float64: 64 bytes a row. `load(panel,
r)` is its row r, arithmetic runs lane by lane, `store(panel, r, x)` puts a row back. A wider array
counts as a panel row after row.

Compiled code holds such a row in registers, by the LLVM instructions in `registrations`: the
compiler does not do so of itself with arrays, since any two of them might overlap.
"""

from __future__ import annotations

import numpy as np

BYTES = 64


def lanes(panel):
    """How many numbers of the panel's dtype one row holds."""
    return BYTES // panel.itemsize


def load(panel, r):
    """Row r of a panel."""
    return panel.reshape(-1, lanes(panel))[r].copy()


def store(panel, r, x):
    """Row r of a panel becomes x."""
    panel.reshape(-1, lanes(panel))[r] = x


def broadcast(array, place):
    """Number `place` of a contiguous array, counted in its memory's order, in every lane."""
    return np.full(lanes(array), array.reshape(-1)[place])


def zero(array):
    """0 in every lane, in the dtype of the array."""
    return np.zeros(lanes(array), array.dtype)


def one(array):
    """1 in every lane, in the dtype of the array."""
    return np.ones(lanes(array), array.dtype)


def fma(x, y, z):
    """x y + z, rounded once in compiled code."""
    return x * y + z


def greater(x, y):
    """x where x > y, y elsewhere: y where either is NaN."""
    return np.where(x > y, x, y)


def lower(x, y):
    """y where x > y, x elsewhere: x where either is NaN."""
    return np.where(x > y, y, x)


def lowest_unless(bits, x):
    """Lane u of x where bit u is set, -inf elsewhere."""
    lowest = x.dtype.type(-np.inf)
    return np.where(_bits_of(bits, x), x, lowest)


def zero_unless(bits, x):
    """Lane u of x where bit u is set, 0 elsewhere."""
    return np.where(_bits_of(bits, x), x, x.dtype.type(0))


def _bits_of(bits, x):
    """Whether each bit is set, a bit for each lane."""
    lane = np.arange(len(x), dtype=np.uint64)
    return (bits >> lane) & np.uint64(1) != 0


def zero_for_lowest(x):
    """x, and 0 where it is -inf."""
    return np.where(x == -np.inf, x.dtype.type(0), x)


def one_for_zero(x):
    """x, and 1 where it is 0."""
    return np.where(x == 0, x.dtype.type(1), x)


def exp(x):
    """e^x for x <= 0, -inf and NaN included; 0 where the dtype's normal numbers end."""
    least = -87 if x.dtype == np.float32 else -708
    zero = x.dtype.type(0)
    return np.where(x < least, zero, np.exp(x))


def unit(array):
    """What a weight of 1 is held as in sums, in the dtype of the array: 2^80 in float32, else 1.

    So a weight of e^-142 is a normal number, and so is its product with all but the least values.
    """
    return array.dtype.type(2.0**80 if array.itemsize == 4 else 1.0)


def unit_exp(x):
    """`unit` times e^x for x <= 0, -inf and NaN included; 0 where the normal numbers end."""
    least = -142 if x.dtype == np.float32 else -708
    weight = np.exp(x.astype(np.float64)) * float(unit(x))
    return np.where(x < least, 0, weight).astype(x.dtype)


def transpose_square(a, first, a_step, b, to, b_step):
    """b.flat[to + c b_step + r] = a.flat[first + r a_step + c], r and c below lanes / 2."""
    side = np.arange(lanes(a) // 2)
    rows = side[:, None]
    block = a.reshape(-1)[first + rows * a_step + side]
    b.reshape(-1)[to + rows * b_step + side] = block.T


def next_item(queue):
    """The next piece of work: queue[0], which then is one more, for all threads at once.

    A queue begins as int64 [0].
    """
    item = queue[0]
    queue[0] += 1
    return item


def widen(bits):
    """A number of the input as kernels compute with it: itself, or the float32 of 16 bits.

    float16 comes as its bits in uint16, bfloat16 in int16.
    """
    if isinstance(bits, np.uint16):
        return np.float32(bits.view(np.float16))
    if isinstance(bits, np.int16):
        word = np.uint32(bits.view(np.uint16))
        return (word << np.uint32(16)).view(np.float32)
    return bits


def needs_copy(array, copy):
    """Whether the array is always read by copy, which is of another dtype."""
    return array.dtype != copy.dtype


def array_or_copy(array, copy, direct):
    """The array if `direct`, else its copy; always the copy if the array needs one."""
    return array if direct and not needs_copy(array, copy) else copy
