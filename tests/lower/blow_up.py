"""Random expressions of depth 5 at n = 100,000: the time and the memory that each takes to lower.

`python tests/lower/blow_up.py random SEED COUNT` prints one JSON line per expression, `... texts
TEXT ...` one per text. Memory is the peak of the process above what it was before, which Linux
resets and tells in /proc.
"""

import json
import random
import sys
import time

import numpy as np

import sparse_ref as sr
from sparse_ref.sets.pattern import leaves
from sparse_ref.verify.strategies.trees import RULES, rule_or_none

N = 100_000
DEPTH = 5
MAX_LISTED = 20_000_000  # pairs that are listed, too
COMPILING = sr.Window(3) - (sr.Strided(2) - sr.Strided(317)) | sr.Random(N, 3, 0)
SIGNS = (
    lambda a, b: a | b,
    lambda a, b: a & b,
    lambda a, b: a - b,
)


def expression(draw, depth):
    """A tree of which at least one branch is `depth` deep."""
    if depth == 0:
        return leaf(draw)
    kind = draw.random()
    inner = expression(draw, depth - 1)
    if kind < 0.08:
        return ~inner
    if kind < 0.14 and inner.own_length is None:
        return sr.Shifted(inner, draw.randint(-100, 100))
    if kind < 0.2 and inner.own_length is None:
        return sr.Blockwise(inner, draw.choice((1, 2, 16, 64)))
    other = expression(draw, draw.randint(0, depth - 1))
    sides = [inner, other]
    draw.shuffle(sides)
    return draw.choice(SIGNS)(*sides)


def leaf(draw):
    """A rule whose parameters are spread over all sizes, or random keys."""
    if draw.random() < 0.05:
        return sr.Random(N, draw.randint(0, 20), draw.randint(0, 99))
    p = None
    while p is None:
        rule = draw.choice(RULES)
        kinds = {name: kind for name, (kind, _) in rule.bounds().items()}
        values = [parameter(draw, name, kind) for name, kind in kinds.items()]
        p = rule_or_none(rule, values)
    return p


def parameter(draw, name, kind):
    """A length, positions or a number from 1 to 100,000, small ones as likely as large ones."""
    if name == "n":
        return N
    if kind is tuple:
        return tuple(number(draw) for _ in range(draw.randint(0, 4)))
    return number(draw)


def number(draw):
    """An integer whose logarithm is uniform."""
    return int(10 ** draw.uniform(0, 5))


def lower(p):
    """The number of pairs; where they are few, every key and the tiles, too."""
    pairs = sr.nnz(p, N)
    if pairs <= MAX_LISTED:
        assert len(sr.csr(p, N).indices) == pairs
        assert sr.plan(p, N).nnz == pairs
    return pairs


def memory(key):
    """VmHWM or VmRSS of this process in bytes."""
    with open("/proc/self/status") as status:
        lines = dict(line.split(":", 1) for line in status)
    kilobytes, _ = lines[key].split()
    return 1024 * int(kilobytes)


def reset_peak():
    """VmHWM becomes VmRSS."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def spot_check(p, pairs):
    """The rows of some queries, by their formulas."""
    if pairs > MAX_LISTED:
        return
    keys = sr.csr(p, N)
    for i in (0, 1, 63, 64, 4097, N // 3, N - 1):
        row = keys.indices[keys.indptr[i] : keys.indptr[i + 1]]
        expected = np.flatnonzero(p.contains(i, np.arange(N)))
        assert np.array_equal(row, expected), (p, i)


def main(kind, *arguments):
    lower(COMPILING)
    for p in expressions(kind, arguments):
        reset_peak()
        before = memory("VmRSS")
        start = time.process_time()
        pairs = lower(p)
        seconds = time.process_time() - start
        peak = memory("VmHWM") - before
        line = {"p": repr(p), "pairs": pairs, "leaves": len(leaves(p)), "seconds": seconds}
        print(json.dumps({**line, "peak": peak}), flush=True)
        spot_check(p, pairs)


def expressions(kind, arguments):
    """Random ones, or those of texts."""
    if kind == "texts":
        yield from map(sr.parse, arguments)
        return
    seed, count = map(int, arguments)
    draw = random.Random(seed)
    for _ in range(count):
        yield expression(draw, DEPTH)


if __name__ == "__main__":
    main(*sys.argv[1:])
