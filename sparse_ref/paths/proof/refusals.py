"""What integers do and terms cannot: each use is refused, and no function can hide the refusal.

A function that branches on a number without z3's knowledge would be read on one branch alone. So
an operation that says nothing to z3 raises `Undecided`, and the refusal is kept: a function that
catches the error is undecided all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

OPERATIONS = "is used beyond + - * // % and comparisons with integers"
HASH = "is looked up by its hash, in a set, a dict or a cache, and not compared: compare with =="
NUMBER = "is used as a number, an index or a size, which it is at fixed parameters only"
PICKLE = "is pickled, where a proof cannot follow"
TEXT = "is written as text, where a proof cannot follow"

Function = Callable[..., Any]

# The methods of int that a term refuses, and why.
REFUSED_METHODS = {
    HASH: "hash",
    NUMBER: "index int float complex round trunc floor ceil sizeof",
    PICKLE: "reduce reduce_ex getnewargs getstate",
    OPERATIONS: "abs pos invert pow rpow divmod rdivmod truediv rtruediv matmul rmatmul "
    "lshift rlshift rshift rrshift and rand or ror xor rxor",
}


class Undecided(ValueError):
    """No verdict is possible, and why: for one, a set has no formula, or a divisor may be 0."""


class Refusals:
    """The first refusal, and the texts that terms were written as."""

    def __init__(self) -> None:
        self.refusal = ""
        self.texts: list[str] = []

    def text(self, expression: Any) -> str:
        """An expression in words."""
        raise NotImplementedError

    def refuse(self, reason: str) -> NoReturn:
        """Raise Undecided for this reason, and keep it."""
        self.refusal = self.refusal or reason
        raise Undecided(reason)

    def call(self, function: Function, *arguments: Any, **values: Any) -> Any:
        """The result of a function at terms, whose refusals the function cannot hide.

        Raises Undecided for every error of the function except ValueError and AssertionError.
        """
        texts_before = len(self.texts)
        try:
            result = function(*arguments, **values)
        except Exception as error:
            if self.refusal:
                raise Undecided(self.refusal) from error
            if isinstance(error, (ValueError, AssertionError)):
                raise
            raise Undecided(f"{type(error).__name__}: {error}") from error
        if self.refusal:
            raise Undecided(self.refusal)
        self._check_texts(self.texts[texts_before:], str(getattr(result, "name", "")))
        return result

    def _check_texts(self, texts: list[str], name: str) -> None:
        """Refuse texts of terms, except in the name of the result."""
        for text in texts:
            if text not in name:
                self.refuse(f"{text} {TEXT}")


class Refuser:
    """An expression of z3 that refuses what integers do and z3 cannot read; abstract."""

    __array_ufunc__ = None  # so that an array with + leaves the answer to the term, which refuses

    def __init__(self, expression: Any, symbols: Refusals) -> None:
        self.expression = expression
        self.symbols = symbols

    def __repr__(self) -> str:
        text = self.symbols.text(self.expression)
        self.symbols.texts.append(text)
        return text

    def __format__(self, specification: str) -> str:
        if specification:
            self._refuse(TEXT)
        return repr(self)

    def __copy__(self) -> Refuser:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Refuser:
        return self

    def __getattr__(self, name: str) -> Any:
        if hasattr(int, name):
            self._refuse(OPERATIONS)
        raise AttributeError(f"an integer has no attribute {name!r}")

    def _refuse(self, reason: str) -> NoReturn:
        """Raise Undecided, naming this expression and the reason."""
        self.symbols.refuse(f"{self.symbols.text(self.expression)} {reason}")


def _refusal(reason: str) -> Function:
    """A method that refuses."""

    def method(self: Refuser, *arguments: Any) -> Any:
        return self._refuse(reason)

    return method


for _reason, _names in REFUSED_METHODS.items():
    for _name in _names.split():
        setattr(Refuser, f"__{_name}__", _refusal(_reason))
