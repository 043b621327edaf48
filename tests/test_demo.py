"""The demo's page: its sections, its theorems, and its verdicts on other people's code."""

import re
from dataclasses import replace
from html import unescape

import pytest

import sparse_ref as sr
from sparse_ref.cli import demo
from sparse_ref.cli.demo import implementations, real_input, theorems
from sparse_ref.paths.book.index import theorem


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real_input, "LARGE", 32)
        return demo.page(tmp_path_factory.mktemp("demo") / "out").read_text(encoding="utf-8")


def test_the_page_holds_its_six_parts_and_stands_alone(page):
    titles = re.findall("<h2>(.*?)</h2>", page)
    assert titles == [
        "On an image",
        "On a text",
        "What it costs",
        "Path theorems, proved",
        "Other people's code, judged",
        "Play with them",
    ]
    assert page.count("data:image/png;base64,") == 5
    assert not re.search(r'(src|href)="(?!data:)', page)


def test_the_page_ends_with_an_explorer_that_may_reach_nothing(page):
    frame = re.search('<iframe title="([^"]*)" srcdoc="([^"]*)" sandbox="([^"]*)"', page)
    assert frame[1] == "explorer of Strided attention"
    assert unescape(frame[2]) == sr.explore("strided(8)", 64, title=TITLE, l=(1, 16)).html
    assert frame[3] == "allow-scripts allow-downloads"
    assert page.index("</iframe>") > page.index("Other people's code, judged")


TITLE = "Strided attention"


def test_the_text_is_marked_as_the_sets_say(page):
    text = re.findall("<div class='text'>(.*?)</div>", page, re.S)
    query = 11 * real_input.WIDTH + 37
    for shown, f in zip(text, (sr.strided(64), sr.fixed(64, 8)), strict=True):
        marked = (
            shown.count("'step1'")
            + shown.count("'step2'")
            + shown.count("'both'")
            + shown.count("'query'")
        )
        assert marked == len(
            sr.Merged(f).at(0, 0).row(query, 1024) if f.steps[0].contains(query, query) else []
        )
    assert len(real_input.prose()) > 5000


def test_the_photograph_is_one():
    grey = real_input.photograph(32)
    assert grey.shape == (32, 32)
    assert 0 <= grey.min() < 0.3 < 0.7 < grey.max() <= 1


def test_a_theorem_that_fails_stops_the_page(monkeypatch):
    wrong = replace(theorem("strided-too-narrow"), expected="proved")
    monkeypatch.setattr(theorems, "book", lambda: [wrong])
    with pytest.raises(
        RuntimeError, match="expected strided-too-narrow to be proved, got: refuted"
    ):
        theorems.section()


def test_the_theorems_of_strided_and_fixed_attention_are_on_the_page(page):
    assert page.count("✓ proved") >= 8
    assert "✗ refuted: l = 2, n = 2, j = 0, i = 1" in page


def test_without_z3_the_page_says_how_to_have_it(monkeypatch):
    def settle():
        raise ImportError("proofs need z3")

    monkeypatch.setattr(theorems, "book", lambda: [replace(theorem("strided"), settle=settle)])
    assert "<p>proofs need z3.</p>" in theorems.section()


def test_the_operator_of_onnx_is_judged(page):
    pytest.importorskip("onnx", reason="onnx is not installed: `make test` installs it")
    rows = dict(
        re.findall(r"<td>(ONNX Attention[^<]*)</td><td>12 x 12</td><td><code>([^<]*)</code>", page)
    )
    assert rows == {
        "ONNX Attention": "Full()",
        "ONNX Attention, is_causal=1": "Causal()",
        "ONNX Attention, is_causal=1, left_window_size=2": "Lookback(3)",
        "ONNX Attention, attn_mask = Strided(3)": "Strided(3)",
    }
    assert "passes with align=&#x27;upper-left&#x27;" in page


def test_without_onnx_and_torch_the_page_says_how_to_have_them(monkeypatch):
    monkeypatch.setattr(implementations, "find_spec", lambda name: None)
    assert "make demo" in implementations.section()
