"""All mutations, and those of them that compute something else than the declared attention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ....sets.types import FloatArray
from . import edges, log_sums, logits, masks, results, softmax, tiles
from .attention import Attention, Result, Statement
from .mutation import Mutation
from .parameters import neighbours

MUTATIONS = (
    *edges.MUTATIONS,
    *masks.MUTATIONS,
    *logits.MUTATIONS,
    *softmax.MUTATIONS,
    *tiles.MUTATIONS,
    *log_sums.MUTATIONS,
    *results.MUTATIONS,
)
LENGTHS = (65, 1)
LARGE_LOGIT = 3e5
TOLERANCE = {"float64": 2e-3, "float32": 2e-3, "float16": 2e-2, "bfloat16": 5e-2}
MAX_PAIRS = 1 << 16  # of a head, up to which there are several sequences and all inputs

Inputs = tuple[FloatArray, FloatArray, FloatArray]


class Probe(NamedTuple):
    """Inputs of one call after the other, and the right results."""

    inputs: tuple[Inputs, ...]
    results: tuple[Result, ...]


class Sizes(NamedTuple):
    """How many sequences there are, and the widths of q and k, and of v."""

    batch: int
    d: int
    e: int


USUAL_SIZES = Sizes(2, 16, 16)


def distinct_mutations(
    statement: Statement,
    lengths: Sequence[int | tuple[int, int]] = LENGTHS,
    sizes: Sizes = USUAL_SIZES,
    *,
    dtype: str = "float32",
    with_lse: bool = False,
) -> tuple[Mutation, ...]:
    """The mutations that compute something else than the declared attention, at some length.

    They are compared with it, and with one another, on a batch of random inputs of ordinary and of
    large logits, on equal logits, and on very low ones. Of those that compute the same, the first
    is kept. Where only lse differs, `with_lse` must ask for it.
    """
    few_heads = _with_few_heads(statement)
    small_lengths = [n for n in lengths if _is_small(n)]
    large_lengths = [n for n in lengths if not _is_small(n)]
    small = tuple(_probes(statement, small_lengths, sizes))
    large = tuple(_probes(few_heads, large_lengths, sizes))
    stages = ((statement, small), (few_heads, large))
    near = tuple(neighbours(statement.patterns))
    distinct: dict[int, Mutation] = {}
    for mutation in (*MUTATIONS, *near):
        if dtype not in mutation.dtypes or (mutation.in_lse and not with_lse):
            continue
        for stated, probes in stages:
            if _differs(mutation, stated, probes, TOLERANCE[dtype]):
                digest = _digest(mutation, stated, probes)
                same = distinct.setdefault(digest, mutation)
                if mutation in near:  # it knows from which length on it shows
                    distinct[digest] = replace(same, hint=mutation.hint)
                break
    return tuple(distinct.values())


def _is_small(n: int | tuple[int, int]) -> bool:
    """Whether all inputs are tried at a length."""
    n_q, n_k = (n, n) if isinstance(n, int) else n
    return n_q * n_k <= MAX_PAIRS


def _with_few_heads(statement: Statement) -> Statement:
    """The statement for one key head and two heads, if all heads have the same one."""
    has_one_pattern = len(set(statement.patterns)) == 1
    per_head = (statement.sinks, statement.slopes, statement.bias)
    if not has_one_pattern or any(x is not None for x in per_head):
        return statement
    return replace(statement, patterns=statement.patterns[:2], kv_heads=1)


def _probes(
    statement: Statement, lengths: Sequence[int | tuple[int, int]], sizes: Sizes
) -> Iterator[Probe]:
    """Inputs at each length that the patterns have, with right results."""
    for n in lengths:
        n_q, n_k = (n, n) if isinstance(n, int) else n
        right = Attention(statement)
        try:
            statement.mask(n_q, n_k)
        except (ValueError, IndexError):  # a pattern that has no such length
            continue
        inputs = tuple(_inputs(statement, (n_q, n_k), sizes))
        yield Probe(inputs, tuple(right(*qkv) for qkv in inputs))


def _inputs(
    statement: Statement,
    n: tuple[int, int],
    sizes: Sizes,
) -> Iterator[Inputs]:
    """Random q, k, v; then large, huge, equal and very low logits; then the first input again.

    At large n the first two of these, and one sequence.
    """
    batch, d, e = sizes
    n_q, n_k = n
    is_small = _is_small(n)
    batch = batch if is_small else 1
    rng = np.random.default_rng(0)
    heads = len(statement.patterns)
    q = rng.standard_normal((batch, heads, n_q, d))
    k = rng.standard_normal((batch, statement.kv_heads, n_k, d))
    v = rng.standard_normal((batch, statement.kv_heads, n_k, e))
    side = np.sqrt(LARGE_LOGIT / d)
    yield q, k, v
    reverse = slice(None, None, -1)
    yield q, 50 * k[:, :, reverse], v[:, :, reverse]
    if is_small:
        yield 200 * q, 200 * k, v
        yield q * 0, k * 0, v
        yield q * 0 + side, k * 0 - side, v
        yield q, k, v


def _differs(
    mutation: Mutation,
    statement: Statement,
    probes: Sequence[Probe],
    tolerance: float,
) -> bool:
    """Whether a mutation gives another result somewhere."""
    for probe in probes:
        wrong = mutation.function(statement)
        for qkv, (out, lse) in zip(probe.inputs, probe.results):
            other_out, other_lse = wrong(*qkv)
            pair = (other_lse, lse) if mutation.in_lse else (other_out, out)
            if not np.allclose(*pair, rtol=tolerance, atol=tolerance):
                return True
    return False


def _digest(mutation: Mutation, statement: Statement, probes: Sequence[Probe]) -> int:
    """A number that is the same for mutations that compute the same."""
    results = []
    for probe in probes:
        wrong = mutation.function(statement)
        for qkv in probe.inputs:
            results += [np.round(x, 9).tobytes() for x in wrong(*qkv)]
    return hash(tuple(results))
