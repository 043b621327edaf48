"""Connectivity sets: which keys j each query i may attend to, and what | & - ~ make of them.

A pattern is a frozen, hashable value that states a family of sets { A_i }; nothing else in this
library defines a mask.

Symbols:  i query, j key, both from 0;  n the number of keys.  True means "attends".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, ClassVar

import numpy as np

from .chains import chain, join, operands, walk
from .checks import check_queries, integer, lengths
from .definitions import Definition, set_and_source
from .glyphs import MAX_PICTURE, Picture, draw_mask
from .hints import got, is_boolean_array, is_constructor
from .mask import MAX_MASK, brute_mask
from .notebook import html_card
from .types import BoolArray, IntArray, Length

HTML_LENGTH = 16


class Pattern:
    """A family of key sets { A_i }, closed under | & - ~."""

    precedence: ClassVar[int] = 9

    def __init_subclass__(cls, **options: Any) -> None:
        # @dataclass writes a __repr__ into a class that has none of its own: keep the notation
        super().__init_subclass__(**options)
        if "__repr__" not in vars(cls) and cls.__repr__ is not object.__repr__:
            cls.__repr__ = cls.__repr__  # type: ignore[method-assign]

    @property
    def own_length(self) -> int | None:
        """The n that the sets are stated for; None if they are stated for every n."""
        return None

    def contains(self, i: Any, j: Any) -> Any:
        """Whether query i may attend to key j, for i, j >= 0.

        Broadcasts. i and j may be Python's ints of any size, NumPy's integers and arrays of them,
        or int64 torch tensors: the result has the type that comparing them has.
        """
        raise NotImplementedError

    def row(self, i: int, n: int) -> IntArray:
        """The keys of query i among 0 <= j < n, int64, ascending, without repeats."""
        raise NotImplementedError

    def mask(self, n: Length) -> BoolArray:
        """[j in A_i] for every pair of n queries and keys, or (n_q, n_k) of them.

        Returns a bool array (n_q, n_k), True = attends. Raises ValueError for more than 4096
        queries or keys, and for a length that the sets are not stated for.

        >>> import sparse_ref as sr
        >>> sr.Causal().mask((2, 3))
        array([[ True, False, False],
               [ True,  True, False]])
        """
        if max(lengths(n)) > MAX_MASK:
            raise ValueError(
                f"n must be at most {MAX_MASK} for a mask, got {n!r}: "
                "sparse_ref.csr lists the keys of longer ones"
            )
        return brute_mask(self, n).copy()

    def picture(self, n: Length) -> Picture:
        """The mask as text: █ attends, · does not; n is a length, or (n_q, n_k).

        Raises ValueError for more than 256 queries or keys.

        >>> import sparse_ref as sr
        >>> sr.Strided(3).picture(6)
        █·····
        ·█····
        ··█···
        █··█··
        ·█··█·
        ··█··█
        """
        if max(lengths(n)) > MAX_PICTURE:
            raise ValueError(
                f"n must be at most {MAX_PICTURE} for a picture in text, got {n!r}: "
                "sparse_ref.plot.mask draws larger ones"
            )
        return draw_mask(brute_mask(self, n))

    def definition(self) -> Definition:
        """The set and the source that the class states; a Rule adds the code of its formula."""
        return Definition(*set_and_source(type(self)))

    def __contains__(self, pair: tuple[int, int]) -> bool:
        """(i, j) in p: whether query i attends to key j.

        >>> import sparse_ref as sr
        >>> (5, 2) in sr.Strided(3), (5, 3) in sr.Strided(3)
        (True, False)
        """
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(
                f"a pattern contains pairs (i, j) of a query and a key, got {pair!r}: "
                "p.row(i, n) lists the keys of a query"
            )
        i = integer("i", pair[0], 0, most=None)
        j = integer("j", pair[1], 0, most=None)
        if self.own_length is None:
            return bool(self.contains(i, j))
        return j in self.row(i, self.own_length)

    __array_ufunc__ = None  # so that an array with | & - leaves the answer to the pattern

    def __or__(self, other: Pattern) -> Pattern:
        return Union(self, other) if _is_operand("|", other) else NotImplemented

    def __and__(self, other: Pattern) -> Pattern:
        return Intersection(self, other) if _is_operand("&", other) else NotImplemented

    def __sub__(self, other: Pattern) -> Pattern:
        return Difference(self, other) if _is_operand("-", other) else NotImplemented

    __ror__, __rand__, __rsub__ = __or__, __and__, __sub__  # only to refuse what is no pattern

    def __invert__(self) -> Pattern:
        return Complement(self)

    def __bool__(self) -> bool:
        raise TypeError(
            f"the pattern {self!r} has no truth value: combine patterns with | & - ~, "
            "not with `or`, `and`, `not`"
        )

    def _html_length(self) -> Length:
        """The length that a notebook draws the pattern at."""
        return self.own_length or HTML_LENGTH

    def _repr_html_(self) -> str:
        try:
            picture: str = self.picture(self._html_length())
        except (IndexError, ValueError) as error:  # a long one, or one without so many rows
            picture = str(error)
        definitions = dict.fromkeys(leaf.definition() for leaf in leaves(self))
        return html_card(repr(self), definitions, picture)

    def check_length(self, i: Any, n: int) -> None:
        """Refuse a length n or queries i that the sets are not stated for.

        `i` is an int, an array, or () for no query.

        Raises ValueError if n is not `own_length`, IndexError if a query is beyond it; nothing if
        that is None.
        """
        if self.own_length is None:
            return
        if n != self.own_length:
            raise ValueError(f"{self!r} is stated for n = {self.own_length}, got n = {n}")
        check_queries(repr(self), i, n)

    def _operand(self, other: Pattern) -> str:
        """The notation of `other` as an operand of self: in parentheses if it binds no tighter."""
        return repr(other) if other.precedence > self.precedence else f"({other!r})"


def _is_operand(sign: str, other: Any) -> bool:
    """Whether other is a pattern; what is often taken for one is refused with the mend."""
    if isinstance(other, Pattern):
        return True
    if isinstance(other, str) or is_boolean_array(other) or is_constructor(other):
        raise TypeError(f"{sign} takes a pattern on each side, {got(other)}")
    return False


def leaves(p: Pattern) -> list[Pattern]:
    """The patterns without parts in `p`, from the left; p itself if it has no parts."""
    return [part for part in walk(p, _parts) if not _parts(part)]


def atoms(p: Pattern) -> list[Pattern]:
    """The patterns that p is a combination of by | & - ~, from the left; p itself if it is none."""
    return operands(p, Pair | Complement)


def _parts(p: Pattern) -> list[Pattern]:
    """The patterns that p is made of, from the left."""
    fields: list[Any] = []
    for value in vars(p).values():
        fields.extend(value if isinstance(value, tuple) else (value,))
    return [field for field in fields if isinstance(field, Pattern)]


@dataclass(frozen=True, eq=False)
class Pair(Pattern):
    """Two patterns and the sign between them; abstract."""

    left: Pattern
    right: Pattern
    sign: ClassVar[str]

    def __post_init__(self) -> None:
        left, right = self.left.own_length, self.right.own_length
        if left is not None and right is not None and left != right:
            raise ValueError(
                f"{self!r}: both sides of {self.sign} must be stated for one length, "
                f"got {left} and {right}"
            )

    @property
    def own_length(self) -> int | None:
        lengths_of_operands = (operand.own_length for operand in operands(self, Pair))
        return next((n for n in lengths_of_operands if n is not None), None)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pair) or type(other) is not type(self):
            return NotImplemented
        return chain(self) == chain(other)

    def __hash__(self) -> int:
        return hash((type(self), *chain(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        return join, (type(self), chain(self))

    def __repr__(self) -> str:
        operands = [self._operand(operand) for operand in chain(self)]
        return f" {self.sign} ".join(operands)


class Union(Pair):
    """A_i = L_i | R_i"""

    sign, precedence = "|", 1

    def contains(self, i: Any, j: Any) -> Any:
        masks = [operand.contains(i, j) for operand in operands(self, Union)]
        return reduce(or_, masks)

    def row(self, i: int, n: int) -> IntArray:
        rows = [operand.row(i, n) for operand in operands(self, Union)]
        return np.unique(np.concatenate(rows))


class Intersection(Pair):
    """A_i = L_i & R_i"""

    sign, precedence = "&", 2

    def contains(self, i: Any, j: Any) -> Any:
        masks = [operand.contains(i, j) for operand in operands(self, Intersection)]
        return reduce(and_, masks)

    def row(self, i: int, n: int) -> IntArray:
        rows = [operand.row(i, n) for operand in operands(self, Intersection)]
        return reduce(np.intersect1d, rows)


class Difference(Pair):
    """A_i = L_i - R_i"""

    sign, precedence = "-", 3

    def contains(self, i: Any, j: Any) -> Any:
        first, *others = chain(self)
        outside = (operand.contains(i, j) ^ True for operand in others)
        return reduce(and_, outside, first.contains(i, j))

    def row(self, i: int, n: int) -> IntArray:
        rows = [operand.row(i, n) for operand in chain(self)]
        return reduce(np.setdiff1d, rows)


@dataclass(frozen=True)
class Complement(Pattern):
    """A_i = { j : j not in P_i }"""

    pattern: Pattern
    precedence: ClassVar[int] = 4

    @property
    def own_length(self) -> int | None:
        return self.pattern.own_length

    def contains(self, i: Any, j: Any) -> Any:
        return self.pattern.contains(i, j) ^ True

    def row(self, i: int, n: int) -> IntArray:
        others = self.pattern.row(i, n)
        return np.setdiff1d(np.arange(n, dtype=np.int64), others)

    def __repr__(self) -> str:
        if isinstance(self.pattern, Complement):
            return f"~{self.pattern!r}"
        return f"~{self._operand(self.pattern)}"
