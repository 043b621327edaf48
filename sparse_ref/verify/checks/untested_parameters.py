"""What a length does not test: up to n = 256, Lookback(256) is Causal(), and passing says little.

A parameter is tested at n if the sets there are not those of its neighbours, one up and one down.
It is redundant, and not reported, if no n tests it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

from ..._text import visible_line
from ...patterns import Causal, Full
from ...sets.checks import MAX_LENGTH, lengths
from ...sets.listed import Listed
from ...sets.pattern import Pair, Pattern, leaves
from ...sets.require import check_pattern
from ...sets.shifted import Shifted
from ...sets.types import Length
from .neighbours import neighbours
from .same_sets import MAX_LISTED, Shape, numbers_of, rows_differ, sample_differs, sets_differ

MIN_DEFAULT = 64
MAX_DEFAULT = 1 << 14  # dense code computes all pairs
ROOM = 1.5  # times the least n that tests all parameters
MIN_BOUND = 256
MAX_PRODUCT = 1 << 12  # of two numbers: steps of 7 and 11 show their common multiple

Growth = Callable[[int], Shape]  # n with so many positions more
Growths = Iterator[tuple[Growth, int]]


@dataclass(frozen=True)
class Untested:
    """A parameter that was not tested.

    Attributes
    ----------
    pattern : Pattern
        The expected one.
    n : (int, int)
        The largest (n_q, n_k) that was checked.
    same : Pattern
        A simpler pattern, or one with another parameter, that has the same sets there.
    least : (int, int)
        The least (n_q, n_k) at which it has not.
    """

    pattern: Pattern
    n: Shape
    same: Pattern
    least: Shape

    @property
    def least_n(self) -> Length:
        """The least n at which it is tested, one length if both are equal."""
        return _short(self.least)

    def __str__(self) -> str:
        same = f"{self.pattern!r} is the same set as {self.same!r}"
        text = f"at n = {length_text(self.n)} {same}: use n >= {length_text(self.least)}"
        return visible_line(text)


def untested_parameters(
    patterns: Iterable[Pattern], checked: Iterable[Length], align: str | None = None
) -> tuple[Untested, ...]:
    """What none of the lengths that were checked has tested, one Untested for each parameter.

    A pattern without parameters is untested, too, if it was Full() or Causal() at all lengths. The
    patterns are as the user gave them; `align="bottom-right"` shifts each by n_k - n_q. Lengths
    that a pattern does not have are left out.

    >>> import sparse_ref as sr
    >>> print(*untested_parameters([sr.Lookback(256)], [64]))
    at n = 64 Lookback(256) is the same set as Causal(): use n >= 257
    >>> untested_parameters([sr.Lookback(256)], [64, 257])
    ()
    """
    shapes = sorted(set(map(lengths, checked)), key=_keys_first)
    lines: list[Untested] = []
    for p in dict.fromkeys(patterns):
        own = [n for n in shapes if _has_length(p, n)]
        if own:
            lines += _Search(p, own, align).result()
    return tuple(lines)


def default_length(patterns: Sequence[Pattern]) -> Length:
    """The length to check these patterns at: their own, or one at which every parameter shows.

    That is the least power of two, from 64 to 16384, with room for half as many rows more than the
    least n that tests all parameters. Queries that are shifted, as after a KV cache, are so many,
    and the keys are those before them, too.

    Raises ValueError if two patterns have lengths of their own that differ.

    >>> import sparse_ref as sr
    >>> default_length([sr.Lookback(256)]), default_length([sr.Documents((3, 4))])
    (512, 7)
    >>> default_length([sr.Shifted(sr.Causal(), 100)])
    (64, 164)
    """
    own = {n for n in map(_own_shape, patterns) if n is not None}
    if len(own) > 1:
        raise ValueError(f"n must be given for patterns of different lengths, got {sorted(own)}")
    if own:
        return _short(own.pop())
    cache = _cache_length(patterns)
    if cache:
        patterns = [p.pattern for p in patterns if isinstance(p, Shifted)]
    n = MIN_DEFAULT
    while n < MAX_DEFAULT:
        untested = untested_parameters(patterns, [int((n + cache) / ROOM)])
        if not untested:
            break
        needed = ROOM * max(x.least[0] for x in untested)
        n *= 2
        while n + cache < needed and n < MAX_DEFAULT:
            n *= 2
    return _short((n, n + cache))


def length_text(n: Shape) -> str:
    """64, or 4x12."""
    return str(n[0]) if n[0] == n[1] else f"{n[0]}x{n[1]}"


class _Search:
    """Of one pattern p: neighbours that are the same at all `shapes`, and the least n for each."""

    def __init__(self, p: Pattern, shapes: Sequence[Shape], align: str | None):
        self.p, self.shapes, self.align = p, shapes, align

    def result(self) -> list[Untested]:
        """One for each parameter, or one for all of them if a simpler pattern is the same."""
        p, n = self.p, self.shapes[-1]
        if isinstance(p, Full | Listed) or p.own_length is not None:
            return []  # nothing to test, or no other length
        by_parameter = map(self._last_to_show, neighbours(p))
        parameters = [x for x in by_parameter if x is not None]
        for simple in self._simpler(bool(parameters)):
            if not self.is_same(simple):
                continue
            leasts = [x.least for x in parameters] or list(self._leasts(simple))
            if leasts and self.differs(simple, _longest(leasts)):
                return [Untested(p, n, simple, _longest(leasts))]
        return parameters

    def is_same(self, other: Pattern) -> bool:
        """Whether another pattern has the same sets at all lengths."""
        return not any(self.differs(other, n) for n in reversed(self.shapes))

    def differs(self, other: Pattern, n: Shape) -> bool:
        """Whether another pattern has other sets at n."""
        return sets_differ(self.at(n), _at_alignment(other, n, self.align), n)

    def at(self, n: Shape) -> Pattern:
        """The pattern, aligned at n."""
        return _at_alignment(self.p, n, self.align)

    def _last_to_show(self, group: Sequence[Pattern]) -> Untested | None:
        """The neighbour of one parameter that differs last, of those that are the same so far."""
        n = self.shapes[-1]
        same = (other for other in group if self.is_same(other))
        pairs = ((other, least) for other in same for least in self._leasts(other))
        options = [Untested(self.p, n, other, least) for other, least in pairs]
        return max(options, key=lambda x: _keys_first(x.least), default=None)

    def _simpler(self, with_parts: bool) -> Iterator[Pattern]:
        """Patterns with fewer parameters that may have the same sets."""
        yield Full()
        yield Causal()
        if isinstance(self.p, Shifted):
            yield Shifted(Causal(), self.p.offset)
        if with_parts and isinstance(self.p, Pair):
            yield self.p.left
            yield self.p.right

    def _leasts(self, other: Pattern) -> Iterator[Shape]:
        """The least n at which a pattern differs that is the same at all lengths, if any does."""
        for shape, most in _growths(self.p, self.shapes[-1], self.align):
            least = self._least(other, shape, most)
            if least is not None:
                yield shape(least)
                return

    def _least(self, other: Pattern, shape: Growth, most: int) -> int | None:
        """The least number of positions to add, up to `most`: by doubling, then by bisection."""
        low, step = 0, max(self.shapes[-1][1], 16)

        def differs(more: int, every_row: bool) -> bool:
            n = shape(more)
            sides = self.at(n), _at_alignment(other, n, self.align)
            if sample_differs(*sides, n):
                return True
            return every_row and max(n) <= MAX_LISTED and rows_differ(*sides, n)

        high = min(step, most)
        while not differs(high, high == most):
            if high == most:
                return None
            high = min(2 * high + step, most)
        while high - low > 1:
            middle = (low + high) // 2
            if differs(middle, True):
                high = middle
            else:
                low = middle
        return high


def _growths(p: Pattern, n: Shape, align: str | None) -> Growths:
    """How n may grow, as (n with so many positions more, at most so many)."""
    n_q, n_k = n
    numbers = sorted(numbers_of(p))
    product = min(prod(numbers[-2:]), MAX_PRODUCT)
    longest = max(n)
    bound = max(2 * sum(numbers), 2 * longest, product, MIN_BOUND)
    most = max(min(bound, MAX_LENGTH - longest), 1)
    if align == "bottom-right" and n_q < n_k:
        yield (lambda more: (n_q, n_k + more)), most
    if align != "bottom-right" and n_q != n_k and not isinstance(p, Shifted):
        yield (lambda more: _more_of_shorter(n, more)), most
        return
    yield (lambda more: (n_q + more, n_k + more)), most


def _more_of_shorter(n: Shape, more: int) -> Shape:
    """More queries if they are fewer than keys, or more keys; then both."""
    n_q, n_k = n
    if n_q < n_k:
        return n_q + more, max(n_k, n_q + more)
    return max(n_q, n_k + more), n_k + more


def _at_alignment(p: Pattern, n: Shape, align: str | None) -> Pattern:
    """The pattern of n_q queries that are the last of n_k positions, if that is asked for."""
    is_shifted = align == "bottom-right" and n[0] != n[1] and not isinstance(p, Shifted)
    return Shifted(p, n[1] - n[0]) if is_shifted else p


def _has_length(p: Pattern, n: Shape) -> bool:
    """Whether a pattern has rows at this length."""
    try:
        check_pattern(p, n)
    except (IndexError, ValueError):
        return False
    return min(n) > 0


def _own_shape(p: Pattern) -> Shape | None:
    """The only (n_q, n_k) of a pattern; of a list of keys, the queries and up to the last key."""
    if p.own_length is not None:
        return p.own_length, p.own_length
    lists = [leaf for leaf in leaves(p) if isinstance(leaf, Listed)]
    if not lists:
        return None
    n_q = min(len(p.indptr) - 1 for p in lists)
    last = max(int(p.indices.max(initial=-1)) for p in lists)
    return n_q, max(n_q, last + 1)


def _cache_length(patterns: Sequence[Pattern]) -> int:
    """The keys before the first query, if all patterns are shifted by that number; else 0."""
    offsets = {p.offset if isinstance(p, Shifted) else 0 for p in patterns}
    return max(0, *offsets) if len(offsets) == 1 else 0


def _keys_first(n: Shape) -> Shape:
    """(n_k, n_q), by which lengths are ordered."""
    return n[::-1]


def _longest(shapes: Iterable[Shape]) -> Shape:
    """The most queries and the most keys of all."""
    queries, keys = zip(*shapes)
    return max(queries), max(keys)


def _short(n: Shape) -> Length:
    """One length if both are equal."""
    return n[0] if n[0] == n[1] else n
