"""What functions are declared to be: `@sr.conforms(...)` makes each a test that pytest collects.

A declaration costs nothing where no test runs: neither pytest nor the checks are imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import wraps
from typing import Any, TypedDict, TypeVar, Unpack

from .catalogue import parse
from .sets.checks import integer, lengths
from .sets.pattern import Pattern
from .sets.require import patterns_of_heads
from .sets.types import Length

F = TypeVar("F", bound=Callable[..., Any])
ATTRIBUTE = "__sparse_ref_claims__"
Patterns = str | Pattern | Sequence[str | Pattern]
Lengths = Length | Sequence[Length]


class CheckOptions(TypedDict, total=False):
    """The options of `sr.verify.check`, with the same defaults."""

    align: str | None
    scale: float | None
    softcap: float | None
    sinks: Any
    bias: Any
    alibi: Any
    fill: float | None
    transform: Callable[..., Any] | None
    lse: str
    precision: str | None
    gradients: Any
    q: Any
    k: Any
    seed: int
    exhaustive: bool | None
    also: Iterable[Length]
    ragged: bool
    kv_heads: int | None
    d: int | None
    e: int | None
    layout: str
    framework: str
    dtype: str
    device: str
    shared_qk: bool
    seconds: float | None


@dataclass(frozen=True, eq=False)
class Claim:
    """What one function is declared to be.

    `lengths` is None for those that are chosen from the pattern.
    """

    patterns: tuple[Pattern, ...]
    lengths: tuple[Length, ...] | None
    options: CheckOptions

    @property
    def heads(self) -> int:
        """H"""
        return len(self.patterns)

    @property
    def text(self) -> str:
        """The pattern, or those of all heads."""
        names = list(map(repr, self.patterns))
        return names[0] if len(set(names)) == 1 else f"({', '.join(names)})"

    def __str__(self) -> str:
        heads = f"{self.heads} head{'s' * (self.heads != 1)}"
        kv_heads = self.options.get("kv_heads")
        return f"{self.text}, {heads}{f', {kv_heads} kv heads' if kv_heads else ''}"


class Declarations:
    """All functions that are declared in this process, in order.

    `substitute`, if there is one, makes what stands for a function from the moment on that it is
    declared: mutants take its place there.
    """

    def __init__(self) -> None:
        self.functions: list[Any] = []
        self.substitute: Callable[[Any, Claim], Any] | None = None

    def declare(self, fn: F, claim: Claim) -> F:
        """The function, or what stands for it, with one more claim."""
        claims = claims_of(fn)
        if not claims and self.substitute is not None:
            fn = self.substitute(fn, claim)
        try:
            setattr(fn, ATTRIBUTE, (*claims, claim))
        except AttributeError:  # an object that takes no attributes
            return self.declare(_as_function(fn), claim)
        if not claims:
            self.functions.append(fn)
        return fn


declarations = Declarations()


def conforms(
    pattern: Patterns,
    n: Lengths | None = None,
    heads: int | None = None,
    **options: Unpack[CheckOptions],
) -> Callable[[F], F]:
    """The decorator that declares a function to be attention over exactly these sets.

    The function is unchanged, and is called as before. In each module that pytest collects, and
    that defines or imports the function under any name, it is one test for each length, with ids
    such as `attention[n=512]`: `sr.verify.check` must not fail at any, and must pass at the
    longest.

    Parameters
    ----------
    pattern : str, Pattern, or sequence of either
        The pattern, or one for each head; text is read by `sr.parse`.
    n : int, (int, int), list of either, or None
        The lengths; a tuple of two integers is (n_q, n_k). None for a length at which every
        parameter of the pattern shows, and ragged ones: 1, 63, 65, a prime.
    heads : int or None
        H; None for as many as there are patterns.
    **options
        All other options of `sr.verify.check`: `kv_heads`, `layout`, `framework`, `dtype`,
        `scale`, ...

    Raises
    ------
    TypeError, ValueError
        No pattern, no length, or an option that `check` does not have.

    Examples
    --------
    >>> import sparse_ref as sr
    >>> @sr.conforms("Lookback(3)", n=[1, 16])
    ... def attention(q, k, v):
    ...     return sr.attend(q, k, v, sr.Lookback(3), device="reference")
    """
    claim = claim_of(pattern, n, heads, options)

    def declare(fn: F) -> F:
        if not callable(fn):
            raise TypeError(f"conforms declares functions, got {fn!r}")
        return declarations.declare(fn, claim)

    return declare


def claim_of(
    pattern: Patterns, n: Lengths | None, heads: int | None, options: CheckOptions
) -> Claim:
    """The claim of these arguments, checked."""
    _check_names(options)
    return Claim(_patterns(pattern, heads), _lengths(n), options)


def claims_of(value: Any) -> tuple[Claim, ...]:
    """What a function is declared to be; () for all else."""
    try:
        attributes = vars(value)
    except Exception:  # no attributes, or a proxy that fails outside its context
        return ()
    claims: tuple[Claim, ...] = attributes.get(ATTRIBUTE, ())
    return claims


def _as_function(fn: Callable[..., Any]) -> Any:
    """A function that calls fn."""

    @wraps(fn, updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    return call


def _check_names(options: CheckOptions) -> None:
    """Refuse options that a check does not have."""
    names = list(CheckOptions.__annotations__)
    for name in options:
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f": did you mean {near[0]!r}?" if near else f"; it has {', '.join(names)}"
            raise TypeError(f"conforms has no option {name!r}{hint}")


def _patterns(pattern: Patterns, heads: int | None) -> tuple[Pattern, ...]:
    """The pattern of each head."""
    values: Any = pattern
    if isinstance(pattern, str):
        values = parse(pattern)
    elif isinstance(pattern, Sequence):
        values = [parse(p) if isinstance(p, str) else p for p in pattern]
    return patterns_of_heads("pattern", values, heads)


def _lengths(n: Lengths | None) -> tuple[Length, ...] | None:
    """The lengths, each checked; None if they are to be chosen."""
    if n is None:
        return None
    if isinstance(n, int) or _is_pair(n):
        n = [n]  # type: ignore[list-item]
    if isinstance(n, str) or not isinstance(n, Iterable):
        raise TypeError(f"n must be a length, (n_q, n_k), a list of lengths or None, got {n!r}")
    values: tuple[Any, ...] = tuple(n)
    for value in values:
        for length in lengths(value):
            integer("n", length, 1)
    if not values:
        raise ValueError("n must have at least one length, got none")
    return tuple(dict.fromkeys(values))


def _is_pair(n: Any) -> bool:
    """Whether n is (n_q, n_k)."""
    is_two = isinstance(n, tuple) and len(n) == 2
    return is_two and all(isinstance(x, int) for x in n)
