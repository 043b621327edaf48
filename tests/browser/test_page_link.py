"""The link: a fragment restores the view; one that is stale or hostile is ignored, and reported."""

import json
from urllib.parse import quote

from page_waits import until

import sparse_ref as sr

STATE = "explorer.state"
HASH = "decodeURIComponent(location.hash)"


def fragment(page, text):
    until(page, f"{HASH} === {json.dumps(text)}")


def test_the_fragment_is_what_differs_and_is_readable(open_page):
    page = open_page(sr.explore("Local(4)", 32))
    page.wait_for_timeout(400)
    assert page.evaluate("location.hash") == "", "the first state has none"
    page.evaluate("explorer.write('Lookback(8) | Strided(16)')")
    until(page, "location.hash === '#p=Lookback(8)%20%7C%20Strided(16)'")
    page.evaluate("explorer.resize([64, 64]); explorer.set({ query: 5 })")
    fragment(page, "#p=Lookback(8) | Strided(16)&n=64&q=5")
    page.evaluate(
        "explorer.set({ key: 3, pins: [1, 2], isTiled: true, block: 8, other: 'Full()' })"
    )
    fragment(page, "#p=Lookback(8) | Strided(16)&n=64&q=5&j=3&pins=1,2&tile=8&diff=Full()")
    page.evaluate("explorer.write('strided(6)'); explorer.set({ tab: 1, pins: [], other: '' })")
    fragment(page, "#p=Local(6)&p=Strided(6)&k=step&t=1&n=64&q=5&j=3&tile=8")
    page.evaluate("explorer.restore({ ...explorer.initial, texts: ['Local(4)'] })")
    until(page, "location.hash === ''")


CHANGED = """() => {
    explorer.write("longformer(2, (0, 9), dilation=(1, 2))");
    explorer.resize([40, 48]);
    explorer.write("Window(3) & ~Sinks(1)", "other");
    explorer.set({ tab: 1, query: 39, key: 47, pins: [0, 39], isTiled: true, block: 4 });
    const test = [1, "a & b = c", null, { deep: true }];
    explorer.set({ theme: "dark", zoom: { query: 8, key: 16, side: 16 }, colours: [false] });
    explorer.set({ panel: "copy", options: { copy: { form: "svg" }, test } });
    return explorer.state;
}"""


def test_a_link_restores_every_part_of_the_state(open_page):
    page = open_page(sr.explore("strided(8)", 32))
    state = page.evaluate(CHANGED)
    until(page, "location.hash.includes('options') || location.hash.includes('deep')")
    link = page.evaluate("location.hash")
    again = open_page(sr.explore("strided(8)", 32), fragment=link)
    assert again.evaluate(STATE) == state
    assert again.locator("[role=status]").first.is_hidden()
    assert again.evaluate("location.hash") == link


def test_a_later_fragment_is_followed(open_page):
    page = open_page(sr.explore("Local(4)", 32))
    page.evaluate("location.hash = '#p=Full()&q=31'")
    until(page, "explorer.text === 'Full()' && explorer.state.query === 31")


FAULTS = {
    "p=Stride(4)": "no pattern is called Stride; did you mean Strided?",
    "p=": "a pattern is expected, such as Lookback(8)",
    "p=Circular(8,1,1)&p=Circular(9,1,1)": "step 2 is stated for n = 9, step 1 for n = 8",
    "n=0": "n must be an integer from 1 to 4096, got 0",
    "n=99999999999": "n must be an integer from 1 to 4096, got 99999999999",
    "n=8,8,8": "n must be one length or two",
    "q=32": "q must be an integer from 0 to 31, got 32",
    "q=-1": "q must be an integer from 0 to 31, got -1",
    "j=1e1": "j must be an integer from 0 to 31, got 1e1",
    "t=1": "t must be an integer from 0 to 0, got 1",
    "pins=" + ",".join("1" * 5): "it has more than 4 pins",
    "k=javascript": "k must be the kind of 1 patterns, got javascript",
    "p=Full()&p=Full()&k=pattern": "k must be the kind of 2 patterns, got pattern",
    "tile=0": "tile must be an integer from 1 to 4096, got 0",
    "panel=" + quote("<img src=x>"): "panel must be the name of a panel",
    "o={": "o is no JSON",
    "theme=pink": "theme must be auto, light or dark",
    "zoom=1,2": "zoom must be a query, a key and a side",
    "zoom=32,0,8": "zoom must be an integer from 0 to 31, got 32",
    "lit=2": "lit must be a digit 0 or 1 for each clause",
    "o=[1]": "o must be a table of plain values",
    "o=" + quote('{"__proto__": {"x": 1}}'): "o must be a table of plain values",
    "o=" + quote('{"a":' * 9 + "1" + "}" * 9): "o must be a table of plain values",
    "p=%E0%A4": "a % in it stands for no letter",
    "<script>alert(1)</script>": "%3Cscript%3Ealert(1) is unknown in it",
    "__proto__=1": "__proto__ is unknown in it",
    "p=" + "Full()" * 4000: "it has more than 20000 characters",
    "&".join(["p=Full()"] * 300): "it has more than 256 patterns",
    "diff=Local(": "this parenthesis is never closed",
}


def test_a_fragment_that_is_no_state_is_reported_and_ignored(open_page):
    page = open_page(sr.explore("Local(4)", 32))
    for text, message in FAULTS.items():
        page.evaluate("text => { location.hash = text; }", text)
        until(
            page,
            f"document.querySelector('[role=status]').textContent.includes({json.dumps(message)})",
        )
        assert page.evaluate(f"JSON.stringify({STATE}) === JSON.stringify(explorer.initial)"), text


def test_a_page_that_is_opened_at_such_a_fragment_is_shown_all_the_same(open_page):
    page = open_page(sr.explore("Local(4)", 32), fragment="#p=Stride(4)&n=16")
    notice = page.locator("[role=status]").first
    message = "no pattern is called Stride; did you mean Strided?"
    assert notice.text_content() == f"The link was not followed: {message}."
    assert page.evaluate("explorer.state.shape") == [32, 32]
    page.evaluate("explorer.write('Full()')")
    until(page, "location.hash === '#p=Full()'")


def test_a_panel_that_no_page_has_shows_the_first(open_page):
    page = open_page(sr.explore("Local(4)", 32), fragment="#panel=nonesuch&o=%7B%22copy%22%3A7%7D")
    assert page.evaluate("explorer.text") == "Local(4)"
    page.evaluate("explorer.set({ panel: 'copy' })")
    assert "Local(4)" in page.locator(".copy textarea").input_value()


def test_a_frame_without_an_address_keeps_none(open_page):
    inner = sr.explore("Local(4)", 16)
    page = open_page(sr.explore("Full()", 8))
    page.evaluate(
        """html => {
            const frame = document.createElement("iframe");
            frame.srcdoc = html;
            document.body.append(frame);
        }""",
        inner.html,
    )
    page.frame_locator("iframe").locator(".expression").first.wait_for()
    frame = page.frames[1]
    frame.evaluate("document.getElementById('explorer').explorer.write('Full()')")
    page.wait_for_timeout(500)
    assert frame.evaluate("location.href") == "about:srcdoc"
    assert frame.evaluate("document.getElementById('explorer').explorer.text") == "Full()"
