"""What a pattern of your own is made of.

    from dataclasses import dataclass
    from sparse_ref.define import Rule, every

    @dataclass(frozen=True)
    class Strided(Rule):
        l: int

        @staticmethod
        def formula(i, j, l):
            return (j <= i) & ((i - j) % l == 0)

        @staticmethod
        def solution(i, n, l):
            return every(l, i % l, i + 1)

`Rule` states a set twice, `Sized` one that depends on the length. `solution` answers with runs of
keys: `span`, `every`, or a tuple of them, each a `Run`. `isin` and `rank` are the two words of a
formula about tuples of positions; `intervals` gives such a tuple as (start, stop) pairs. A test of
your own calls `assert_agrees(pattern)`.
"""

from .sets.agreement import assert_agrees
from .sets.positions import intervals, isin, rank
from .sets.rule import Rule, Sized
from .sets.run import Run, every, span

__all__ = [
    "Rule",
    "Run",
    "Sized",
    "assert_agrees",
    "every",
    "intervals",
    "isin",
    "rank",
    "span",
]
