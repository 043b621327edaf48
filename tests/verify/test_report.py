"""Golden texts, checked by eye, and what HTML, JSON and the figure carry of the same report."""

import json
import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser

import numpy as np
import pytest
from verify.implementations import masked, tri

import sparse_ref as sr
from sparse_ref.verify import check
from sparse_ref.verify.checks.finding import Finding
from sparse_ref.verify.naming.diagnosis import Diagnosis
from sparse_ref.verify.report.explanations import (
    finding_cause,
    first_explanations,
    heads_in_words,
)

WIDER = check(
    masked(np.stack([tri(6, keys=2), tri(6, keys=3)])),
    sr.Lookback(2),
    n=6,
    heads=2,
    ragged=False,
)


@dataclass(frozen=True)
class Item:
    """What n cannot show."""

    message: str = "at n = 8 Lookback(9) is the same set as Causal()"
    least_n: int = 10

    def __str__(self):
        return f"{self.message}: use n >= {self.least_n}"


RAISES = check(lambda q, k, v: {}["<b>&"], sr.Causal(), n=3)


def test_the_text_says_the_verdict_first_then_findings_then_the_picture():
    text = re.sub(r"error [\d.e-]+, allowed [\d.e-]+", "error E, allowed A", str(WIDER))
    assert (
        text
        == """\
FAIL fn - one key too many at the left edge in head 1 (Lookback(3), asked Lookback(2))
asked: Lookback(2) at n = 6, 2 heads, seed 0
- extra: 4 keys attended to outside the set; first: head 1, query 2, key 0
head 1: is Lookback(3), asked Lookback(2): one key too many at the left edge of 4 of 6 rows
numbers: right in 8 of 8 rows with the right keys (4 with wrong keys skipped); ordinary logits; \
max error E, allowed A
numbers: right in 8 of 8 rows with the right keys (4 with wrong keys skipped); logits of spread \
50; max error E, allowed A
note, no failure: NaN in a masked key reaches 4 rows (0 * NaN = NaN, as in most dense code)
again: sr.verify.check(fn, sr.Lookback(2), n=6, heads=2, ragged=False)
head 1   █ both   · neither   + only in fn   - only in the expected set
█·····
██····
+██···
·+██··
··+██·
···+██"""
    )


def test_a_pass_is_as_short_as_it_can_be():
    report = check(
        masked(tri(2, 4)), sr.Causal(), n=(2, 4), seed=3, align="upper-left", ragged=False
    )
    first, *rest = str(report).split("\n")
    asked = "Causal() at n = (2, 4), 1 head, seed 3, align='upper-left'"
    omitted = "only n = (2, 4); not checked: ragged lengths, gradients"
    assert first == f"PASS fn - {asked} ({omitted})"
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
    caption = "head 0, i 142 to 157, j 88 to 151 (first missing key)   █ both"
    assert lines[-17].startswith(caption)
    rows = lines[-16:]
    assert {len(row) for row in rows} == {64}
    assert rows[150 - 142][120 - 88] == "-"
    assert sum(row.count("-") for row in rows) == 1
    corner = tri(70)
    corner[69, 69] = False
    lines = str(check(masked(corner), sr.Causal(), n=70)).split("\n")
    assert lines[-17].startswith("head 0, i 54 to 69, j 6 to 69 (first missing key) ")
    assert lines[-1][-1] == "-"


def test_the_picture_has_a_second_crop_where_the_first_missing_key_is_elsewhere():
    pattern = sr.Shifted(sr.Causal(), 192) - sr.Prefix(192)
    report = check(masked(tri(64, 256)), pattern, (64, 256), align="none", ragged=False)
    lines = report.picture()
    assert lines[0].startswith("head 0, i 0 to 15, j 0 to 63 (first extra key)   █ both")
    assert lines[1] == "+" + 63 * "·"
    assert lines[17] == "i 0 to 15, j 160 to 223 (first missing key)"
    assert lines[18] == 32 * "·" + "-" + 31 * "·"
    assert len(lines) == 2 * 17


def test_heads_with_one_explanation_are_told_together_and_rivals_come_after_the_first():
    mask = tri(8, 12)
    report = check(masked(np.stack([mask, mask])), sr.Shifted(sr.Causal(), 4), (8, 12), 2)
    lines = str(report).split("\n")
    asked = "asked Shifted(Causal(), 4)"
    assert lines[0] == "FAIL fn - passes with align='upper-left'"
    assert f"all 2 heads: is Causal(), {asked}: upper-left alignment" in lines
    assert not [line for line in lines if line.startswith("also fits: ")]
    lines = str(check(masked(tri(24, offset=-1)), sr.Causal(), 24)).split("\n")
    assert "Shifted(Causal(), -1)" in lines[0]
    (rival,) = [line for line in lines if line.startswith("also fits: ")]
    assert rival.startswith("also fits: head 0: is Band(23, -1), asked Causal()")


def test_without_an_explanation_the_first_line_has_the_first_finding_and_only_it():
    first, asked, finding, *_ = str(RAISES).split("\n")
    assert first.startswith("FAIL lambda (")
    assert first.endswith(") - raised KeyError: '<b>&'")
    assert asked == "asked: Causal() at n = 3, 1 head, seed 0"
    assert finding.startswith("- error: in the call fn(q (1, 3, 16), ")
    assert str(RAISES).count("KeyError") == 1


def test_a_wrong_shape_is_printed_once():
    report = check(lambda q, k, v: v[:, :2], sr.Causal(), n=3, layout="hnd", ragged=False)
    assert report.cause == "must return shape (1, 3, 16), got (1, 2, 16)"
    assert str(report).count("(1, 2, 16)") == 1
    assert str(report).count("must return shape") == 1


def test_an_exception_of_several_lines_has_its_first_line_on_top_and_the_rest_below():
    def fn(q, k, v):
        raise RuntimeError("expected 3\nat line 4\x1b[2J\x00")

    report = check(fn, sr.Causal(), n=3, layout="hnd", framework="numpy")
    assert report.verdict == "FAIL fn - raised RuntimeError: expected 3"
    assert "\nat line 4\\x1b[2J\\x00" in str(report)
    assert "\x1b" not in str(report)
    assert "at line 4\\\\x1b\\[2J\\\\x00" in report.to_markdown()


RIGHT = check(masked(tri(3)), sr.Causal(), n=3)
UNTESTED = replace(check(masked(tri(8)), sr.Lookback(9), n=8), untested=(Item(),))


def test_what_was_not_tested_has_not_passed():
    assert UNTESTED.status == "UNTESTED"
    assert not UNTESTED.passed
    first, *lines = str(UNTESTED).split("\n")
    assert first == f"UNTESTED fn - {Item.message}: use n >= 10 (nothing wrong was found)"
    assert lines[-1].startswith("to test it: sr.verify.check(fn, sr.Lookback(9), n=10")
    assert UNTESTED.to_markdown().startswith("### ⚠️ UNTESTED fn")
    assert Item.message in UNTESTED._repr_html_()
    content = json.loads(UNTESTED.to_json())
    assert (content["status"], content["passed"]) == ("UNTESTED", False)
    assert content["untested"] == [dict(message=str(Item()), least_n=10)]


def test_a_failure_outranks_what_was_not_tested_and_still_says_it():
    report = replace(WIDER, untested=(Item(),))
    assert report.status == "FAIL"
    assert f"untested: {Item()}" in str(report).split("\n")


def at_lengths(fn, pattern, first, *lengths):
    """The report at the first length, with those at the others."""
    report = check(fn, pattern, n=first, ragged=False)
    for n in lengths:
        report.add_length(check(fn, pattern, n=n, ragged=False))
    return report


def last_tile_dropped(q, k, v):
    """Full attention over whole tiles of 8 keys."""
    whole = k.shape[1] // 8 * 8
    return masked(np.True_)(q, k[:, :whole], v[:, :whole])


def test_a_fault_at_another_length_is_explained_and_drawn_there():
    report = at_lengths(last_tile_dropped, sr.Full(), 16, 13, 20, 24)
    assert report.own_findings == ()
    assert report.focus is report.others[0]
    lines = str(report).split("\n")
    assert lines[0].startswith(f"FAIL {report.name} - ")
    assert "partial tile is skipped at n = 13" in lines[0]
    assert "- at n = 13: missing: 65 keys of the set not attended to" in str(report)
    assert "- also at n = 20: missing" in lines
    assert lines[-14].startswith("n = 13, head 0 ")
    assert lines[-1] == 8 * "█" + 5 * "-"
    assert {finding.message[:9] for finding in report.findings} == {"at n = 13", "at n = 20"}
    others = json.loads(report.to_json())["others"]
    assert [other["n"] for other in others] == [[13, 13], [20, 20]]
    assert others[0]["diagnosis"][0]["heads"] == [0]


def test_a_fault_at_n_is_explained_there_and_other_lengths_are_named():
    report = at_lengths(lambda q, k, v: masked(np.True_)(q, k, v), sr.Causal(), 6, 1, 5)
    assert report.focus is report
    assert report.cause.endswith("(Full(), asked Causal())")
    assert "- also at n = 5: extra" in str(report).split("\n")
    assert len(report.own_findings) == 1


def test_a_pass_says_the_lengths_that_were_checked():
    report = at_lengths(masked_causal, sr.Causal(), 8, 1, 5)
    assert report.verdict.endswith("(also n = 1, 5; not checked: ragged lengths, gradients)"), (
        "which ragged=False left out"
    )
    assert report.settings["lengths"] == [8, 1, 5]


def masked_causal(q, k, v):
    """Causal attention at any length."""
    return masked(tri(q.shape[1], k.shape[1]))(q, k, v)


def test_leaks_are_drawn_apart_from_extra_keys():
    report = check(masked(tri(6), fill=-1e4), sr.Causal(), n=6)
    caption, *lines = report.picture()
    assert caption.endswith("~ leak: only with large logits")
    assert lines[0] == "█~~~~~"
    assert not any("+" in line for line in lines)
    assert '<span style="color:#8a1f7a">~~~~~</span>' in report._repr_html_()
    assert "~" not in WIDER.picture()[0]


def test_a_picture_has_at_most_sixteen_rows_a_crop():
    picture = check(masked(tri(40, keys=2)), sr.Causal(), n=40).picture()
    assert picture[0].startswith("head 0, i 0 to 15, j 0 to 39 (first missing key)")
    assert len(picture) == 17


def test_heads_are_named_in_runs():
    assert heads_in_words(range(8), 8) == "all 8 heads"
    assert heads_in_words([0], 1) == "head 0"
    assert heads_in_words([0, 1, 2, 5, 6], 8) == "heads 0 to 2, 5, 6"


def test_explanations_that_differ_in_counts_alone_are_one():
    texts = "one key too many in 3 of 8 rows", "one key too many in 4 of 8 rows"
    diagnoses = [
        Diagnosis("named", text, (head,), "Lookback(3)", "one key too many")
        for head, text in enumerate(texts)
    ]
    (first,), others = first_explanations(diagnoses)
    assert first.heads == (0, 1)
    assert others == []


@pytest.mark.parametrize(
    ("kind", "message", "cause"),
    [
        ("numerics", "wrong numbers in 3 of 4 rows with the right keys, at logits: error 1", None),
        (
            "kv map",
            "kv-head mapping (GQA): query head h reads kv head h % 2, expected h // 4 "
            "(repeat instead of repeat_interleave?): query head 1 reads kv head 1, in 3 rows",
            "h % 2, expected h // 4 (repeat instead of repeat_interleave?)",
        ),
        (
            "bias",
            "3 rows with a bias on the logits, by which weights differ at equal q . k",
            "whole",
        ),
        ("scale", "logits are 1 q . k, expected 0.25 q . k (1 / sqrt(d))", "whole"),
    ],
)
def test_a_finding_in_few_words_is_the_start_of_its_message(kind, message, cause):
    words = finding_cause([Finding(kind, message)])
    assert message.startswith(words)
    assert words == message if cause == "whole" else len(words) < len(message)
    assert cause in (None, "whole") or words.endswith(cause)


def test_the_reason_of_wrong_numbers_leads():
    numerics = Finding("numerics", "wrong numbers in 3 of 4 rows")
    scale = Finding("scale", "logits are 1 q . k, expected 0.25 q . k")
    assert finding_cause([numerics, scale]) == scale.message


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


@pytest.mark.parametrize("report", [WIDER, RAISES, UNTESTED, RIGHT])
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
