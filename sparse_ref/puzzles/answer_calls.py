"""Calls of a reader's code: on copies, within a limit of time, with faults in words.

A reader's code cannot call the stored answers of this room: nobody passes with a stored answer.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from types import CodeType
from typing import Any

import numpy as np

from .answer_memory import memory_limit
from .answer_watch import is_stored_file, watch
from .error_words import describe_error


class Fault(Exception):
    """What keeps an answer from being compared at all, in words for its author."""


class Unanswered(Exception):
    """The answer returns `...`, as a stub does."""


def is_stored(answer: Any) -> bool:
    """Whether a function is data of this room: a reference, or a stored wrong answer."""
    code = getattr(answer, "__code__", None)
    return isinstance(code, CodeType) and is_stored_file(code.co_filename)


def call(answer: Callable[..., Any], *arguments: Any) -> Any:
    """What an answer returns for copies of the arguments.

    Raises Unanswered for `...`, Fault for an exception, for a call that does not end, and for one
    that writes to its arguments.
    """
    copies = deepcopy(arguments)
    with np.errstate(all="ignore"):  # a NaN is judged; a warning tells its author nothing more
        value = answer(*copies) if is_stored(answer) else _guarded_call(answer, copies)
    if value is Ellipsis:
        raise Unanswered
    for position, (copy, argument) in enumerate(zip(copies, arguments)):
        if not same(copy, argument):
            raise Fault(
                f"the answer writes to its argument {_parameter(answer, position)}: "
                "make a copy first"
            )
    return value


def first_float_error(answer: Callable[..., Any], *arguments: Any) -> str:
    """The first line of an answer that overflows or computes a NaN; "" if none does."""
    if is_stored(answer):
        return ""
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            _guarded_call(answer, deepcopy(arguments))
    except Fault as fault:
        place, error, words = str(fault).partition("FloatingPointError: ")
        return f"{place}{words}" if error else ""
    return ""


def same(x: Any, y: Any) -> bool:
    """Whether two values are equal: type by type, NaN equal to NaN, arrays by dtype and shape."""
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        is_inexact = x.dtype.kind in "fc"
        return x.dtype == y.dtype and np.array_equal(x, y, equal_nan=is_inexact)
    if type(x) is not type(y):
        return False
    if isinstance(x, (list, tuple)):
        return len(x) == len(y) and all(map(same, x, y))
    if isinstance(x, dict):
        return same(list(x.items()), list(y.items()))
    return bool(x == y) or (x != x and y != y)


def _parameter(answer: Callable[..., Any], position: int) -> str:
    """The name of a positional parameter, quoted."""
    names = answer.__code__.co_varnames if hasattr(answer, "__code__") else ()
    return f"`{names[position]}`" if position < len(names) else str(position)


def _guarded_call(answer: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """The result of a reader's code, its exceptions in words."""
    with memory_limit(), watch(answer) as keeper:
        try:
            value = answer(*arguments)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise Fault(str(keeper.stop or describe_error(error))) from None
    if keeper.stop:  # the code has caught it, and gone on unwatched
        raise Fault(str(keeper.stop))
    return value
