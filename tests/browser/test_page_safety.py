"""Text cannot become markup or code: in expressions, titles, names and links."""

import json
from urllib.parse import quote

import pytest
from hostile_texts import PIECES
from page_panels import enter
from page_waits import until

import sparse_ref as sr

MARKUP = (
    "<script>window.hostile = 1</script>",
    "<img src=x onerror=window.hostile=1>",
    "</script><script>window.hostile = 1</script>",
    "javascript:window.hostile=1",
    "'\"><svg onload=window.hostile=1>",
    "{{constructor.constructor('window.hostile=1')()}}",
    "__proto__",
    "constructor(1)",
    "toString()",
)
TEXTS = (*MARKUP, *PIECES)
CENSUS = (
    "[...document.querySelectorAll('script, iframe, object, embed, img, link, base, meta')].length"
)
HANDLERS = """[...document.querySelectorAll("*")].flatMap((e) => e.getAttributeNames())
    .filter((name) => name.startsWith("on")).length"""
DRAFT = "(text) => Object.values(explorer.state.drafts).find((draft) => draft.text === text)"
STATE = "JSON.stringify(explorer.state.views)"


class Named(sr.Causal):
    """A_i = { j <= i }<script>window.hostile = 1</script>"""

    def __repr__(self):
        return "<script>window.hostile = 1</script>"


@pytest.fixture
def plain_census(open_page):
    """How many elements load or run something on a page without hostile text."""
    return open_page(sr.explore("Causal()", 8)).evaluate(CENSUS)


def assert_unharmed(page, census):
    assert page.evaluate(CENSUS) == census
    assert page.evaluate("typeof window.hostile") == "undefined"
    assert page.evaluate("({}).hostile === undefined")
    assert page.evaluate(HANDLERS) == 0


def test_a_hostile_expression_is_a_draft_with_a_column(open_page, plain_census):
    page = open_page(sr.explore("Causal()", 8))
    views = page.evaluate(STATE)
    for text in TEXTS:
        for place in ("view", "other"):
            is_written = page.evaluate(
                "([text, place]) => explorer.write(text, place)", [text, place]
            )
            if is_written:  # spaces alone clear the second expression
                assert place == "other"
                assert page.evaluate("explorer.state.other") == ""
                continue
            draft = page.evaluate(DRAFT, text)
            assert draft["message"]
            assert 0 <= draft["column"] <= len(text) + 1
        assert page.evaluate(STATE) == views
    assert_unharmed(page, plain_census)


def test_hostile_text_in_the_box_is_shown_as_text(open_page, plain_census):
    page = open_page(sr.explore("Causal()", 8))
    box = page.locator("input.expression").first
    for text in MARKUP:
        enter(box, text)
        assert page.evaluate(DRAFT, text)["message"]
    assert_unharmed(page, plain_census)


@pytest.mark.parametrize("text", MARKUP)
def test_a_hostile_title_and_repr_are_text(text, open_page, plain_census):
    page = open_page(sr.explore([Named(), sr.Full()], 8, title=text))
    assert page.locator("h1").first.text_content() == text
    assert page.title() == text
    assert_unharmed(page, plain_census)


KEYS = ("p", "k", "t", "n", "q", "j", "pins", "tile", "diff", "panel", "o")
VALUES = (*MARKUP[:3], "-1", "1e9", "9" * 400, "null", "[]", '{"__proto__": {"hostile": 1}}')
OPTIONS = (None, 3, "x", [], [None], {"__proto__": 1}, {MARKUP[0]: MARKUP[1]})
FRAGMENTS = (
    *("#", "#%", "#%00", "#[", "#{", "#null", "#=&=&=", f"#{'a' * 100_000}"),
    *(f"#{quote(text)}" for text in MARKUP),
    *(f"#{text}" for text in MARKUP if " " not in text),
    *(f"#{key}={quote(value)}" for key in KEYS for value in VALUES),
)


def assert_works(page, fragment):
    assert page.evaluate("explorer.state.views.length >= 1"), fragment
    assert page.evaluate("explorer.mask.cells.length > 0"), fragment
    assert page.evaluate("({}).hostile === undefined"), fragment
    assert page.console_errors == [], fragment


def test_a_hostile_link_leaves_a_page_that_works(open_page, plain_census):
    """When the page is opened by it, and when its address changes to it."""
    for fragment in FRAGMENTS[::12]:
        page = open_page(sr.explore("Causal()", 8), fragment=fragment)
        assert_works(page, fragment)
        assert_unharmed(page, plain_census)
    page = open_page(sr.explore("Causal()", 8))
    for fragment in FRAGMENTS:
        page.evaluate("(text) => { location.hash = text; }", fragment)
        assert_works(page, fragment)
    assert_unharmed(page, plain_census)


def test_a_hostile_link_with_options_of_each_panel(open_page, plain_census):
    page = open_page(sr.explore("strided(4)", 16))
    tabs = page.locator("[role=tablist][aria-label=Panels] [role=tab]")
    for number in range(tabs.count()):
        tabs.nth(number).click()
        panel = page.evaluate("explorer.state.panel")
        names = list(page.evaluate("(panel) => explorer.state.options[panel] ?? {}", panel))
        settings = [{name: value} for name in names for value in OPTIONS]
        for options in (*OPTIONS, *settings):
            text = quote(json.dumps({panel: options}))
            fragment = f"#panel={panel}&o={text}"
            page.evaluate("(text) => { location.hash = text; }", fragment)
            assert_works(page, fragment)
    assert_unharmed(page, plain_census)


def test_the_policy_stops_what_would_get_in(open_page):
    """Negative control: an inline script, an image and a request are refused by the browser."""
    page = open_page(sr.explore("Causal()", 8))
    page.evaluate("""() => {
        window.violations = [];
        const note = (event) => violations.push(event.effectiveDirective);
        document.addEventListener("securitypolicyviolation", note);
        const script = document.createElement("script");
        script.textContent = "window.hostile = 1";
        document.body.append(script);
        new Image().src = "http://127.0.0.1:9/x.png";
        fetch("http://127.0.0.1:9/").catch(() => null);
    }""")
    until(page, "violations.length >= 3")
    assert page.evaluate("typeof window.hostile") == "undefined"
    assert set(page.evaluate("violations")) == {"script-src-elem", "img-src", "connect-src"}
    page.console_errors.clear()
