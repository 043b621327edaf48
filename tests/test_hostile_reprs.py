"""Reprs and notations of others, where a pattern is written: source, figures, notebooks, errors."""

import ast
from io import BytesIO
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pytest
from hostile_texts import PIECES, Named, assert_printable, assert_safe_text, read_html, texts
from hypothesis import example, given
from matplotlib import rc_context

import sparse_ref as sr
from sparse_ref import interop
from sparse_ref._text import visible, visible_ascii, visible_line
from sparse_ref.catalogue.notation import ParseError

ALL_PIECES = "a".join(PIECES)
CARD_TAGS = ("div", "p", "b", "i", "code", "pre", "table", "caption", "tr", "th", "td")


def named(text):
    """A pattern whose repr and docstring others wrote."""
    docstring = text.encode("utf-8", "ignore").decode()  # Python refuses others
    namespace = {"name": text, "__doc__": docstring, "__module__": __name__}
    return type("Causal", (Named,), namespace)()


@example(ALL_PIECES)
@example("'''\n    import os\n    '''")
@example("a'")
@example("\\")
@given(texts)
def test_no_repr_leaves_the_docstring_of_generated_source(text):
    source = interop.mask_mod_source(named(text))
    source.encode()
    (function,) = ast.parse(source).body
    docstring, result = function.body
    assert isinstance(result, ast.Return)
    assert ast.literal_eval(docstring.value) == visible_line(text)
    assert interop.mask_mod(named(text))(0, 0, 3, 2)


@example(ALL_PIECES)
@given(texts)
def test_a_notebook_shows_the_repr_and_runs_nothing(text):
    p = named(text)
    for value in (p, sr.Factorized((p, p)), sr.Branches((p, p)), sr.plan(p, 4)):
        read_html(value._repr_html_(), CARD_TAGS)
    assert visible(text) in read_html(p._repr_html_(), CARD_TAGS)


@pytest.mark.parametrize("text", [ALL_PIECES, "$\\frac{", "\x00]]>", "a\ud800"])
def test_a_figure_is_one_that_xml_reads(text):
    plain_text = {"svg.fonttype": "none", "font.family": "DejaVu Sans"}
    with rc_context(plain_text):
        axes = sr.plot.mask(named(text), 4).axes
        file = BytesIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("warnings.warn", lambda *args, **options: None)  # of glyphs
            axes.figure.savefig(file, format="svg")
        plt.close(axes.figure)
    root = ElementTree.fromstring(file.getvalue())
    shown = "".join(root.itertext())
    assert_printable(shown)
    assert "".join(visible(text).split()) in "".join(shown.split())


@example(f"Local(4) | {ALL_PIECES}")
@example("Local(4) ∪ Strided(4)")
@example("Local(名(")
@given(texts)
def test_a_parse_error_shows_the_text_and_points_at_the_place(text):
    try:
        sr.parse(text)
    except ParseError as error:
        message, column = str(error), error.column
    else:
        raise AssertionError(text)
    assert_safe_text(message)
    *_, shown, caret = message.split("\n")
    assert shown.isascii()
    assert shown.isprintable()
    read = " ".join(text.split())
    assert caret.index("^") == 4 + len(visible_ascii(read[:column]))
    assert shown.startswith("    " + visible_ascii(read[:column]))
    assert caret.strip() == "^"


def test_the_caret_is_below_the_character():
    with pytest.raises(ParseError) as caught:
        sr.parse("Local(4) ∪ Strided(4)")
    assert str(caught.value).split("\n") == [
        "only ASCII that prints is read here, got '∪'",
        "    Local(4) \\u222a Strided(4)",
        "             ^",
    ]
