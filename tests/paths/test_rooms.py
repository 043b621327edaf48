"""Paths: the rooms import one way, layers <- finite <- proof <- book, read from their source."""

import ast
from itertools import pairwise
from pathlib import Path

import pytest

PATHS = Path(__file__).parents[2] / "sparse_ref" / "paths"
ROOMS = ("layers", "finite", "proof", "book")  # from below


def room_of(file):
    """The room that a file of `paths` is in: its folder, or its own name at the top."""
    parts = file.relative_to(PATHS).with_suffix("").parts
    return parts[0]


def imported_rooms(file):
    """The rooms of `paths` that a file imports from, its own left out."""
    module = ("sparse_ref", "paths", *file.relative_to(PATHS).with_suffix("").parts)
    rooms = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = list(module[: -node.level]) if node.level else []
            base += node.module.split(".") if node.module else []
            names = [[*base, alias.name] for alias in node.names]
        else:
            continue
        rooms |= {name[2] for name in names if name[:2] == ["sparse_ref", "paths"] and name[2:]}
    return rooms - {room_of(file)}


FILES = sorted(file for file in PATHS.rglob("*.py") if file != PATHS / "__init__.py")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PATHS)))
def test_a_room_imports_from_rooms_below_it_only(file):
    below = set(ROOMS[: ROOMS.index(room_of(file))])
    assert imported_rooms(file) <= below


def test_each_room_is_used_by_the_next():
    for below, above in pairwise(ROOMS):
        assert any(below in imported_rooms(file) for file in FILES if room_of(file) == above)
