"""Texts that break formats, and readers that show whether they did."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from xml.etree import ElementTree

from hypothesis import strategies as st
from markdown_it import MarkdownIt

import sparse_ref as sr

PIECES = (
    *("\x1b[2J\x1b]0;title\x07", "\x00", "\x7f", "\x9b31m", "\r", "\b\b", "\x0b\x0c\x85"),
    *("\u202e", "\u2066", "\u200f", "\u061c", "\u200b", "\ufeff", "\u2028", "\u2029", "\xad"),
    *("\ud800", "\udfff", "\ufffe", "\uffff", "\U000e0041", "\U0001fffe"),
    *("]]>", "<script>", "</pre></div>", "&lt;", "&#27;", "<!--", "-->", '"', "'", "''" + "'"),
    *("|", "`", "``", "*a*", "_a_", "~~a~~", "[a](b)", "![a](b)", "# a", "- a", "1. a", "+ a"),
    *("\n::error file=a::b", "\n  ::set-output name=a::b", "##[error]", "##vso[task.a]", "%0A"),
    *("\n\n", "\n===", "\n---", "\n```\n", "@somebody", "#1", "$x$", "$\\frac{", "\\", "\t", " "),
    *("a", "é", "名", "e\u0301"),
)
texts = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=8).map("".join)
LINE_COMMAND = re.compile(r"^\s*::|##\w*\[", re.M)  # what a job's log obeys
WORKFLOW_COMMAND = re.compile(
    r"::(error|warning|notice) ((file|line|title)=[^:,]*,?)+::[^\n]*", re.ASCII
)
COMMENT = "<!-- -->"  # which keeps GitHub from linking a name


class Named(sr.Causal):
    """A_i = { j <= i }, with a repr that others wrote."""

    name = ""

    def __repr__(self):
        return self.name


def assert_printable(text):
    """No character in it is for a terminal rather than for a reader."""
    odd = [c for c in text if not c.isprintable() and c not in "\n\t"]
    assert not odd, odd
    text.encode()


def assert_safe_text(text):
    assert_printable(text)
    assert not LINE_COMMAND.search(text), text


def texts_in(value):
    """The texts in plain values, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts_in(key)
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


def read_json(text):
    assert text.isascii()
    assert_safe_text(text)
    found = list(texts_in(json.loads(text)))
    for item in found:
        assert_safe_text(item)
    return "\n".join(found)


def read_junit(text):
    assert text.isascii()
    assert_safe_text(text)
    root = ElementTree.fromstring(text.encode())
    found = []
    for element in root.iter():
        assert element.tag in ("testsuite", "testcase", "failure")
        found += [*element.attrib.values(), element.text or "", element.tail or ""]
    for item in found:
        assert_safe_text(item)
    return "\n".join(found)


class HtmlReader(HTMLParser):
    """Counts tags, and keeps the text."""

    def __init__(self):
        super().__init__()
        self.tags, self.texts = Counter(), []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        assert {name for name, _ in attrs} <= {"style"}

    def handle_endtag(self, tag):
        self.tags[tag] -= 1

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def read_html(text, tags=("div", "b", "ul", "li", "code", "pre", "span")):
    assert_safe_text(text)
    reader = HtmlReader()
    reader.feed(text)
    reader.close()
    assert set(reader.tags) <= set(tags)
    assert not any(reader.tags.values())
    found = "".join(reader.texts).replace("\u2003", " ")  # &emsp; between a set and its source
    assert_safe_text(found)
    return found


def read_github(text):
    found = []
    for line in text.split("\n"):
        assert_printable(line)
        assert WORKFLOW_COMMAND.fullmatch(line), line
        found.append(line.replace("%3A", ":").replace("%2C", ",").replace("%0A", "\n"))
    return "\n".join(found).replace("%25", "%")


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKDOWN_TAGS = {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "code", ""}


def read_markdown(text):
    assert_safe_text(text)
    found = []
    for token in MARKDOWN.parse(text):
        assert token.tag in MARKDOWN_TAGS, token
        parts = token.children or ([token] if token.type == "fence" else [])
        assert token.type != "html_block", token
        for part in parts:
            assert part.type in ("text", "code_inline", "html_inline", "fence", "softbreak"), part
            assert part.type != "html_inline" or part.content == COMMENT, part
            found.append("" if part.type == "html_inline" else part.content)
        found.append("\n")
    return "".join(found)
