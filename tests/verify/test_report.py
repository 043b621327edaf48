"""Golden texts, checked by eye, and what HTML, JSON and the figure carry of the same report."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from verify.implementations import masked, tri

import sparse_ref as sr
from sparse_ref.verify import check

WIDER = check(masked(np.stack([tri(6, keys=2), tri(6, keys=3)])), sr.Lookback(2), n=6, heads=2)
RAISES = check(lambda q, k, v: {}["<b>&"], sr.Causal(), n=3)


def test_the_text_says_the_verdict_first_then_findings_then_the_picture():
    text = re.sub(r"error [\d.e-]+, allowed [\d.e-]+", "error E, allowed A", str(WIDER))
    assert (
        text
        == """\
FAIL fn: one key too many at the left edge in head 1 (is Lookback(3), asked Lookback(2))
asked: Lookback(2) at n = 6, 2 heads, seed 0
- extra: 4 keys attended to outside the set; first: head 1, query 2, key 0
head 1: is Lookback(3), asked Lookback(2): one key too many at the left edge of 4 of 6 rows
numbers: right in 8 of 12 rows with the right keys, logits of spread 1: error E, allowed A
numbers: right in 8 of 12 rows with the right keys, logits of spread 50: error E, allowed A
note, no failure: NaN in a masked key reaches 4 rows (0 * NaN = NaN, as in most dense code)
again: sr.verify.check(fn, sr.Lookback(2), n=6, heads=2)
head 1   █ both   · neither   + only in fn   - only in the expected set
█·····
██····
+██···
·+██··
··+██·
···+██"""
    )


def test_a_pass_is_as_short_as_it_can_be():
    report = check(masked(tri(2, 4)), sr.Causal(), n=(2, 4), seed=3)
    first, *rest = str(report).split("\n")
    assert first == "PASS fn: is Causal() at n = (2, 4), 1 head, seed 3"
    assert [line.split(" in ")[0] for line in rest[:2]] == ["numbers: right"] * 2
    assert rest[2:] == [
        "note, no failure: NaN in a masked key reaches 1 row (0 * NaN = NaN, as in most dense code)"
    ]


def test_a_report_is_true_if_it_passed():
    assert not WIDER
    assert check(masked(tri(3)), sr.Causal(), n=3)


def test_the_picture_is_cropped_around_the_first_difference():
    mask = tri(200)
    mask[150, 120] = False
    lines = str(check(masked(mask), sr.Causal(), n=200)).split("\n")
    assert lines[-17].startswith("head 0, i 142 to 157, j 88 to 151   █ both")
    rows = lines[-16:]
    assert {len(row) for row in rows} == {64}
    assert rows[150 - 142][120 - 88] == "-"
    assert sum(row.count("-") for row in rows) == 1
    corner = tri(70)
    corner[69, 69] = False
    lines = str(check(masked(corner), sr.Causal(), n=70)).split("\n")
    assert lines[-17].startswith("head 0, i 54 to 69, j 6 to 69 ")
    assert lines[-1][-1] == "-"


def test_the_picture_has_a_second_crop_where_the_first_missing_key_is_elsewhere():
    report = check(masked(tri(64, 256)), sr.Shifted(sr.Causal(), 192) - sr.Prefix(192), (64, 256))
    lines = report.picture()
    assert lines[0].startswith("head 0, i 0 to 15, j 0 to 63   █ both")
    assert lines[1] == "+" + 63 * "·"
    assert lines[17] == "i 0 to 15, j 160 to 223"
    assert lines[18] == 32 * "·" + "-" + 31 * "·"
    assert len(lines) == 2 * 17


def test_heads_with_one_explanation_are_told_together_and_rivals_come_after_the_first():
    mask = tri(8, 12)
    report = check(masked(np.stack([mask, mask])), sr.Shifted(sr.Causal(), 4), (8, 12), 2)
    lines = str(report).split("\n")
    asked = "asked Shifted(Causal(), 4)"
    assert lines[0] == f"FAIL fn: upper-left alignment (is Causal(), {asked})"
    assert f"all 2 heads: is Causal(), {asked}: upper-left alignment" in lines
    assert not [line for line in lines if line.startswith("also fits: ")]
    lines = str(check(masked(tri(24, offset=-1)), sr.Causal(), 24)).split("\n")
    assert "Shifted(Causal(), -1)" in lines[0]
    (rival,) = [line for line in lines if line.startswith("also fits: ")]
    assert rival.startswith("also fits: head 0: is Band(23, -1), asked Causal()")


def test_without_an_explanation_the_first_line_has_the_first_finding():
    first, second, *_ = str(RAISES).split("\n")
    assert first.startswith("FAIL <lambda>: error: fn(q (1, 3, 16), ")
    assert second == "asked: Causal() at n = 3, 1 head, seed 0"


class Balanced(HTMLParser):
    """Collects text, and refuses tags that do not close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.open += [tag] if tag != "br" else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("report", [WIDER, RAISES, check(masked(tri(3)), sr.Causal(), n=3)])
def test_html_says_the_same_as_the_text(report):
    page = Balanced()
    page.feed(report._repr_html_())
    page.close()
    assert page.open == []
    for line in str(report).split("\n"):
        assert line.removeprefix("- ") in page.text


def test_the_picture_in_html_is_in_a_monospace_font():
    assert '<pre style="font-family:monospace;' in WIDER._repr_html_()


def test_html_escapes_what_fn_said():
    assert "<b>&" in str(RAISES)
    assert "&lt;b&gt;&amp;" in RAISES._repr_html_()
    assert "<b>&" not in RAISES._repr_html_()


def test_json_has_plain_types_and_every_finding():
    content = json.loads(WIDER.to_json())
    assert content["passed"] is False
    assert content["patterns"] == ["Lookback(2)", "Lookback(2)"]
    assert (content["n"], content["heads"], content["seed"]) == ([6, 6], 2, 0)
    assert content["findings"] == [
        dict(kind="extra", message="4 keys attended to outside the set", count=4, at=[1, 2, 0])
    ]
    assert content["names"] == {"1": "Lookback(3)"}
    assert [numbers["spread"] for numbers in content["numbers"]] == [1, 50]
    failed = json.loads(RAISES.to_json())
    assert failed["findings"][0]["kind"] == "error"
    assert failed["numbers"] == []


def test_json_holds_when_every_number_is_nan():
    broken = check(
        lambda q, k, v: masked(tri(4))(q, k, v) * (np.nan if np.abs(v).max() > 1 else 1),
        sr.Causal(),
        n=4,
    )
    assert {finding["kind"] for finding in json.loads(broken.to_json())["findings"]} == {"nan"}


def test_plot_draws_the_first_head_that_differs_or_the_one_asked_for():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    _, ax = pyplot.subplots()
    image = WIDER.plot(ax)
    assert image.axes is ax
    assert (image.get_array() == 3).sum() == 4, "extra keys"
    assert set(np.unique(WIDER.plot(ax, head=0).get_array())) == {0, 1}
    with pytest.raises(ValueError, match="no sets to plot: error: fn"):
        RAISES.plot()
    pyplot.close()


def test_a_report_shows_itself():
    assert repr(WIDER) == str(WIDER)
