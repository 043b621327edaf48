"""docs/parameters.py: what the reference lists for patterns whose docstring has no parameters."""

import inspect

import pytest
from page_programs import page_program

from sparse_ref.catalogue.notation import NAMES

parameters = page_program("parameters")
BARE = [
    (name, parameter)
    for name, constructor in NAMES.items()
    if "Parameters\n---" not in inspect.getdoc(constructor)
    for parameter in inspect.signature(constructor).parameters
]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Window", ["radius : int, at least 0."]),
        (
            "Summary",
            [
                "l : int, at least 1; the stride, near sqrt(n).",
                "c : int, at least 1, 1 unless given; the summary width, c <= l.",
            ],
        ),
        ("Band", ["left : int.", "right : int."]),
        ("GlobalAt", ["positions : tuple of int, at least 0 each."]),
        ("Complete", ["length : int, at least 1.", "stride : int, at least 1, optional."]),
        ("streaming", ["sinks : int, at least 0.", "keys : int, at least 1."]),
        ("Blockwise", ["pattern : a pattern.", "block : int, or a pair of them, at least 1."]),
        ("Branches", ["patterns : tuple of patterns.", "name : str, '' unless given."]),
    ],
)
def test_a_parameter_has_its_type_least_value_default_and_meaning(name, lines):
    assert parameters.parameter_section(name) == ["Parameters", "----------", *lines, ""]


def test_a_constructor_without_parameters_has_no_section():
    assert parameters.parameter_section("Causal") == []


UNBOUNDED = {
    ("Band", "left"),
    ("Band", "right"),
    ("Circular", "before"),
    ("Circular", "after"),
    ("Shifted", "offset"),
}


def refusal(name, parameter, number):
    """What the constructor says to a number in the example's place, "" if it takes it."""
    kind = str(inspect.signature(NAMES[name]).parameters[parameter].annotation)
    value = (number,) if kind.startswith(("tuple", "Sequence")) else number
    try:
        NAMES[name](**{**parameters.example_arguments(name), parameter: value})
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("name", "parameter"), BARE)
def test_the_least_value_is_accepted_and_one_less_is_not(name, parameter):
    """Or it is refused by another bound, which depends on the other parameters."""
    least = parameters.least_value(name, parameter)
    if least is None:
        kind = inspect.signature(NAMES[name]).parameters[parameter].annotation
        assert "int" not in kind or (name, parameter) in UNBOUNDED
        return
    words = f"must be at least {least}, got"
    assert words in refusal(name, parameter, least - 1)
    assert words not in refusal(name, parameter, least)
