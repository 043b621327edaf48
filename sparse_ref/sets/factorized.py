"""Factorized patterns: steps, and how the layers and heads of a model share them.

Child et al. 2019, arXiv 1904.10509, sec. 4.2 (factorized self-attention, in steps A^(1), ...,
A^(p)) and sec. 5.1 (the three ways in which the layers and heads of a model share the steps).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from .checks import Symbolic, integer
from .definitions import Definition, set_and_source
from .glyphs import Picture, side_by_side
from .hints import got
from .notebook import html_definition
from .pattern import Pattern
from .types import Length


@dataclass(frozen=True)
class Factorized:
    """Steps (A^(1), ..., A^(p)) with a path  j in A_a^(1), a in A_b^(2), ..., i  for every j <= i

    Child et al. 2019, sec. 4.2.

    `steps` are in the paper's order m = 1..p, which is also the order of the layers from below.
    Iterating gives the steps. `via(j, i)`, if it is known, gives in closed form candidates for the
    position a of a two-step path j -> a -> i, or for the positions (a, b, ...) of a longer one: if
    any path exists, with the residual edge or without, one of the candidates lies on a path.

    >>> import sparse_ref as sr
    >>> list(sr.Factorized((sr.Local(4), sr.Strided(4))))
    [Local(4), Strided(4)]
    """

    steps: tuple[Pattern, ...]
    name: str = ""
    via: Callable[..., Any] | None = field(default=None, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "steps", pattern_tuple("Factorized: steps", self.steps))

    def __iter__(self) -> Iterator[Pattern]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def picture(self, n: Length) -> Picture:
        """The pictures of the steps, side by side; n is a length, or (n_q, n_k)."""
        return side_by_side(p.picture(n) for p in self)

    def __repr__(self) -> str:
        return self.name or f"Factorized({self.steps!r})"

    def ways(self, j: Any, i: Any) -> list[tuple[Any, ...]]:
        """The positions between j and i on each candidate path of `via`; [] without `via`."""
        candidates = () if self.via is None else self.via(j, i)
        return [between if isinstance(between, tuple) else (between,) for between in candidates]

    def _repr_html_(self) -> str:
        return "".join(f"<p>m = {m}</p>{p._repr_html_()}" for m, p in enumerate(self, 1))


def notation(function: str, *numbers: Any) -> str:
    """`function(numbers)`, or "" in proofs: what becomes of a text is out of their sight."""
    if any(isinstance(number, Symbolic) for number in numbers):
        return ""
    return f"{function}({', '.join(map(str, numbers))})"


def layers(
    steps: Factorized | Sequence[Pattern], order: Sequence[int] | None = None
) -> tuple[Pattern, ...]:
    """The patterns of the layers from below: the steps, or those that `order` numbers from 1.

    Raises TypeError if steps or order are neither, ValueError if a number is out of bounds.
    """
    patterns = steps.steps if isinstance(steps, Factorized) else steps
    is_sequence = isinstance(patterns, (tuple, list)) and len(patterns) > 0
    if not is_sequence or not all(isinstance(p, Pattern) for p in patterns):
        wrong = next_wrong(patterns) if is_sequence else steps
        raise TypeError(
            f"steps must be a Factorized, or a tuple of one or more patterns, {got(wrong)}"
        )
    if order is None:
        return tuple(patterns)
    if not isinstance(order, (tuple, list)) or not order:
        raise TypeError(f"order must be a tuple of one or more step numbers, got {order!r}")
    numbers = [integer("each number in order", m, 1, len(patterns)) for m in order]
    return tuple(patterns[m - 1] for m in numbers)


def pattern_tuple(name: str, patterns: Any) -> tuple[Pattern, ...]:
    """One or more patterns, as a tuple."""
    is_sequence = isinstance(patterns, list | tuple) and len(patterns) > 0
    if not is_sequence or not all(isinstance(p, Pattern) for p in patterns):
        wrong = next_wrong(patterns) if is_sequence else patterns
        raise TypeError(f"{name} must be one or more patterns, {got(wrong)}")
    return tuple(patterns)


def next_wrong(patterns: Sequence[Any]) -> Any:
    """The first of several values that is no pattern."""
    return next(p for p in patterns if not isinstance(p, Pattern))


@dataclass(frozen=True)
class Scheme:
    """How layers and heads of a model share the steps of a factorized pattern; abstract."""

    factorized: Factorized

    def __post_init__(self):
        if not isinstance(self.factorized, Factorized):
            raise TypeError(
                f"{type(self).__name__}: factorized must be a Factorized, got {self.factorized!r}"
            )

    def at(self, layer: int, head: int) -> Pattern:
        """The pattern of this layer and head, both from 0."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        definition = Definition(*set_and_source(type(self)))
        return html_definition(definition) + self.factorized._repr_html_()


class Interleaved(Scheme):
    """Layer r uses A^(1 + r mod p), from A^(1) in layer 0 to A^(p) and round again.

    Child et al. 2019, sec. 5.1, eq. 6.

    The paper writes A^(r mod p) for m = 1..p and so leaves the phase open. Layer 0 is A^(1) here:
    that is the order in which the paper's paths walk, and for `fixed` the only one that connects.
    """

    def at(self, layer: int, head: int) -> Pattern:
        """The pattern of this layer, the same for each head."""
        return self.factorized.steps[layer % len(self.factorized.steps)]


class Merged(Scheme):
    """Every head of every layer uses the union of all steps.

    Child et al. 2019, sec. 5.1, eq. 7.
    """

    def at(self, layer: int, head: int) -> Pattern:
        """The union of the steps, the same for each layer and head."""
        return reduce(or_, self.factorized.steps)


class MultiHead(Scheme):
    """Head h of every layer uses A^(1 + h mod p): the heads take the steps in turn.

    Child et al. 2019, sec. 5.1, eq. 8.
    """

    def at(self, layer: int, head: int) -> Pattern:
        """The pattern of this head, the same for each layer."""
        return self.factorized.steps[head % len(self.factorized.steps)]
