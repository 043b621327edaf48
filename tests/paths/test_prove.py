"""`prove` on known facts of strided and fixed attention: at parameters, at numbers, at one length.

And the arguments that it refuses.
"""

import json
import re
from functools import reduce
from operator import or_

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.paths import prove
from sparse_ref.paths.proof import terms

STRIDED_CODE = (sr.Lookback(8), sr.Strided(8))


@pytest.mark.parametrize(
    ("steps", "options", "status"),
    [
        (sr.strided, dict(residual=False), "proved"),
        (sr.strided(8), dict(residual=False), "proved"),
        (sr.strided(8), dict(residual=False, order=(2, 1)), "proved"),
        (sr.strided, dict(order=(2, 1)), "proved"),
        (STRIDED_CODE, dict(residual=False), "proved"),
        (STRIDED_CODE, dict(residual=False, order=(2, 1)), "proved"),
        ((sr.Lookback(7), sr.Strided(8)), {}, "refuted"),
        (sr.fixed, dict(residual=False), "refuted"),
        (sr.fixed, {}, "proved"),
        (sr.fixed(8, 2), {}, "proved"),
        (sr.fixed(8, 2), dict(order=(2, 1)), "refuted"),
        (2 * sr.openai_fixed(8, 2, num_verts=4)[:1], {}, "proved"),
        (2 * sr.openai_fixed(8, 2, num_verts=4)[1:2], {}, "refuted"),
        (sr.Merged(sr.strided(5)).at(0, 0), {}, "refuted"),
        ((sr.Merged(sr.strided(5)).at(0, 0),) * 2, dict(residual=False), "proved"),
    ],
)
def test_what_is_known_of_strided_and_fixed_attention(steps, options, status):
    verdict = prove(steps, **options)
    assert verdict.status == status, verdict
    assert bool(verdict) == (status == "proved")
    assert bool(verdict.negative_control) == (status == "proved")
    assert (verdict.counterexample is None) == (status == "proved")


@pytest.mark.parametrize(
    ("family", "status"),
    [
        (lambda l: sr.Pooled(sr.Started(l), l) & sr.Causal(), "proved"),
        (lambda l: sr.Pooled(sr.Complete(l + 1), l + 1) | sr.Lookback(l), "proved"),
        (lambda l: sr.Pooled(sr.Complete(l + 2), l + 2) | sr.Lookback(l), "refuted"),
        (lambda l: (sr.Lookback(l), sr.Pooled(sr.Complete(l), l) | sr.Sinks(1)), "proved"),
    ],
    ids=["begun", "full, and the others by themselves", "one token short", "two layers"],
)
def test_pools_that_touch_have_a_verdict_at_every_length(family, status):
    assert prove(family).status == status


def test_the_counterexample_is_the_smallest():
    for l in range(2, 6):
        found = prove((sr.Lookback(l - 1), sr.Strided(l))).counterexample
        assert found == (0, l - 1, l, ())
        assert not sr.paths.reach((sr.Lookback(l - 1), sr.Strided(l)), found.n)[found.i, found.j]
        assert (
            np.tril(sr.paths.reach((sr.Lookback(l - 1), sr.Strided(l)), found.n - 1)).sum()
            == l * (l - 1) // 2
        )


def test_numbers_are_taken_for_parameters():
    verdict = prove(sr.strided(1000), residual=False)
    assert "for all l >= 1" in verdict.statement
    assert verdict.evidence.endswith(" (instance: l = 1000)")
    assert "every n and all 0 <= j <= i < n" in verdict.statement


def test_without_a_path_at_parameters_quantifiers_are_eliminated_at_numbers():
    verdict = prove((sr.Strided(6), sr.Lookback(6)), residual=False)
    assert verdict.status == "proved"
    assert "quantifier elimination" in verdict.evidence


def test_z3_finds_a_pair_beyond_the_small_lengths_and_shrinks_it(monkeypatch):
    monkeypatch.setattr("sparse_ref.paths.proof.small_cases.SHORT_LENGTH", 4)
    monkeypatch.setattr("sparse_ref.paths.proof.small_cases.LONG_LENGTH", 4)
    verdict = prove((sr.Lookback(4), sr.Lookback(3)))
    assert verdict.status == "refuted"
    assert verdict.counterexample == (0, 6, 7, ())
    assert verdict.evidence == "z3 finds no path: j = 0 reaches only i = 0, 1, 2, 3, 4, 5"


def test_positions_between_may_lie_after_i_where_keys_may():
    ahead = (sr.Band(0, 1), sr.Band(2, -2))
    assert prove((sr.Band(2, 2),) * 2, causal=False).counterexample == (5, 0, 6, ())
    assert prove(ahead, residual=False).status == "refuted"

    def via_the_end(n):
        layer = sr.GlobalAt((n - 1,))
        return sr.Factorized((layer, layer), via=lambda j, i: (n - 1,))

    assert prove(via_the_end, residual=False, causal=False).status == "proved"


def test_a_way_has_one_position_for_each_layer_but_the_last():
    for via in (lambda j, i: ((),), lambda j, i: ((j, i),)):
        with pytest.raises(ValueError, match="via must give 1 positions between j and i, got"):
            prove(sr.Factorized((sr.Local(3), sr.Strided(3)), via=via))
    three = sr.Factorized((sr.Causal(),) * 3, via=lambda j, i: ((j, j),))
    assert prove(three, residual=False).evidence.startswith(
        "z3 finds no case in which the path through a = j, b = j fails"
    )
    assert sr.paths.witness(three, 3, 10**9) == (3, 3, 3, 10**9)


def test_one_length_is_checked_pair_by_pair():
    verdict = prove((sr.butterfly(3),) * 3, causal=False, n=8)
    assert verdict.status == "proved"
    assert verdict.evidence == "every pair at n = 8 was checked"
    assert "n = 8" in verdict.statement
    assert prove((sr.butterfly(3),) * 2, causal=False, n=8).status == "refuted"
    swin = sr.swin((4, 4), 2), sr.swin((4, 4), 2, shift=1)
    assert "n = 16" in prove(swin, causal=False).statement
    assert prove(sr.Listed.of_rows([[0], [0, 1], [1, 2]]), n=3).counterexample == (0, 2, 3, ())


def test_sets_without_a_formula_end_unknown_with_a_reason():
    listed = sr.Listed.of_rows([range(i + 1) for i in range(600)])
    verdict = prove(listed)
    assert verdict.status == "unknown"
    assert verdict.evidence
    assert not verdict


def test_time_runs_out_without_a_verdict(monkeypatch):
    monkeypatch.setattr("sparse_ref.paths.proof.small_cases.SHORT_LENGTH", 4)
    monkeypatch.setattr("sparse_ref.paths.proof.small_cases.LONG_LENGTH", 4)
    verdict = prove(
        (sr.Lookback(63), sr.Strided(64)), residual=False, seconds=1
    )  # the counterexample at n = 64 is beyond the small lengths
    assert verdict.status == "unknown"
    assert "z3 gave up" in verdict.evidence
    assert verdict.seconds < 30


def test_a_number_of_layers_cannot_be_a_parameter():
    verdict = prove(lambda l: tuple(sr.Causal() for _ in range(l + 1)))
    assert verdict.status == "unknown"
    assert "l + 1 is used as a number, an index or a size" in verdict.evidence


def test_parameters_out_of_bounds_are_assumed_not_to_be():
    def narrow(l, c):
        if c >= l:
            raise ValueError(f"c must be below l = {l}, got {c}")
        return sr.fixed(l, c)

    verdict = prove(narrow)
    assert verdict.status == "proved"
    assert verdict.statement.startswith("for all c < l, c >= 1, every n and all 0 <= j <= i < n: ")


def test_what_is_assumed_of_no_parameter_proves_nothing():
    def nothing(l):
        if l < 5:
            raise ValueError("l must be at least 5")
        if l > 3:
            raise ValueError("l must be at most 3")
        return sr.strided(l)

    verdict = prove(nothing)
    assert verdict.status == "unknown"
    assert verdict.evidence == (
        "the steps cannot be stated for all l: their constructor rejects every value"
    )


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((3,), {}, TypeError, "steps must be a Factorized"),
        ((lambda: sr.strided(3),), {}, TypeError, "steps must be a function of named parameters"),
        (
            (lambda *l: sr.strided(3),),
            {},
            TypeError,
            "steps must be a function of named parameters",
        ),
        (
            (sr.strided(3),),
            dict(order=(3,)),
            ValueError,
            "each number in order must be at most 2, got 3",
        ),
        ((sr.strided(3),), dict(residual=1), TypeError, "residual must be True or False, got 1"),
        ((sr.strided(3),), dict(causal=None), TypeError, "causal must be True or False, got None"),
        ((sr.strided(3),), dict(n=0), ValueError, "n must be at least 1, got 0"),
        ((sr.strided(3),), dict(n=10**9), ValueError, "n must be at most"),
        ((sr.strided(3),), dict(seconds=0), ValueError, "seconds must be a number above 0, got 0"),
        (
            (sr.strided(3),),
            dict(seconds=float("inf")),
            ValueError,
            "seconds must be a number above 0, got inf",
        ),
    ],
)
def test_bad_arguments(arguments, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        prove(*arguments, **options)


@pytest.fixture
def without_z3(monkeypatch):
    """A Python that has no z3."""
    monkeypatch.setitem(__import__("sys").modules, "z3", None)
    terms.z3.cache_clear()
    yield
    terms.z3.cache_clear()


@pytest.mark.usefixtures("without_z3")
def test_without_z3_small_cases_are_still_checked():
    assert prove(sr.fixed(4), residual=False).status == "refuted"
    assert prove((sr.butterfly(2),) * 2, causal=False, n=4).status == "proved"
    with pytest.raises(ImportError, match=re.escape("pip install 'sparse-ref[proofs]'")):
        prove(sr.strided(4))
    with pytest.raises(ImportError, match="z3"):
        prove(sr.strided)


def test_the_verdict_as_text_html_and_json():
    verdict = prove(sr.fixed(4), residual=False)
    assert str(verdict).split("\n")[0] == (
        "refuted: for every n and all 0 <= j <= i < n: "
        "there is a with j in Block(4)_a and a in Summary(4, 1)_i"
    )
    assert "\\exists" in verdict.tex
    assert verdict.tex in verdict._repr_html_().replace("&lt;", "<").replace("&amp;", "&")
    assert json.loads(verdict.to_json())["counterexample"] == {
        "j": 0,
        "i": 0,
        "n": 1,
        "parameters": {},
    }
    assert json.loads(prove(sr.strided(2)).to_json())["status"] == "proved"


def test_steps_of_many_parts_have_a_verdict():
    """A union of 600 patterns: no RecursionError."""
    union = reduce(or_, [sr.Dilated(2 + i % 7, 1 + i % 5) for i in range(600)])
    verdict = sr.paths.prove(lambda l: union, seconds=20)
    assert verdict.status in ("proved", "refuted", "unknown")
