"""Ways to spoil a field: what else it may hold, whether an array, a number or a tuple; by name."""

import numpy as np

INTEGERS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i4", ">i8", ">u8", "q"]
OTHERS = ["f2", "f4", "f8", ">f4", "c8", "b1", "O", "U5", "M8[s]", [("x", "i4")]]
NUMBERS = [-(2**63), -(2**31), -65, -2, -1, 0, 1, 63, 64, 129, 2**31 - 1, 2**31, 2**40]
NUMBERS += [2**62, 2**63 - 1, 2**64 - 1, np.nan, np.inf, 1e38]
VALUES = [None, True, -1, 0, 1, 7, 2**31, 2**63, 2.5, np.nan, "8", (), [1, 2], {}, object()]
VALUES += [(8,), (8, 8, 8), (8.0, 8), (-1, 8), (2**40, 8), (2**63, 8), (np.int64(8), 8), ("8", 8)]


HUGE = "huge"  # 2**33 rows in the memory of one


class Subclass(np.ndarray):
    """An ndarray by another name."""


class Unsized:
    """An array, it says."""

    def __array__(self, dtype=None, copy=None):
        raise KeyError("no array")


def ways(x):
    """(name, call) of each way to spoil x; a call raises ValueError, TypeError or IndexError where
    x has no such form.
    """
    yield from ((f"value {value!r:.30}", lambda value=value: value) for value in VALUES)
    yield "unsized", Unsized
    if isinstance(x, tuple):
        yield "reversed tuple", lambda: x[::-1]
        yield "longer tuple", lambda: (*x, x)
    if not isinstance(x, np.ndarray):
        return
    for dtype in INTEGERS + OTHERS:
        yield f"dtype {dtype}", lambda dtype=dtype: x.astype(dtype)
    for number in NUMBERS:
        yield f"set {number}", lambda number=number: replaced(x, number, 0)
        yield f"set {number} last", lambda number=number: replaced(x, number, x.size - 1)
        yield f"set {number} amid", lambda number=number: replaced(x, number, x.size // 2)
        yield f"fill {number}", lambda number=number: np.full_like(x, exactly(x, number))
    yield from ((name, lambda way=way: way(x)) for name, way in FORMS.items())


def exactly(x, number):
    """The number as x holds it; ValueError if it cannot."""
    if x.dtype.kind in "iu" and not np.iinfo(x.dtype).min <= number <= np.iinfo(x.dtype).max:
        raise ValueError("out of range")
    return x.dtype.type(number)


def replaced(x, number, place):
    """x with one number replaced."""
    changed = x.copy()
    changed.flat[place] = exactly(x, number)
    return changed


def unaligned(x):
    """x one byte away from where its numbers should begin."""
    room = np.zeros(x.nbytes + 1, np.uint8)
    moved = room[1:].view(x.dtype).reshape(x.shape)
    moved[...] = x
    return moved


def read_only(x):
    """x, not to be written to."""
    copy = x.copy()
    copy.flags.writeable = False
    return copy


def wrapping(x):
    """A row of numbers whose differences wrap to what rises."""
    changed = x.copy()
    changed[1:4] = 2**63 - 1, -(2**63), -1
    return changed


def sawtooth(x):
    """Up and down, unsigned: every difference is at least 0."""
    changed = x.astype(np.uint32)
    changed[1:-1:2] = changed[-1]
    changed[2:-1:2] = 0
    return changed


FORMS = {
    "list": lambda x: x.tolist(),
    "subclass": lambda x: x.view(Subclass),
    "masked": np.ma.masked_array,
    "memory": memoryview,
    "number": lambda x: x.flat[0],
    "no axes": lambda x: np.array(x.flat[0]),
    "one more axis": lambda x: x[None],
    "last axis": lambda x: x[..., None],
    "flat": np.ravel,
    "short": lambda x: x[:-1],
    "short last axis": lambda x: x[..., :-1],
    "long": lambda x: np.concatenate([x, x[-1:]]),
    "twice": lambda x: np.concatenate([x, x]),
    "empty": lambda x: x[:0],
    "empty last axis": lambda x: x[..., :0],
    "backwards": lambda x: x[::-1],
    "sorted down": lambda x: np.sort(x, axis=0)[::-1].copy(),
    "strided": lambda x: np.repeat(x, 2, axis=0)[::2],
    "strided last axis": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "columns first": np.asfortranarray,
    "transposed": np.transpose,
    "constant": lambda x: np.broadcast_to(x[:1], x.shape),
    "unaligned": unaligned,
    "read-only": read_only,
    "negative": np.negative,
    "one more": lambda x: x + x.dtype.type(1),
    "wrapping": wrapping,
    "sawtooth": sawtooth,
    HUGE: lambda x: np.broadcast_to(x[:1], (2**33, *x.shape[1:])),
}
