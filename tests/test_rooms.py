"""Which way the rooms look: imports run one way, between rooms and inside each, read from
source.
"""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

import sparse_ref as sr

PACKAGE = Path(sr.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
PAGE = PACKAGE / "explorer" / "page"
SCRIPTS = sorted(PAGE.rglob("*.js"))

# From below. What stands in one tuple does not import one another.
HOUSE = (
    ("_text",),
    ("sets",), ("define",), ("picture",), ("patterns",), ("selection", "catalogue"), ("_claims",),
    ("_jit",), ("lower",), ("kernels",), ("attention",), ("paths",), ("plot",),
    ("published", "interop", "verify"), ("explorer", "puzzles"),
    ("cli", "_hypothesis_types"), ("__main__",),
)  # fmt: skip
INSIDE = {
    "lower": (("runs",), ("blocks", "readers"), ("explicit",), ("tiles",)),
    "kernels": (("reference", "arguments"), ("merge", "cpu", "cuda")),
    "attention": (
        ("arrays",), ("sinks", "documents", "sequences"), ("inputs", "merge"), ("failures",),
        ("passes",), ("attend", "gradients"), ("first_use",),
    ),
    "selection": (
        ("scores", "largest", "hashing", "sorting"), ("pooling",),
        ("pool_scores", "slabs", "clustering"), ("choose", "shares"),
    ),
    "published": (
        ("heads", "constant_sets", "softmax_parts"),
        ("longformer", "longnet", "openai", "transformer", "local"), ("self_attention",),
        ("index", "blocks", "clusters", "coarse", "pruning", "baselines"), ("examples",),
    ),
    "plot": (
        ("inputs",), ("drawing",), ("masks",), ("stacks", "computation"), ("animation",),
    ),
    "paths": (("layers",), ("finite",), ("proof",), ("book",)),
    "verify": (
        ("calling",), ("meaning",), ("reading",), ("naming",), ("checks",), ("report",),
        ("protocol",), ("input_arrays", "length_checks"), ("attention_check",),
        ("drivers", "selections", "strategies", "vectors"), ("testing",),
    ),
}  # fmt: skip
SCRIPT_FOLDERS = (
    "common", "language", "sets", "comparisons", "state", "matrix", "controls", "panels", "page",
)  # fmt: skip
ALLOWED = {
    ("gradients", "attend"),  # autograd calls the door that it stands in
    ("attend", "gradients"),
    ("verify", "plot"),
}


def rooms_imported(path, room):
    """The rooms of `room`, a package by its dotted name, whose code a file imports."""
    package = ("sparse_ref", *path.relative_to(PACKAGE).with_suffix("").parts[:-1])
    prefix = room.split(".")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = [*base, *(node.module.split(".") if node.module else [])]
            targets = [[*module, alias.name] for alias in node.names]
        elif isinstance(node, ast.Import):
            targets = [alias.name.split(".") for alias in node.names]
        else:
            continue
        for target in targets:
            if target[: len(prefix)] == prefix and len(target) > len(prefix):
                yield target[len(prefix)]


def floor_of(order, name):
    """The number of the tuple that a room stands in."""
    floors = [number for number, rooms in enumerate(order) if name in rooms]
    assert floors, f"{name} has no place in {order}"
    return floors[0]


def assert_imports_run_down(path, room, order):
    folder = PACKAGE.joinpath(*room.split(".")[1:])
    own = path.relative_to(folder).with_suffix("").parts[0]
    names = {name for rooms in order for name in rooms}
    for other in set(rooms_imported(path, room)) & names - {own}:
        down = floor_of(order, other) < floor_of(order, own)
        assert down or (own, other) in ALLOWED, f"{path} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_down(path):
    if path.parent == PACKAGE and path.name == "__init__.py":
        return
    assert_imports_run_down(path, "sparse_ref", HOUSE)
    own = path.relative_to(PACKAGE).parts[0]
    if own in INSIDE and path != PACKAGE / own / "__init__.py":
        assert_imports_run_down(path, f"sparse_ref.{own}", INSIDE[own])


@pytest.mark.parametrize("room", sorted(INSIDE))
def test_each_part_of_a_room_has_its_place(room):
    parts = {path.stem for path in (PACKAGE / room).iterdir() if path.stem[:2] != "__"}
    assert parts == {name for names in INSIDE[room] for name in names}


def script_imports(path):
    """The files that a script of the page imports."""
    links = re.findall(r'^import .* from "(.*)";$', path.read_text(), re.M)
    return [(path.parent / link).resolve() for link in links]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_imports_of_scripts_run_down(path):
    own = SCRIPT_FOLDERS.index(path.parent.name)
    for other in script_imports(path):
        assert other in SCRIPTS
        assert SCRIPT_FOLDERS.index(other.parent.name) <= own, f"{path} imports {other}"


def test_each_folder_of_scripts_is_used_by_one_above_it():
    """Negative control: the reading of imports finds those that are there."""
    users = {other.parent.name for path in SCRIPTS for other in script_imports(path)
             if other.parent != path.parent}  # fmt: skip
    assert users == set(SCRIPT_FOLDERS) - {"page"}


def test_a_file_of_the_page_has_a_name_of_its_own():
    """A name is a module, whatever its folder."""
    names = [path.name for path in PAGE.rglob("*") if path.is_file()]
    assert len(set(names)) == len(names)


def test_each_room_of_paths_is_used_by_the_next():
    """Negative control: the reading of imports finds those that are there."""
    files = [path for path in FILES if path.relative_to(PACKAGE).parts[0] == "paths"]
    for (below,), (above,) in pairwise(INSIDE["paths"]):
        users = [path for path in files if above in path.relative_to(PACKAGE / "paths").parts]
        assert any(below in rooms_imported(path, "sparse_ref.paths") for path in users)


def test_the_oracle_imports_nothing_of_what_it_judges():
    reference = PACKAGE / "kernels" / "reference.py"
    assert not set(rooms_imported(reference, "sparse_ref"))
    imports = [node for node in ast.walk(ast.parse(reference.read_text())) if is_import(node)]
    modules = [ast.unparse(node) for node in imports]
    assert [module for module in modules if "__future__" not in module] == ["import numpy as np"]


def is_import(node):
    return isinstance(node, ast.Import | ast.ImportFrom)


@pytest.mark.parametrize("room", ["lower", "attention"])
def test_other_rooms_enter_by_the_door(room):
    """What a room's `__init__` exports is taken from there."""
    exported = set(getattr(sr, room).__all__)
    for path in FILES:
        if PACKAGE / room in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and f".{room}." in f".{node.module}.":
                tail = node.module.partition(room)[2]
                names = {alias.name for alias in node.names}
                assert not tail or not names & exported, f"{path}: {node.module} is past the door"
