"""LogSparse: keys at exponentially growing distances, with a local window, and restarted.

Li, Jin, Xuan, Zhou, Chen, Wang, Yan 2019, "Enhancing the Locality and Breaking the Memory
Bottleneck of Transformer on Time Series Forecasting", arXiv 1907.00235.

Symbols:  e an exponent;  sub the length L_sub of the subsequences;  local the keys of the local
window, i included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..define import Rule, every, isin, span
from ..sets.checks import integer
from ..sets.pattern import Pattern
from ..sets.shifted import Shifted
from .elementary import Lookback
from .globals import Prefix
from .sparse_transformer import Block, Strided

STEPS = (0, *(2**e for e in range(63)))  # to oneself, then by powers of two as far as int64 reaches


@dataclass(frozen=True)
class LogSparse(Rule):
    """A_i = { i } | { i - 2^e >= 0 : e = 0, 1, 2, ... }

    Li et al. 2019, sec. 4.2, I_l.

    Differs: the paper numbers cells l from 1 and lists l - 2^e down to e = floor(log2 l), which for
    l = 2^k is a cell 0 that does not exist; it is dropped here. The powers are those below 2^63,
    the bound of int64 positions.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.LogSparse(), 10))
    █·········
    ██········
    ███·······
    ·███······
    █·███·····
    ·█·███····
    ··█·███···
    ···█·███··
    █···█·███·
    ·█···█·███
    """

    @staticmethod
    def formula(i, j):
        return isin(i - j, STEPS)

    @staticmethod
    def solution(i, n):
        last = np.max(i, initial=0)
        return tuple(span(i - step, i - step + 1) for step in STEPS if step <= last)

    @staticmethod
    def pairs(n):
        return sum(n - step for step in STEPS if step < n)


@dataclass(frozen=True)
class LogSparseRestart(Rule):
    """A_i = { i - k sub - x >= 0 : k >= 0, x < sub, x < local or x - local + 1 = 2^e }

    Li et al. 2019, sec. 4.2, restart.

    LogSparse back to `sub` positions, and again from each sub-th position before i; with local > 1,
    each time a window of `local` keys first, and the powers of two counted from its oldest.
    LogSparseRestart(sub) is restart attention without local attention. Differs: the paper shows
    restarting in a figure. If the subsequences were fixed blocks, no path would lead from one to
    the next.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.LogSparseRestart(6), 10))
    █·········
    ██········
    ███·······
    ·███······
    █·███·····
    ·█·███····
    █·█·███···
    ██·█·███··
    ███·█·███·
    ·███·█·███
    """

    sub: int
    local: int = 1

    def __post_init__(self):
        super().__post_init__()
        if self.local > self.sub:
            raise ValueError(
                f"LogSparseRestart: local must be at most sub = {self.sub}, got {self.local}"
            )

    @staticmethod
    def formula(i, j, sub, local):
        back = (i - j) % sub
        in_window = back < local
        return (j <= i) & (in_window | isin(back - local + 1, STEPS))

    @staticmethod
    def solution(i, n, sub, local):
        oldest = i - local + 1  # of the window before i
        windows = every(sub, oldest % sub - sub, i + 1, local)
        keys = [oldest - step for step in STEPS[1:] if local - 1 + step < sub]
        return windows, *(every(sub, key % sub, key + 1) for key in keys)


def logsparse_local(local: int) -> Pattern:
    """A_i = { i - x >= 0 : x < local or x - local + 1 = 2^e }

    Li et al. 2019, sec. 4.2, local attention.

    Parameters
    ----------
    local : the keys of the window, i included, at least 1; the paper takes O(log2 n). At 1 the set
        is LogSparse().

    Differs: the paper leaves open where the powers of two resume beyond the window; they are
    counted from its oldest key here, as in the published code. No row is empty. Raises ValueError
    for `local` below 1.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.logsparse_local(3), 10))
    █·········
    ██········
    ███·······
    ████······
    █████·····
    ·█████····
    █·█████···
    ·█·█████··
    ··█·█████·
    ···█·█████
    """
    local = integer("logsparse_local: local", local, 1)
    return Lookback(local) | Shifted(LogSparse(), 1 - local)


def logsparse_code(n: int, sub: int) -> Pattern:
    """A_i = { j <= i : i < 2 c floor(n / sub) or j in L_i },  L = LogSparseRestart(sub, c)

    Li et al. 2019, code.

    Here c = ceil(log2 sub). The function is `row_mask(index, sub_len, win_len)` with sub_len = sub
    and win_len = n, which circulates in copies, flow-forecast's among them: local and restart
    attention at once, and everything for the first rows.

    Parameters
    ----------
    n : the longest input, at least 0; a shorter one reads the corner of its mask; the code does not
        cover longer ones.
    sub : at least 2. At 1, the default of flow-forecast's model, the code's mask is empty, and its
        softmax spreads over all positions, those of the future too.

    Differs: if fewer than c - 1 positions come before p = i mod sub, the oldest of the restarts,
    the code keeps these and drops p itself, unless p is also one of the powers of two of the
    restart after it. So for n < sub no i < c - 1 attends to itself, and 0 attends to nothing.

    Raises ValueError for sub below 2.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.logsparse_code(18, 8), 18))
    █·················
    ██················
    ███···············
    ████··············
    █████·············
    ██████············
    ███████···········
    ████████··········
    █████████·········
    ██████████········
    ███████████·······
    ████████████······
    █████·█·█████·····
    ·█████·█·█████····
    █·█████·█·█████···
    ·█·█████·█·█████··
    ··█·█████·█·█████·
    █··█·█████·█·█████
    """
    n = integer("logsparse_code: n", n, 0)
    sub = integer("logsparse_code: sub", sub)
    if sub < 2:
        raise ValueError(
            "logsparse_code: sub must be at least 2, as row_mask is empty at sub_len = 1, "
            f"got {sub}"
        )
    local = (sub - 1).bit_length()
    p: Pattern = LogSparseRestart(sub, local)
    if local > 1 and (n < sub or sub - local + 1 not in STEPS):
        p = p - (Strided(sub) & Prefix(local - 1))
    full_rows = 2 * local * (n // sub)
    return Block(full_rows) & Prefix(full_rows) | p if full_rows else p
