"""Text of others in every field of a report, in every format, read back by a standard reader.

The fields are found by looking: one that is added is tested, too.
"""

import types
from dataclasses import fields, is_dataclass, replace
from functools import partial

import numpy as np
import pytest
from hostile_texts import (
    PIECES,
    Named,
    assert_safe_text,
    read_github,
    read_html,
    read_json,
    read_junit,
    read_markdown,
    texts,
)
from hypothesis import example, given
from hypothesis import strategies as st
from verify.implementations import masked, tri
from withstood import withstands

import sparse_ref as sr
from sparse_ref._text import visible
from sparse_ref.verify import check
from sparse_ref.verify.calling.arrays import Form
from sparse_ref.verify.drivers.model_report import LayerReport, ModelReport
from sparse_ref.verify.report.report import Report
from sparse_ref.verify.vectors.verdict import CaseVerdict, SuiteVerdict

ALL_PIECES = "a".join(PIECES)
MARK = "mark"  # in front of what others wrote
FORMATS = {
    "text": str,
    "json": Report.to_json,
    "junit": Report.to_junit,
    "html": Report._repr_html_,
    "markdown": Report.to_markdown,
    "github": Report.to_github,
}
READERS = {
    "text": lambda text: assert_safe_text(text) or text,
    "json": read_json,
    "junit": read_junit,
    "html": read_html,
    "markdown": read_markdown,
    "github": read_github,
}
READ = {"evidence", "function", "patterns"}  # what a report has of others that is no text


def with_text(value, text):
    """(path, a copy of value with this text in the place of one of its texts) for each of them."""
    if isinstance(value, str):
        yield "", text
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in READ and field.init:
                for path, part in with_text(getattr(value, field.name), text):
                    yield f".{field.name}{path}", replace(value, **{field.name: part})
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        for name, item in value._asdict().items():
            for path, part in with_text(item, text):
                yield f".{name}{path}", value._replace(**{name: part})
    elif isinstance(value, dict):
        for key, item in value.items():
            for path, part in with_text(item, text):
                yield f"[{key!r}]{path}", value | {key: part}
    elif isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            for path, part in with_text(item, text):
                changed = [*value]
                changed[at] = part
                yield f"[{at}]{path}", type(value)(changed)


def whole_report():
    """A report with something in every field."""
    wrong = np.stack([tri(9, keys=2), tri(9, keys=3), tri(9, keys=2).T])
    report = check(masked(wrong), sr.Lookback(2), n=9, heads=3, ragged=False)
    small = check(masked(wrong[:, :3, :3]), sr.Lookback(2), n=3, heads=3, ragged=False)
    report.add_length(small)
    report.form = Form("hnd", "numpy", "float32", "cpu")
    report.untested = ("at n = 9 it is something else",)
    report.options["choice"] = "layout hnd, framework torch: found by trying"
    report.remarks.append("a remark")
    return report


REPORT = whole_report()
PATHS = [path for path, _ in with_text(REPORT, "")]
IN_CODE = ("markdown", "junit")  # formats in which runs of blanks are one


def assert_safe_in_every_format(report, shown=()):
    """Every format is read back, and has no character of a terminal; the text shows in some."""
    for name, write in FORMATS.items():
        read = READERS[name](write(report))
        assert name not in shown or MARK in read, (name, read)


@given(texts)
@withstands("hostile texts")
def test_a_finding_and_a_diagnosis_by_themselves(text):
    for path, report in with_text(REPORT, text):
        if path.startswith((".findings[0]", ".diagnosis[0]")):
            for item in (*report.findings, *report.diagnosis):
                assert_safe_text(str(item))


def test_every_kind_of_field_is_found():
    for path in (
        ".findings[0].message",
        ".findings[0].kind",
        ".diagnosis[0].text",
        ".diagnosis[0].cause",
        ".remarks[0]",
        ".untested[0]",
        ".form.layout",
        ".options['choice']",
        ".others[0].findings[0].message",
        ".numbers[0].dtype",
    ):
        assert path in PATHS


@pytest.mark.parametrize("path", PATHS)
@withstands("hostile texts")
def test_every_field_with_every_piece(path):
    reports = dict(with_text(REPORT, MARK + ALL_PIECES))
    assert_safe_in_every_format(reports[path])


@given(texts, st.sampled_from(PATHS))
@withstands("hostile texts")
def test_any_text_in_any_field(text, path):
    reports = dict(with_text(REPORT, text))
    assert_safe_in_every_format(reports[path])


def function_with(text, kind):
    """A function of which others chose a name, in one of the ways to choose it."""

    def fn(q, k, v):
        return masked(tri(5))(q, k, v)

    if kind == "__name__":
        fn.__name__ = fn.__qualname__ = text
    elif kind == "__module__":
        fn.__module__ = text
    elif kind == "lambda":
        code = fn.__code__.replace(co_filename=text.replace("\0", "") or "a", co_name="<lambda>")
        fn = types.FunctionType(code, globals(), "<lambda>")
        fn.__qualname__ = "<lambda>"
    elif kind == "class":
        name = text.replace("\0", "").encode("utf-8", "ignore").decode()
        fn = type(name, (), {"__call__": lambda self, q, k, v: masked(tri(5))(q, k, v)})()
    elif kind == "partial":
        fn.__qualname__ = text
        fn = partial(fn)
    elif kind == "no text":
        fn.__module__ = [text]
    return fn


KINDS = ("__name__", "__module__", "lambda", "class", "partial", "no text")


@example(text=MARK + ALL_PIECES, kind="__name__")
@example(text=MARK + ALL_PIECES, kind="class")
@example(text="\ud800", kind="lambda")
@given(text=texts, kind=st.sampled_from(KINDS))
@withstands("hostile texts")
def test_any_name_of_a_function(text, kind):
    report = replace(REPORT, patterns=(sr.Causal(),) * 3, function=function_with(text, kind))
    assert_safe_in_every_format(report)
    assert "\n" not in report.command
    assert "\n" not in report.verdict


@example(MARK + ALL_PIECES)
@given(texts)
@withstands("hostile texts")
def test_any_repr_of_a_pattern(text):
    named = type("Named", (Named,), {"name": text})()
    report = replace(REPORT, patterns=(named,) * 3)
    assert_safe_in_every_format(report)
    assert "\n" not in report.command


def raising(text):
    kind = type(text.replace("\0", "").encode("utf-8", "ignore").decode(), (Exception,), {})

    def fn(q, k, v):
        raise kind(text)

    return fn


def returning(text):
    class Dtype:
        def __str__(self):
            return text

        __repr__ = __str__

    class Output:
        dtype = Dtype()

        def __init__(self, shape):
            self.shape = shape

    return lambda q, k, v: Output(q.shape)


@pytest.mark.parametrize("hostile", [raising, returning])
def test_what_a_function_raises_and_returns(hostile):
    text = MARK + ALL_PIECES + MARK  # of a dtype's name the last word is shown
    report = check(hostile(text), sr.Causal(), n=3, layout="hnd", framework="numpy")
    assert report.status == "FAIL"
    assert_safe_in_every_format(report, shown=FORMATS)
    with pytest.raises(ValueError, match=MARK) as caught:
        sr.verify.probe(hostile(text), 3, layout="hnd", framework="numpy")
    assert_safe_text(str(caught.value))


def test_a_function_whose_attributes_raise_is_checked_all_the_same():
    class Rude:
        def __call__(self, q, k, v):
            return masked(tri(q.shape[1]))(q, k, v)

        def __getattr__(self, name):
            raise RuntimeError(MARK + ALL_PIECES)

    assert_safe_in_every_format(check(Rude(), sr.Causal(), n=5, layout="hnd", framework="numpy"))


def test_an_exception_without_text_is_a_finding():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no")

    def fn(q, k, v):
        raise Mute

    report = check(fn, sr.Causal(), n=3)
    assert "raised Mute: no message, since __str__ raised RuntimeError" in str(report)


@given(texts)
@withstands("hostile texts")
def test_a_report_of_a_model(text):
    layer = LayerReport(text, text, text, text, REPORT)
    report = ModelReport(text, (layer,), (text,))
    for shown in (str(report), report.verdict, layer.line):
        assert_safe_text(shown)


REFUTED = sr.paths.prove(sr.Block(4), n=5)


@given(texts)
@withstands("hostile texts")
def test_verdicts_on_vectors_and_on_paths(text):
    case = CaseVerdict(text, "fail", text, (text,), (text,))
    suite = SuiteVerdict(text, (case,), {text: (text,)}, (text,), (text,), {text: text}, 1, (text,))
    assert_safe_text(str(suite))
    read_json(suite.to_json())
    verdict = replace(REFUTED, statement=text, evidence=text, tex=text)
    assert_safe_text(str(verdict))
    read_json(verdict.to_json())
    read_html(verdict._repr_html_(), tags=("p", "b", "div"))


def test_what_is_shown_is_the_text_itself():
    text = "a < b && c | d * e_f `g` [h](i) 100% #1 @j"
    report = check(raising(text), sr.Causal(), n=3, layout="hnd", framework="numpy")
    for name, write in FORMATS.items():
        assert visible(text) in READERS[name](write(report)), name
