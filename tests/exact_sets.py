"""The sets of patterns again, by comprehension over Python's integers: an oracle.

It imports nothing of the library. A pattern is read by the name of its class and its fields alone;
what a class means is written here a second time, from the papers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

POWERS = {2**e for e in range(200)}


def ceil_div(a: int, b: int) -> int:
    """The least integer of at least a / b."""
    return -(-a // b)


def is_neighbor(i, j, n, keys, stride, dilation) -> bool:
    """NATTEN: the window of the group's leader, moved inward at the ends of its residue."""
    places = list(range(i % dilation, n, dilation))
    group = i // dilation // stride
    lead = group * stride + stride // 2
    first = min(max(lead - keys // 2, 0), len(places) - keys)
    return j in places[first : first + keys]


def is_causal_neighbor(i, j, n, keys, stride, dilation) -> bool:
    """NATTEN, causal: the last query of the group looks back, the others keep what is past."""
    places = list(range(i % dilation, n, dilation))
    group = i // dilation // stride
    lead = min((group + 1) * stride, len(places)) - 1
    return j <= i and j in places[max(lead - keys + 1, 0) : lead + 1]


def restarts(i, j, sub, local) -> bool:
    """LogSparse within `sub` positions, and again from each sub-th position before i."""
    x = (i - j) % sub
    return j <= i and (x < local or x - local + 1 in POWERS)


RULES = {
    "Band": lambda i, j, left, right: j - i in range(-left, right + 1),
    "Block": lambda i, j, l: i - i % l <= j <= i,
    "Causal": lambda i, j: not j > i,
    "CausalNeighborhood": is_causal_neighbor,
    "Chunk": lambda i, j, keys, offset: 0 <= j - ((i - offset) // keys * keys + offset) < keys,
    "Complete": lambda i, j, length, stride: j * stride + length - 1 <= i,
    "Circular": lambda i, j, n, before, after: (j - (i - before)) % n <= before + after,
    "Dilated": lambda i, j, radius, step: abs(i - j) % step == 0 and abs(i - j) // step <= radius,
    "DilatedSegment": lambda i, j, w, r, s: (
        i // w == j // w and all((x - x // w * w) % r == s for x in (i, j))
    ),
    "Flip": lambda i, j, step: min(i, j) % (2 * step) < step and max(i, j) == min(i, j) + step,
    "Full": lambda i, j: True,
    "Global": lambda i, j, count: min(i, j) < count,
    "GlobalAt": lambda i, j, positions: bool({i, j} & set(positions)),
    "Local": lambda i, j, l: max(0, i - l) <= j <= i,
    "LogSparse": lambda i, j: i == j or i - j in POWERS,
    "LogSparseRestart": restarts,
    "Lookback": lambda i, j, keys: 0 <= i - j < keys,
    "MemoryBlock": lambda i, j, block, before, after: (
        i // block * block - before <= j < i // block * block + block + after
    ),
    "Neighborhood": is_neighbor,
    "Prefix": lambda i, j, length: j < length,
    "Sinks": lambda i, j, count: j <= min(i, count - 1),
    "Slashes": lambda i, j, offsets: i - j in {offset for offset in offsets if offset >= 0},
    "Started": lambda i, j, length, stride: j * stride <= i,
    "Strided": lambda i, j, l: j <= i and (i - j) % l == 0,
    "SubBlock": lambda i, j, l, c, number: j <= i and (l - 1 - j % l) // c == number - 1,
    "Summary": lambda i, j, l, c: j <= i and l - j % l <= c,
    "Verticals": lambda i, j, positions: j in {x for x in positions if x <= i},
    "Window": lambda i, j, radius: -radius <= i - j <= radius,
}


def fields(p) -> dict:
    """The parameters of a pattern by their names."""
    return {name: value for name, value in vars(p).items() if not name.startswith("_")}


def key_set(p, i: int, n: int) -> set[int]:
    """A_i below n."""
    kind = type(p).__name__
    if kind in RULES:
        parameters = fields(p)
        return {j for j in range(n) if RULES[kind](i, j, **parameters)}
    return COMBINATIONS[kind](p, i, n)


def blockwise(p, i: int, n: int) -> set[int]:
    b_q, b_k = p.block
    blocks = key_set(p.pattern, i // b_q, ceil_div(n, b_k))
    return {j for j in range(n) if j // b_k in blocks}


def pooled(p, i: int, n: int) -> set[int]:
    pools = key_set(p.pattern, i, ceil_div(n, p.stride))
    tokens = ({e * p.stride + x for x in range(min(p.length, n))} for e in pools)
    return {j for keys in tokens for j in keys if j < n}


def documents(p, i: int, n: int) -> set[int]:
    start = 0
    for length in p.lengths:
        if i < start + length:
            break
        start += length
    if p.inner is None:
        return set(range(start, start + length))
    return {start + j for j in key_set(p.inner, i - start, length)}


def coordinates(x: int, shape) -> Iterator[int]:
    """Of position x in a grid read row by row, the last axis first."""
    for side in reversed(shape):
        yield x % side
        x //= side


def grid(p, i: int, n: int) -> set[int]:
    places = zip(reversed(p.patterns), coordinates(i, p.shape), reversed(p.shape))
    axes = [key_set(pattern, x, side) for pattern, x, side in places]
    return {j for j in range(n) if all(x in keys for x, keys in zip(coordinates(j, p.shape), axes))}


def listed(p, i: int, n: int) -> set[int]:
    keys = p.indices.tolist()[p.indptr.tolist()[i] : p.indptr.tolist()[i + 1]]
    return {j for j in keys if j < n}


def random_keys(p, i: int, n: int) -> set[int]:
    """Floyd's method on the words of the Philox stream from block i ceil(keys / 4) on."""
    stream = np.random.Philox(key=p.seed)
    stream.advance(i * ceil_div(p.keys, 4))
    words = stream.random_raw(4 * ceil_div(p.keys, 4)).tolist() if p.keys else []
    keys: set[int] = set()
    for last, word in zip(range(p.n - p.keys, p.n), words):
        drawn = word % (last + 1)
        keys.add(last if drawn in keys else drawn)
    return keys


COMBINATIONS = {
    "Union": lambda p, i, n: key_set(p.left, i, n) | key_set(p.right, i, n),
    "Intersection": lambda p, i, n: key_set(p.left, i, n) & key_set(p.right, i, n),
    "Difference": lambda p, i, n: key_set(p.left, i, n) - key_set(p.right, i, n),
    "Complement": lambda p, i, n: set(range(n)) - key_set(p.pattern, i, n),
    "Shifted": lambda p, i, n: key_set(p.pattern, i + p.offset, n),
    "Blockwise": blockwise,
    "Documents": documents,
    "Pooled": pooled,
    "Grid": grid,
    "Listed": listed,
    "Random": random_keys,
}


def is_member(p, i: int, j: int) -> bool:
    """Whether j is in A_i, for positions of any size."""
    kind = type(p).__name__
    if kind in RULES:
        return bool(RULES[kind](i, j, **fields(p)))
    if kind == "Complement":
        return not is_member(p.pattern, i, j)
    if kind == "Shifted":
        return is_member(p.pattern, i + p.offset, j)
    if kind == "Blockwise":
        return is_member(p.pattern, i // p.block[0], j // p.block[1])
    if kind == "Pooled":
        first = max(ceil_div(j - p.length + 1, p.stride), 0)
        return any(is_member(p.pattern, i, e) for e in range(first, j // p.stride + 1))
    left, right = is_member(p.left, i, j), is_member(p.right, i, j)
    return {"Union": left or right, "Intersection": left and right}.get(kind, left and not right)


def rows(p, n) -> list[set[int]]:
    """A_0, A_1, ... for n queries and keys, or (n_q, n_k) of them."""
    n_q, n_k = n if isinstance(n, tuple) else (n, n)
    return [key_set(p, i, n_k) for i in range(n_q)]


def matrix(sets: Iterable[set[int]], n_k: int) -> np.ndarray:
    """[j in A_i], bool (n_q, n_k)."""
    sets = list(sets)
    mask = np.zeros((len(sets), n_k), bool)
    for i, keys in enumerate(sets):
        mask[i, sorted(keys)] = True
    return mask


def mask(p, n) -> np.ndarray:
    """[j in A_i] of a pattern, bool (n_q, n_k)."""
    return matrix(rows(p, n), n[1] if isinstance(n, tuple) else n)
