"""Notation: what is read, what is refused and where the error points; text never runs."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.catalogue.notation import NAMES, ParseError, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Local(4) | Strided(4)", sr.Local(4) | sr.Strided(4)),
        ("Local(l=4)|Strided( 4 )", sr.Local(4) | sr.Strided(4)),
        ("~(Causal() | Window(2)) & Full()", ~(sr.Causal() | sr.Window(2)) & sr.Full()),
        ("Causal() - Window(1) - Block(3)", (sr.Causal() - sr.Window(1)) - sr.Block(3)),
        ("Causal() - (Window(1) - Block(3))", sr.Causal() - (sr.Window(1) - sr.Block(3))),
        ("Causal() | Window(1) & Block(3)", sr.Causal() | (sr.Window(1) & sr.Block(3))),
        ("Band(3, -1)", sr.Band(3, -1)),
        ("Blockwise(Strided(2), (3, 4))", sr.Blockwise(sr.Strided(2), (3, 4))),
        ("Shifted(Causal(),\n  -2)", sr.Shifted(sr.Causal(), -2)),
        (f"Strided({10**18})", sr.Strided(10**18)),
        ("GlobalAt((5, 1, 1))", sr.GlobalAt((1, 5))),
        ("Documents((2, 3), inner=Local(1))", sr.Documents((2, 3), sr.Local(1))),
        ("Grid((2, 3), (Full(), Window(1)))", sr.Grid((2, 3), (sr.Full(), sr.Window(1)))),
        ("Random(9, keys=2, seed=4)", sr.Random(9, 2, 4)),
    ],
)
def test_notation_is_read_as_python_binds_it(text, value):
    assert sr.parse(text) == value
    assert sr.parse(repr(value)) == value


def test_steps_and_heads_are_read_but_are_not_one_pattern():
    assert read("strided(4)") == sr.strided(4)
    assert read("openai_fixed(8, 2, num_verts=2)") == sr.openai_fixed(8, 2, num_verts=2)
    with pytest.raises(ParseError, match="this is 2 steps, not one pattern"):
        sr.parse("fixed(8, 2)")
    with pytest.raises(ParseError, match="this is 2 heads, not one pattern"):
        sr.parse("openai_fixed(8, 2, 2)")


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("Local(4) | Stride(4)", 11, "no pattern is called 'Stride'; did you mean 'Strided'?"),
        ("Local(4) | Strided(0)", 11, "l must be at least 1, got 0"),
        ("Local(4) | Strided()", 11, "missing a required argument: 'l'; it is Strided(l: int)"),
        ("Local(4, 5)", 0, "too many positional arguments; it is Local(l: int)"),
        ("Band(3, -True)", 8, "only names of patterns"),
        ("Local(l=1, l=2)", 0, "a parameter is named twice"),
        ("Causal() | Stridéd(4)", 16, "only ASCII that prints is read here, got 'é'"),
        ("\ud800", 0, "only ASCII that prints is read here, got '\\ud800'"),
        ("Local(4) + Strided(4)", 0, "only names of patterns, their parameters and"),
        ("Local(4) | 3", 11, "an operand of | & - ~ must be one pattern"),
        ("strided(3) | Causal()", 0, "an operand of | & - ~ must be one pattern"),
        ("BigBird", 0, "no pattern is called 'BigBird'; did you mean 'bigbird'?"),
        ("LONGFORMER(2)", 0, "no pattern is called 'LONGFORMER'; did you mean 'longformer'?"),
        (
            "Local(4) | Strided",
            11,
            "'Strided' needs its parameters in parentheses; it is Strided(l: int)",
        ),
        ("longformer", 0, "in parentheses; it is longformer(radius: int, globals: "),
        ("Local(4) |", 10, "this is no expression"),
        ("Local(4", 5, "this is no expression"),
        ("", 0, "this is no expression"),
        ("4", 0, "this is no pattern"),
        ("(1, 2)", 0, "this is no pattern"),
        ("Local(4.0)", 6, "only names of patterns"),
        ("Local(True)", 0, "Local: l must be an integer, got True"),
        ("Local('4')", 0, "Local: l must be an integer, got '4'"),
        ("Local(*[4])", 6, "only names of patterns"),
        ("Local(**{})", 0, "** is not read here"),
        ("Local(4) or Strided(4)", 0, "only names of patterns"),
        ("__import__('os').system('true')", 0, "only names of patterns"),
        ("eval('1')", 0, "no pattern is called 'eval'"),
        ("Causal().contains(1, 2)", 0, "only names of patterns"),
        ("[Causal() for x in (1,)]", 0, "only names of patterns"),
        ("Listed([0], [])", 0, "no pattern is called 'Listed'"),
        ("~" * 1500 + "Causal()", 0, "nested too deeply"),
        ("(" * 900 + "Causal()", 0, "this is"),
        ("Causal() | " * 300, 0, "text must be at most 2000 characters, got 3299"),
    ],
)
def test_refusals_point_at_the_column(text, column, said):
    with pytest.raises(ParseError) as caught:
        sr.parse(text)
    assert said in str(caught.value)
    assert len(text) > 200 or caught.value.column == column
    assert str(caught.value).split("\n")[-1].index("^") == 4 + caught.value.column


def test_an_error_crosses_between_processes():
    with pytest.raises(ParseError) as caught:
        sr.parse("Stride(4)")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.column) == (str(caught.value), 0)


def test_only_text_is_read():
    with pytest.raises(TypeError, match="text must be a string, got 4"):
        sr.parse(4)


@given(
    st.text(alphabet="LocalStrided()|&~-, 0123456789=*.'[]\n\\\0é", max_size=40)
    | st.text(max_size=30)
)
def test_any_text_is_a_pattern_or_a_parse_error(text):
    try:
        value = sr.parse(text)
    except ParseError:
        return
    assert sr.parse(repr(value)) == value


def test_every_pattern_and_constructor_has_its_name():
    assert set(sr.patterns.__all__) < set(NAMES)
