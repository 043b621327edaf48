"""The names of functions in reports, and the file and line where they are."""

import functools
from pathlib import Path

import pytest
from verify.implementations import masked, softmax, tri

from sparse_ref.verify.report.function_name import display_name, short_name, source_place

HERE = Path(__file__)


def wrapper(fn):
    """A decorator that leaves fn's name."""

    @functools.wraps(fn)
    def inner(*arrays):
        return fn(*arrays)

    return inner


@wrapper
def wrapped(q, k, v):
    return v


class Layer:
    def forward(self, q, k, v):
        return v

    def __call__(self, *arrays):
        return self.forward(*arrays)


class Callable:
    def __call__(self, q, k, v):
        return v


LAYER = Layer()


def line_of(text):
    """The number of the first line of this file that begins with a text."""
    lines = HERE.read_text().split("\n")
    return 1 + next(number for number, line in enumerate(lines) if line.startswith(text))


def test_people_read_names_without_where_they_were_defined():
    assert display_name(softmax) == "verify.implementations:softmax"
    assert display_name(masked(tri(2))) == "fn"
    assert display_name(functools.partial(softmax)) == "partial(verify.implementations:softmax)"
    assert display_name(functools.partial(masked(tri(2)))) == "partial(fn)"
    assert short_name("partial(a.<locals>.f)") == "partial(f)"
    assert display_name(LAYER.forward) == f"{__name__}:LAYER.forward"
    assert display_name(Callable()) == "Callable"


def test_a_lambda_is_named_by_its_place(monkeypatch):
    monkeypatch.chdir(HERE.parent)
    line = line_of("    assert display_name(lambda")
    assert display_name(lambda q: q) == f"lambda ({HERE.name}:{line})"
    assert display_name(functools.partial(lambda q: q)).startswith(f"partial(lambda ({HERE.name}:")
    assert display_name(eval("lambda q: q")) == "lambda"


@pytest.mark.parametrize(
    ("fn", "text"),
    [
        (wrapped, "@wrapper"),
        (functools.partial(wrapped), "@wrapper"),
        (LAYER, "    def forward"),
        (LAYER.forward, "    def forward"),
        (Callable(), "    def __call__(self, q, k, v)"),
        (Layer, "class Layer"),
    ],
)
def test_the_place_is_that_of_the_definition_below_its_wrappers(fn, text, monkeypatch):
    monkeypatch.chdir(HERE.parent.parent)
    assert source_place(fn) == (f"verify/{HERE.name}", line_of(text))
    monkeypatch.chdir("/")
    assert source_place(fn).file == str(HERE).removeprefix("/")


@pytest.mark.parametrize("fn", [len, eval("lambda: 0"), functools.partial(print)])
def test_what_no_file_has_has_no_place(fn):
    assert source_place(fn) is None


def test_a_file_outside_the_folder_keeps_its_whole_path(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert source_place(wrapped).file == HERE.as_posix()
