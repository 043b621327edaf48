"""Which position a query has if n_q != n_k: asked for, refused, recognised in a wrong kernel."""

import numpy as np
import pytest
from verify.implementations import masked, tri

import sparse_ref as sr
from sparse_ref.verify.calling.subject import CallOptions, Subject
from sparse_ref.verify.checks.alignment import (
    aligned_pattern,
    alignment_findings,
    other_alignment,
)
from sparse_ref.verify.meaning.meaning import Meaning
from sparse_ref.verify.meaning.statement import Statement
from sparse_ref.verify.reading.evidence import read_every_pair
from sparse_ref.verify.reading.sample import read_sample

DECODE = (5, 24)
SHIFTED = sr.Shifted(sr.Causal(), 19)
LISTED = sr.Listed.of_rows([[0], [1], [2], [3], [4]])


@pytest.mark.parametrize(
    ("p", "n", "align", "expected"),
    [
        (sr.Causal(), DECODE, "bottom-right", SHIFTED),
        (sr.Causal(), DECODE, "upper-left", sr.Causal()),
        (sr.Causal(), DECODE, "none", sr.Causal()),
        (sr.Causal(), (24, 5), "bottom-right", sr.Shifted(sr.Causal(), -19)),
        (sr.Causal(), 24, None, sr.Causal()),
        (sr.Causal(), (24, 24), "bottom-right", sr.Causal()),
        (SHIFTED, DECODE, None, SHIFTED),
        (SHIFTED, DECODE, "bottom-right", SHIFTED),
        (sr.Shifted(sr.Causal(), 3), DECODE, None, sr.Shifted(sr.Causal(), 3)),
        (SHIFTED | sr.Shifted(sr.Prefix(2), 19), DECODE, None, None),
        (~SHIFTED, DECODE, None, None),
        (LISTED, DECODE, None, LISTED),
        (LISTED | sr.Causal(), DECODE, None, None),
        (sr.Documents((20, 4)), DECODE, None, sr.Documents((20, 4))),
        (sr.Documents((20, 4)), DECODE, "bottom-right", sr.Shifted(sr.Documents((20, 4)), 19)),
        (sr.Full(), DECODE, None, sr.Full()),
        (sr.Prefix(3), DECODE, None, sr.Prefix(3)),
        (sr.Window(40), DECODE, None, sr.Window(40)),
    ],
    ids=repr,
)
def test_the_pattern_of_an_alignment(p, n, align, expected):
    assert aligned_pattern(p, n, align) == (p if expected is None else expected)


def test_an_alignment_that_is_needed_is_named_with_what_the_choices_mean():
    with pytest.raises(ValueError, match="align is needed") as error:
        aligned_pattern(sr.Causal(), (64, 1024))
    assert str(error.value) == (
        "align is needed if n_q != n_k, got n = 64x1024 and align=None: "
        "align='upper-left' (query i is position i, as without a KV cache), or "
        "align='bottom-right' (query i is position i + 960: queries are the last 64 of 1,024 "
        "positions of a KV cache)"
    )
    with pytest.raises(ValueError, match="the query is the last of 9 positions of a KV cache"):
        aligned_pattern(sr.Lookback(4), (1, 9))
    with pytest.raises(ValueError, match="query i is position i - 8, the last query that of"):
        aligned_pattern(sr.Lookback(4), (9, 1))


@pytest.mark.parametrize(
    ("p", "align", "words"),
    [
        (sr.Causal(), "top-left", "align must be one of upper-left, bottom-right, none"),
        (
            sr.Shifted(sr.Causal(), 3),
            "bottom-right",
            "which has its own offset, not n_k - n_q = 19",
        ),
        (LISTED, "bottom-right", "which lists its own queries"),
    ],
    ids=repr,
)
def test_an_alignment_that_contradicts_the_pattern_is_refused(p, align, words):
    with pytest.raises(ValueError, match=words):
        aligned_pattern(p, DECODE, align)


@pytest.mark.parametrize(
    ("p", "align", "expected"),
    [
        (sr.Causal(), "upper-left", ("bottom-right", SHIFTED)),
        (sr.Causal(), "none", ("bottom-right", SHIFTED)),
        (sr.Causal(), "bottom-right", ("upper-left", sr.Causal())),
        (SHIFTED, None, ("upper-left", sr.Causal())),
        (sr.Shifted(sr.Causal(), 3), None, ("bottom-right", SHIFTED)),
        (sr.Full(), None, None),
        (LISTED, None, None),
        (sr.Documents((20, 4)), None, ("bottom-right", sr.Shifted(sr.Documents((20, 4)), 19))),
    ],
    ids=repr,
)
def test_the_other_alignment(p, align, expected):
    assert other_alignment(p, DECODE, align) == expected
    assert other_alignment(p, (24, 24), align) is None


def evidence(fn, patterns, n, *, sampled):
    subject = Subject.new(fn, n, len(patterns), CallOptions())
    statement = Statement(Meaning(), len(patterns), subject.n, subject.d)
    if sampled:
        return read_sample(subject, patterns, statement, 0)
    return read_every_pair(subject, patterns, statement)


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("asked", ["upper-left", "bottom-right"])
def test_a_kernel_of_the_other_alignment_is_recognised(asked, sampled):
    other = "bottom-right" if asked == "upper-left" else "upper-left"
    fn = masked(tri(*DECODE, offset=19 if other == "bottom-right" else 0))
    patterns = (aligned_pattern(sr.Causal(), DECODE, asked),) * 2
    read = evidence(fn, patterns, DECODE, sampled=sampled)
    (finding,) = alignment_findings(read, [sr.Causal()] * 2, DECODE, asked)
    assert finding.kind == "alignment"
    assert finding.message.startswith(f"fn passes with align={other!r} (query i is position i")
    assert f"asked {asked} (" in finding.message
    assert finding.count == 10
    assert finding.at == (0, 0)


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("keys", [tri(*DECODE), tri(*DECODE, keys=3), tri(*DECODE, offset=18)])
def test_other_kernels_are_not(keys, sampled):
    patterns = (sr.Causal(),)
    read = evidence(masked(keys), patterns, DECODE, sampled=sampled)
    assert list(alignment_findings(read, patterns, DECODE, "upper-left")) == []


def test_each_head_has_an_alignment_and_one_that_has_none_is_as_asked():
    masks = np.stack([tri(*DECODE, offset=19), np.ones(DECODE, bool)])
    patterns = (sr.Causal(), sr.Full())
    read = evidence(masked(masks), patterns, DECODE, sampled=False)
    assert len(list(alignment_findings(read, patterns, DECODE, "upper-left"))) == 1
    masks[1, 0, 0] = False
    read = evidence(masked(masks), patterns, DECODE, sampled=False)
    assert list(alignment_findings(read, patterns, DECODE, "upper-left")) == []
