"""A function computed by arrays only: no loop in Python, and no array of all pairs."""

from __future__ import annotations

import ast
import tracemalloc
from dataclasses import dataclass
from inspect import getsource
from textwrap import dedent
from typing import Any

from ..answer_calls import Fault, call, is_stored
from .kind import Answer
from .value_kind import Arguments, Value

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
LOOPS = (ast.For, ast.While, *COMPREHENSIONS)
LOOP_NAMES = {"apply_along_axis", "filter", "fromfunction", "fromiter", "map", "vectorize"}


@dataclass(frozen=True, eq=False)
class ArrayValue(Value):
    """The answer has no loop in Python, and needs little memory.

    Attributes
    ----------
    large : tuple
        Arguments at which the memory is measured.
    most_bytes : int
        The most that may be allocated there at any time.
    """

    large: Arguments = ()
    most_bytes: int = 0

    def check_answer(self, answer: Any, reference: Answer) -> None:
        """Raise Fault for other parameters, a loop, and too much memory."""
        super().check_answer(answer, reference)
        if is_stored(answer):
            return
        _check_loops(answer)
        peak = _peak_bytes(answer, self.large)
        if peak > self.most_bytes:
            text = self.case_text(self.large, reference)
            raise Fault(
                f"it allocates an array of all pairs: {peak / 1e6:.1f} MB at {text}, where "
                f"{self.most_bytes / 1e6:.1f} MB are enough"
            )


def _check_loops(answer: Answer) -> None:
    """Raise Fault for a loop in the source; one that cannot be read is not checked."""
    try:
        tree = ast.parse(dedent(getsource(answer)))
    except (OSError, TypeError, SyntaxError):
        return
    for node in ast.walk(tree):
        name = getattr(node, "attr", getattr(node, "id", ""))
        if isinstance(node, LOOPS) or name in LOOP_NAMES:
            line = ast.unparse(node).split("\n")[0]
            raise Fault(f"a loop in Python, `{line}`: state all rows at once, by arrays")


def _peak_bytes(answer: Answer, arguments: Arguments) -> int:
    """The most memory that a call has allocated at any time."""
    is_ours = not tracemalloc.is_tracing()
    if is_ours:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        call(answer, *arguments)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if is_ours:
            tracemalloc.stop()
    return peak - before
