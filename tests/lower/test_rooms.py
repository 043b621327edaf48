"""Directions inside `lower/`, and its door, read from the imports of every file."""

import ast
from pathlib import Path

import pytest

import sparse_ref as sr

PACKAGE = Path(sr.__file__).parent
LOWER = PACKAGE / "lower"


def imports(file):
    """The dotted modules that a file imports from the package, relative to it, and the names."""
    room = file.relative_to(PACKAGE).parent.parts
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            parents = room[: len(room) - node.level + 1]
            module = ".".join([*parents, node.module or ""]).strip(".")
            for alias in node.names:
                yield module, alias.name
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sparse_ref"):
            for alias in node.names:
                yield node.module.removeprefix("sparse_ref").strip("."), alias.name


def modules(file):
    """Every module that a file may import: `from a import b` counts as a and as a.b."""
    for module, name in imports(file):
        yield module
        yield f"{module}.{name}"


def inside(module, room):
    """Whether a module is a room or in it."""
    return module == room or module.startswith(f"{room}.")


def named(file):
    return str(file.relative_to(PACKAGE))


@pytest.mark.parametrize("file", sorted((LOWER / "runs").glob("*.py")), ids=named)
def test_runs_import_nothing_of_tiles(file):
    above = ("lower.tiles", "lower.explicit", "lower.blocks", "kernels", "attention")
    assert not [m for m in modules(file) for room in above if inside(m, room)]


@pytest.mark.parametrize("file", sorted(LOWER.rglob("*.py")), ids=named)
def test_lower_imports_only_rooms_below_it(file):
    below = {"_jit", "lower", "patterns", "picture", "sets"}
    assert {module.split(".")[0] for module, _ in imports(file)} <= below


@pytest.mark.parametrize(
    "file", sorted(file for file in PACKAGE.rglob("*.py") if LOWER not in file.parents), ids=named
)
def test_other_rooms_enter_lower_by_its_door(file):
    from sparse_ref import lower

    for module, name in imports(file):
        assert not module.startswith("lower."), f"{module}.{name} is past the door"
        if module == "lower":
            assert name in lower.__all__


def test_the_test_sees_imports(tmp_path):
    """Negative control: the three ways past the door are found."""
    file = LOWER / "tiles" / "plan.py"
    assert ("lower.runs.table", "Runs") in set(imports(file))
    assert ("lower.explicit", "CSR") in set(imports(file))
    assert "sets.listed.Listed" in set(modules(file))
