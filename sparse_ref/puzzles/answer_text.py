"""An answer that was typed: an expression, or the code of a function or of a Rule."""

from __future__ import annotations

import ast
import re
from typing import Any

from .. import patterns
from .answer_calls import Fault
from .answer_source import answer_of
from .error_words import sign_mend
from .kinds.kind import parameter_names
from .puzzle import Puzzle

MAX_EXPRESSION = 80  # characters of one that is named
WORDS = re.compile("[a-z]+( [a-z]+)*")
RUN_WORDS = {"span", "every", "Run"}
CODE = (
    "def ",
    "class ",
    "@",
    "from ",
    "import ",
    "#",
    '"""',
)  # what begins more than an expression


def read_answer(puzzle: Puzzle, text: str) -> Any:
    """The answer that a text is, with np, sr, and the names of sr.define and of all patterns.

    `(i - 3 < j) & (j <= i)` is what the puzzle's function returns; code must define this function,
    or a class of its name in CamelCase. Raises Fault for what is neither.
    """
    text = text.strip()
    if hasattr(puzzle.kind, "options") and WORDS.fullmatch(text):
        text = repr(text)  # a word of a choice, without its quotes
    code = text if text.startswith(CODE) else _function_of(puzzle, text.removeprefix("return "))
    words = {name: getattr(patterns, name) for name in patterns.__all__}
    camel_case = puzzle.name.title().replace("_", "")
    name = camel_case if f"class {camel_case}" in code else puzzle.name
    return answer_of(code, name, words)


def _function_of(puzzle: Puzzle, expression: str) -> str:
    """The code of a function that returns an expression; of runs if it makes some."""
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError as error:
        raise Fault(
            f"`{expression:.{MAX_EXPRESSION}}` is not a Python expression: "
            f"{sign_mend(expression) or _equality_mend(expression) or error.msg}"
        ) from None
    if isinstance(tree.body, ast.Lambda):
        parameters = ast.unparse(tree.body.args)
        value = ast.unparse(tree.body.body)
        return f"def {puzzle.name}({parameters}):\n    return {value}\n"
    nodes = ast.walk(tree)
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    parts = puzzle.kind.parts(puzzle.reference)
    runs = [reference for kind, reference in parts if kind.noun == "runs"]
    reference = runs[0] if runs and names & RUN_WORDS else parts[0][1]
    parameters = ", ".join(parameter_names(reference))
    return f"def {puzzle.name}({parameters}):\n    return {expression}\n"


def _equality_mend(expression: str) -> str:
    """What is likely meant by an assignment, `j = i`; "" if there is none."""
    try:
        statements = ast.parse(expression).body
    except SyntaxError:
        return ""
    is_assignment = any(isinstance(node, ast.Assign) for node in statements)
    return "= assigns a name, == compares" if is_assignment else ""
