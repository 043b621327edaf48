"""Whether both statements of a pattern are one set: for patterns of one's own, in a test."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .checks import lengths as shape_of
from .mask import brute_mask
from .pattern import Pattern
from .require import require_pattern
from .rule import Rule
from .run import Run, keys_of_run
from .types import BoolArray, IntArray, Length

SMALL = range(13)


def assert_agrees(p: Pattern, lengths: Iterable[Length] | None = None) -> None:
    """Assert that the formula and the solution of a pattern are one set.

    The formula is asked about each pair of a query and a key, the solution for the keys of each
    query, one at a time and for an array of all queries, which is how compiled code reads it. If a
    rule states its `pairs`, they are counted.

    Parameters
    ----------
    p : a Rule, or a pattern made of others.
    lengths : each a length, or (n_q, n_k); 0 to 12 by default, or the length that the sets are
        stated for. They take n_q n_k memory, and are at most 4096.

    Raises AssertionError with the first length, query and key that differ, TypeError if `p` is no
    pattern.

    >>> import sparse_ref as sr
    >>> sr.define.assert_agrees(sr.Strided(3))
    >>> class Late(sr.Strided):
    ...     solution = staticmethod(lambda i, n, l: sr.define.every(l, i % l, i))
    >>> sr.define.assert_agrees(Late(3))
    Traceback (most recent call last):
    AssertionError: Late(3) at n = 1, query 0: key 0 is in the formula, not in the solution
    """
    require_pattern("p", p)
    if lengths is None:
        lengths = SMALL if p.own_length is None else (p.own_length,)
    for n in lengths:
        _, n_k = shape_of(n)
        mask = brute_mask(p, n)
        for i, row in enumerate(mask):
            _assert_same(f"{p!r} at n = {n}, query {i}", row, p.row(i, n_k))
        if isinstance(p, Rule):
            _assert_arrays(p, mask, f"{p!r} at n = {n}")
            _assert_pairs(p, mask, f"{p!r} at n = {n}")


def _assert_arrays(p: Rule, mask: BoolArray, place: str) -> None:
    """The solution for an array of all queries gives the keys that the formula admits."""
    n_q, n_k = mask.shape
    runs = p.runs(np.arange(n_q), n_k)
    for i, row in enumerate(mask):
        nothing = np.zeros(0, np.int64)
        keys = [keys_of_run(_run_at(run, i), n_k) for run in runs]
        union = np.unique(np.concatenate([nothing, *keys]))
        _assert_same(f"{place}, an array of queries, query {i}", row, union)


def _assert_pairs(p: Rule, mask: BoolArray, place: str) -> None:
    """`pairs`, which stands for as many queries as keys, is the number of the formula's."""
    n_q, n_k = mask.shape
    stated = p.pair_count(n_k) if n_q == n_k else None
    actual = int(mask.sum())
    if stated not in (None, actual):
        raise AssertionError(f"{place}: pairs gives {stated}, the formula {actual}")


def _run_at(run: Run, i: int) -> Run:
    """The run of query i out of one for all queries."""
    return Run(*(field[i] if np.ndim(field) else field for field in run))


def _assert_same(place: str, row: BoolArray, keys: IntArray) -> None:
    """Both are the same keys; an AssertionError names the first that differs."""
    stated = np.flatnonzero(row)
    different = np.setxor1d(stated, keys)
    if not different.size:
        return
    key = different[0]
    here, there = "formula", "solution"
    if key not in stated:
        here, there = there, here
    raise AssertionError(f"{place}: key {key} is in the {here}, not in the {there}")
