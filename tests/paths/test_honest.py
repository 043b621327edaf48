"""Proofs that a review made lie: each statement was "proved" once, or crashed.

The comment says why the statement is false.
"""

import re
from dataclasses import dataclass

import numpy as np
import pytest
from products import hop_counts, reached

import sparse_ref as sr
from sparse_ref.define import Rule, span
from sparse_ref.paths import prove, prove_hops, prove_invariant
from sparse_ref.paths.proof import small_cases
from sparse_ref.paths.proof.wording import letters, tex_words
from sparse_ref.sets.mask import brute_mask


def test_keys_that_come_after_their_query_are_no_causal_sets():
    ahead = lambda s: sr.Sinks(s) | sr.Band(-30, 30) | sr.Window(0)  # noqa: E731
    assert hop_counts([brute_mask(ahead(1), 40)], False)[31, 30] == 2, "30 -> 0 -> 31"
    assert prove_invariant(ahead, lambda j, i, s: (j < s) | (j == i)).status != "proved"
    assert prove_invariant(sr.Full(), lambda j, i: (j >= 0) & (i >= 0)).status != "proved"


def test_parameters_and_positions_have_separate_names():
    with pytest.raises(ValueError, match="parameters other than the positions i and j, got i"):
        prove(lambda i: sr.Lookback(i + 30))

    def a_is_a_position_too(a):
        if a > 20:
            raise ValueError("a must be at most 20")
        return sr.Lookback(2)

    assert (
        prove_invariant(
            a_is_a_position_too, lambda j, i, a: (j // 30 == i // 30) & (j <= i), causal=False
        ).status
        != "proved"
    )
    statement = prove(lambda b: (sr.Chunk(b, 0), sr.Lookback(b), sr.Causal())).statement
    assert "there are a, c with (j in Chunk(b, 0)_a" in statement
    assert "B = Lookback(A) | Causal()" in prove(lambda A: sr.Lookback(A) | sr.Causal()).statement
    assert letters("ab", 4, ("a",)) == ["b", "a_1", "a_2", "a_3"]


@dataclass(frozen=True)
class Cut(Rule):
    """A_i = { j <= i : j < 600 or i < 600, not both }"""

    @staticmethod
    def formula(i, j):
        return (j <= i) & ((j < 600) != (i >= 600))

    @staticmethod
    def solution(i, n):
        return span(0, i + 1)


@dataclass(frozen=True)
class Half(Rule):
    """A_i = { j <= i : j >= i / 2 - 300 }"""

    @staticmethod
    def formula(i, j):
        return (j <= i) & (j >= 0.5 * i - 300)

    @staticmethod
    def solution(i, n):
        return span(0, i + 1)


@dataclass(frozen=True)
class Recent(Rule):
    """A_i = { j : i - n < j <= i }"""

    n: int

    @staticmethod
    def formula(i, j, n):
        return (i - n < j) & (j <= i)

    @staticmethod
    def solution(i, m, n):
        return span(i - n + 1, i + 1)


def test_formulas_are_read_as_they_are_written():
    apart = lambda j, i, l: ((j < 30) != (i >= 30)) & (j % 2 == i % 2)  # noqa: E731
    assert prove_invariant(lambda l: sr.Dilated(2, 2), apart, causal=False).status != "proved", (
        "28 reaches 32"
    )
    assert prove(Cut(), residual=False).status != "proved", "0 does not reach 600"
    verdict = prove(Half(), residual=False)
    assert verdict.status == "unknown", "half of i is no whole number"
    assert "formulas must use integers only, got 0.5" in verdict.evidence
    halves = prove_hops(sr.Local, lambda j, i, l: 1.5 * (i - j), lambda j, i, l: i - 1)
    assert halves.status == "unknown"
    assert "formulas must use integers only, got 1.5" in halves.evidence


def test_two_divisions_are_two_however_long_they_are_in_print():
    def deep(x):
        for _ in range(25):
            x = 2 * x + 1
        return x

    def family(l):
        p = sr.Window(0) | sr.Sinks(l + 40)
        sr.Block(l)
        return sr.Factorized((p, p), via=lambda j, i: (deep(j) % l * 0 + deep(i) % l * 0 + j,))

    assert not reached([brute_mask(family(1).steps[0], 60)] * 2, False)[50, 45]
    assert prove(family, residual=False).status != "proved"


def test_n_is_the_length_or_nothing():
    verdict = prove(Recent(600))
    assert verdict.status != "proved", "0 does not reach 600"
    with pytest.raises(TypeError, match="a parameter called n is the length"):
        prove(lambda n: sr.Grid((n, n), (sr.Window(4), sr.Window(4))), residual=False, causal=False)
    with pytest.raises(ValueError, match="n must be given once"):
        prove(lambda n: sr.Lookback(n), n=8)


@pytest.mark.parametrize(
    "steps",
    [
        lambda l: sr.Lookback(3) if l > 6 else sr.Causal(),
        lambda l: sr.Causal() if l > 6 else sr.Strided(1),
        lambda l: sr.Causal() if l else sr.Strided(1),
    ],
)
def test_a_constructor_that_goes_two_ways_needs_two_functions(steps):
    verdict = prove_hops(steps, lambda j, i, l: i - j, lambda j, i, l: i - 1)
    assert verdict.status == "unknown"
    assert re.search(r"branches on l (> 6|!= 0): state a function for each", verdict.evidence)


def test_refusals_in_every_form_are_assumptions():
    def at_least_2(l):
        if not l >= 2:
            raise ValueError("l must be at least 2")
        assert l <= 50
        return sr.strided(l)

    assert prove(at_least_2).statement.startswith("for all l >= 2, l <= 50, every n")

    def chain(l):
        if not 2 <= l <= 50:
            raise ValueError("l must be from 2 to 50")
        return sr.strided(l)

    assert prove(chain, residual=False).status == "proved"
    assert prove(lambda o: sr.Causal() | sr.Shifted(sr.Causal(), o)).statement.startswith(
        "for all o, every n"
    )


def test_fewer_layers_than_none_are_none():
    weird = prove_hops(
        lambda l: sr.Lookback(2), lambda j, i, l: i - j - (j > 30) * (i <= j), lambda j, i, l: i - 1
    )
    assert weird.status == "unknown"
    assert "hops(j, i) is at least 0" in weird.evidence
    for steps in ((sr.Lookback(2), sr.Lookback(3)), sr.strided):
        with pytest.raises(ValueError, match="step must be one pattern"):
            prove_hops(steps, lambda j, i, l=2: i - j, lambda j, i, l=2: i - 1)


def test_the_smallest_length_is_found_between_those_that_are_tried():
    assert prove((sr.Window(13),) * 2, causal=False).counterexample == (27, 0, 28, ())


def test_many_layers_and_large_numbers():
    verdict = prove((sr.Lookback(60),) * 12)
    assert verdict.status == "refuted"
    assert verdict.counterexample.i == 12 * 59 + 1
    assert prove((sr.Causal(),) * 12).status in ("proved", "unknown")
    assert prove(sr.Band(-5, 8) | sr.Causal()).status == "proved"

    def large(l):
        if l < 10:
            raise ValueError("l must be at least 10")
        return sr.strided(l)

    assert prove(large, residual=False).status == "unknown", (
        "there is nothing small to plant a change in"
    )


def test_the_time_limit_holds_for_small_cases():
    many = sr.Causal()
    for q in range(2, 13):
        many = many | sr.Strided(q)
    assert prove(many, seconds=2).seconds < 60
    assert (
        prove(
            lambda a, b, c, d: (sr.Prefix(a) | sr.Global(1), sr.LogSparse() | sr.Global(1)),
            residual=False,
            causal=False,
            seconds=2,
        ).seconds
        < 60
    )


def test_a_pair_refutes_even_if_the_family_has_no_one_statement():
    verdict = prove(lambda l: tuple(sr.Lookback(1) for _ in range(l + 1)))
    assert verdict.status == "refuted"
    assert verdict.statement.startswith("at l = 0, for every n and all 0 <= j <= i < n: ")
    assert verdict.tex.startswith(r"l = 0:\ \forall\, 0 \le ")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: prove(max), TypeError, "steps must be a function of named parameters"),
        (lambda: prove_hops(sr.Local, 3, lambda j, i, l: i), TypeError, "hops must be a function"),
        (lambda: prove_invariant(sr.Local, None), TypeError, "holds must be a function"),
    ],
)
def test_bad_functions_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_condition_that_branches_is_unknown():
    verdict = prove_invariant(sr.Local, lambda j, i, l: j > i and l > 2)
    assert verdict.status == "unknown"
    assert re.search(r"branches on .*, which is true in some cases and false", verdict.evidence)


def test_tex_states_the_same_as_words():
    tex = prove((sr.butterfly(3),) * 4, causal=False, n=8).tex
    assert r"j \in ((A \cup I)^{4})_i,\quad A = \text{Window(0)" in tex
    assert (
        r"j \in ((B \cup I) \circ (A \cup I)^{3})_i"
        in prove((sr.Lookback(2),) * 3 + (sr.Causal(),)).tex
    )
    assert (
        tex_words("~Band(l%3) & {x}^2 #_$")
        == r"\textasciitilde{}Band(l\%3) \& \{x\}\textasciicircum{}2 \#\_\$"
    )


def test_only_symbols_stand_for_all_integers():
    class Anything:
        def assume_bounds(self, least, most):
            return self

    with pytest.raises(TypeError, match="must be an integer"):
        sr.Lookback(Anything())


def test_a_counterexample_is_as_short_as_its_pair_without_time_for_other_lengths(monkeypatch):
    monkeypatch.setattr(small_cases, "is_causal", lambda layers, n: False)

    def failures(n):
        return np.eye(n, dtype=bool) & (np.arange(n) == 6)

    case = small_cases.first_failure(None, (4, 12), failures, shorten=True, deadline=np.inf)
    late = small_cases.first_failure(None, (12,), failures, shorten=True, deadline=-np.inf)
    assert (case.n, case.i, case.j) == (late.n, late.i, late.j) == (7, 6, 6)
