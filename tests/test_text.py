"""Text of others made safe: nothing is lost, nothing acts, and doing it twice changes nothing."""

import ast
import json

import pytest
from hostile_texts import LINE_COMMAND, assert_printable, assert_safe_text, texts, texts_in
from hypothesis import given
from hypothesis import strategies as st

from sparse_ref import _text
from sparse_ref._text import (
    PLAIN,
    error_text,
    html_text,
    json_text,
    visible,
    visible_ascii,
    visible_line,
)


@given(texts)
def test_what_is_visible_is_printable_and_stays_as_it_is(text):
    for function in (visible, visible_line, visible_ascii):
        result = function(text)
        assert_safe_text(result)
        assert function(result) == result
    assert visible(text).count("\n") == text.count("\n")
    assert visible_line(text).isprintable()
    assert visible_ascii(text).isascii()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escapes_are_those_of_python(text):
    text = text.replace("\\", "/")
    shown = visible(text).replace("'", "\\'")
    assert ast.literal_eval(f"'''{shown}'''") == text


@given(st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="#:")))
def test_text_that_prints_is_not_touched(text):
    assert visible(text) == visible_line(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a::b", "a::b"),
        ("::debug::a", "\\x3a:debug::a"),
        ("a\n \t::error::b", "a\n \t\\x3a:error::b"),
        ("a ##[error]b", "a \\x23#[error]b"),
        ("###[error]", "#\\x23#[error]"),
        ("##vso[task.complete]", "\\x23#vso[task.complete]"),
        ("## a [b]", "## a [b]"),
    ],
)
def test_no_line_is_a_command_of_a_jobs_log(text, shown):
    assert visible(text) == shown
    assert not LINE_COMMAND.search(shown)


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    plain | texts, lambda x: st.lists(x, max_size=3) | st.dictionaries(texts, x, max_size=3)
)


@given(values)
def test_json_is_ascii_and_what_is_read_back_is_visible(value):
    text = json_text(value)
    assert text.isascii()
    for item in texts_in(json.loads(text)):
        assert_printable(item)


@given(texts)
def test_html_has_no_tag_and_no_entity_of_others(text):
    shown = html_text(text)
    assert not set(shown) & set("<>\"'")
    assert_safe_text(shown)


def test_an_exception_without_a_message_has_a_text_all_the_same():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no")

    assert error_text(Mute()) == "Mute: no message, since __str__ raised RuntimeError"
    assert error_text(ValueError("\x1b")) == "ValueError: \\x1b"
    assert error_text(type("A\x1b", (Exception,), {})()) == "A\\x1b: "


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "cp1252", "utf-8"])
@given(text=texts)
def test_every_encoding_can_print_what_is_visible(encoding, text):
    shown = visible(f"{text}█·×−→±")
    read = shown.encode(encoding, PLAIN).decode(encoding)
    assert_safe_text(read)


def test_glyphs_that_an_encoding_lacks_have_their_like_in_ascii():
    assert "█·×−→±é".encode("ascii", PLAIN) == b"#.x-->+-\\xe9"
    assert "█·".encode("latin-1", PLAIN) == b"#\xb7"
    assert set(_text.PLAIN_GLYPHS) == set("█·×−→±")
