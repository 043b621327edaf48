"""Mutants of the library's own source: one operator or constant changed, and the room's tests run.

`python tests/source_mutants.py ROOM [--count N] [--seed S]`, where ROOM is sets, lower, kernels,
paths or verify, draws N places in the room's files, changes each in a copy of the checkout, and
prints which tests kill it. A survivor is a change that computes the same, or a test that is
missing. The exit status is the number of survivors.
"""

from __future__ import annotations

import argparse
import ast
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = {
    "sets": ["tests/test_sets.py", "tests/patterns", "tests/lower"],
    "lower": ["tests/lower", "tests/kernels"],
    "kernels": ["tests/kernels"],
    "paths": ["tests/paths"],
    "verify": ["tests/verify"],
}
SWAPS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
SECONDS = 1800


@dataclass(frozen=True)
class Change:
    """A piece of a file, and what takes its place."""

    file: Path
    line: int
    start: int
    stop: int
    old: str
    new: str

    def applied(self, source: bytes) -> bytes:
        """The source of the file with this change."""
        return source[: self.start] + self.new.encode() + source[self.stop :]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.old}  ->  {self.new}"


def places(file: Path) -> Iterator[Change]:
    """Every change of one operator or constant in the functions of a file."""
    text = file.read_text()
    lines = text.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    for node in {id(child): child for f in functions for child in statements(f)}.values():
        new = changed(node)
        if new is not None:
            start = starts[node.lineno - 1] + node.col_offset
            stop = starts[node.end_lineno - 1] + node.end_col_offset
            old = text.encode()[start:stop].decode()
            name = file.relative_to(ROOT)
            yield Change(name, node.lineno, start, stop, old, f"({new})")


def statements(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function's body, without decorators, defaults and formatted text."""
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.JoinedStr | ast.FunctionDef | ast.AnnAssign):
            pending.extend(ast.iter_child_nodes(node))


def changed(node: ast.AST) -> str | None:
    """The source of a node with its operator or constant changed; None if it has none."""
    node = deepcopy(node)
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return repr(node.value + 1)
    if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
        node.op = SWAPS[type(node.op)]()
        return ast.unparse(node)
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        node.ops[0] = SWAPS[type(node.ops[0])]()
        return ast.unparse(node)
    return None


def has_failure(folder: Path, tests: list[str]) -> bool:
    """Whether a test of this copy of the checkout fails, or all of them take too long."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return True
    return run.returncode != 0


def is_killed(change: Change, folder: Path, tests: list[str]) -> bool:
    """Whether a test fails with this change, which is taken back."""
    file = folder / change.file
    source = file.read_bytes()
    file.write_bytes(change.applied(source))
    try:
        return has_failure(folder, tests)
    finally:
        file.write_bytes(source)


def changes_of(room: str) -> list[Change]:
    """Every change in a room, in order; CUDA kernels have tests of their own."""
    files = sorted((ROOT / "sparse_ref" / room).rglob("*.py"))
    return [change for file in files if "cuda" not in file.parts for change in places(file)]


def main() -> int:
    """The number of survivors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("room", choices=TESTS)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    changes, tests = changes_of(options.room), TESTS[options.room]
    drawn = random.Random(options.seed).sample(changes, min(options.count, len(changes)))
    survivors = 0
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "checkout"
        ignored = shutil.ignore_patterns(".venv", ".git", "_build", ".hypothesis")
        shutil.copytree(ROOT, folder, ignore=ignored)
        if has_failure(folder, tests):
            parser.error(f"the tests of {options.room} fail without a change")
        for change in drawn:
            killed = is_killed(change, folder, tests)
            survivors += not killed
            print("killed  " if killed else "SURVIVED", change, flush=True)
    print(f"{len(drawn) - survivors} of {len(drawn)} killed")
    return survivors


if __name__ == "__main__":
    sys.exit(main())
