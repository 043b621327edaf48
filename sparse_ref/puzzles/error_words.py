"""What an exception of a reader's code means: its line, and how to mend it, if that is known."""

from __future__ import annotations

import linecache
import re
from typing import NamedTuple

from .._text import error_text, visible_line
from .answer_memory import MAX_BYTES
from .answer_watch import ROOM

MAX_MESSAGE = 300  # characters of an exception's message
TRUTH = (
    "`and`, `or`, `not`, `in`, `if` and chained comparisons such as `a < j <= b` ask for one truth "
    "value, but an array has one for each entry: write & and |, with parentheses around each "
    "comparison, and np.maximum for `max`"
)


SIGNS = {
    "&&": "&",
    "||": "|",
    "=>": ">=",
    "=<": "<=",
    "<>": "!=",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "∧": "&",
    "∨": "|",
}  # of other languages, and as Python writes them


class Mend(NamedTuple):
    """What an exception of a type means, if its message matches a regular expression."""

    error: type[BaseException]
    message: str
    words: str


MENDS = (
    Mend(
        TypeError,
        "only (integer scalar|length-1|0-dimensional) arrays can be",
        "an array stands where Python takes one number, as range(i), int(i) and math.exp(x) do",
    ),
    Mend(
        TypeError,
        "unsupported operand .* 'Run' and 'Run'",
        "several runs are a tuple, as in `span(0, 2), span(i - 2, i + 1)`",
    ),
    Mend(
        TypeError,
        r"ufunc 'bitwise_(and|or)' not supported",
        "& and | join truth values, but one side is a number: compare it first",
    ),
    Mend(
        ValueError,
        r"shapes \((\d+),\d+\) \(\1,\)",
        "one number for each row needs an axis of its own, by keepdims=True or [:, None]",
    ),
    Mend(MemoryError, "", f"on Linux one call may use {MAX_BYTES // 2**30} GiB"),
)


def sign_mend(code: str) -> str:
    """How Python writes a sign of another language; "" if the code has none."""
    return next((f"write {ours} for {sign}" for sign, ours in SIGNS.items() if sign in code), "")


def describe_error(error: BaseException) -> str:
    """An exception of a reader's code: its line, what is wrong with it, and how to mend it."""
    words = error_text(error).strip()
    if len(words) > MAX_MESSAGE:
        words = f"{words[:MAX_MESSAGE]} ..."
    if isinstance(error, ValueError) and "truth value" in str(error):
        words = TRUTH
    for mend in MENDS:
        if isinstance(error, mend.error) and re.search(mend.message, words):
            gap = " " if words.endswith(":") else "; "
            words += f"{gap}{mend.words}"
    return f"{_place(error)}{words}"


def _place(error: BaseException) -> str:
    """The last line of the reader's code that an exception passed through."""
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    others = [(path, line) for path, line in frames if not path.startswith(ROOM)]
    if not others:
        return ""
    path = others[0][0]
    number = max(line for file, line in others if file == path)
    text = linecache.getline(path, number).strip()
    return f"line {number}, `{visible_line(text)}`: " if text else f"line {number}: "
