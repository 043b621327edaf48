"""No proof of a function that branches where terms cannot see it, however it is written.

And honest functions in many styles stay proved.
"""

import copy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from time import monotonic

import numpy as np
import pytest
from deceptions import TEMPLATES, family_of_template
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import RULES, patterns
from withstood import withstands

import sparse_ref as sr
from sparse_ref.define import Rule, span
from sparse_ref.paths import prove, prove_hops, prove_invariant
from sparse_ref.paths.proof.agreement import compare_at_numbers, layer_readings
from sparse_ref.paths.proof.constants import numbers_in
from sparse_ref.paths.proof.family import family_of
from sparse_ref.paths.proof.programs import Program
from sparse_ref.paths.proof.query import Query
from sparse_ref.paths.proof.refusals import Undecided
from sparse_ref.paths.proof.terms import Symbols, integer_term

HONEST, LIE = sr.Causal(), sr.Window(0)
NUMBERS = st.integers(5, 10**6)
COMPARISONS = st.sampled_from(["==", ">="])


@given(st.sampled_from(sorted(TEMPLATES)), NUMBERS, COMPARISONS)
@withstands("deceptive families")
def test_a_family_that_lies_at_one_number_is_never_proved(template, c, comparison):
    family = family_of_template(template, c, comparison, honest=HONEST, lie=LIE, sr=sr)
    verdict = prove(family, residual=False)
    assert verdict.status in ("refuted", "unknown"), verdict
    assert verdict.evidence
    if verdict.status == "refuted":
        case = verdict.counterexample
        layers = family_of(family, None).layers_at(**dict(case.parameters)).steps
        is_stateful = template.startswith(("state", "random"))
        assert is_stateful or not sr.paths.reach(layers, case.n, residual=False)[case.i, case.j]


@settings(max_examples=settings.default.max_examples // 5)
@given(st.sampled_from(sorted(TEMPLATES)), NUMBERS, COMPARISONS)
@withstands("deceptive families")
def test_functions_of_positions_that_lie_are_never_proved(template, c, comparison):
    is_lie = family_of_template(template, c, comparison, honest=0, lie=1, sr=sr)

    def needed(j, i, l):
        return -((j - i) // l) - number(is_lie(l))

    def one_block(j, i, l):
        return (j // l == i // l) & (number(is_lie(l)) == 0)

    def number(value):
        return 1 if isinstance(value, tuple) else value

    hops = prove_hops(sr.Local, needed, lambda j, i, l: i - (i - j - 1) % l - 1)
    assert hops.status != "proved", hops
    invariant = prove_invariant(sr.Block, one_block)
    assert invariant.status != "proved", invariant


def test_a_set_a_dictionary_and_a_cache_do_not_hide_a_number():
    other = {7: LIE}
    for family in (
        lambda l: HONEST if l not in {7} else LIE,
        lambda l: other.get(l, HONEST),
        lambda l: HONEST if type(l) is not int or l != 7 else LIE,
    ):
        verdict = prove(family, residual=False)
        assert verdict.status == "refuted"
        assert verdict.counterexample == (0, 1, 2, (("l", 7),))
    cached = lru_cache(lambda l: sr.strided(l))
    for _ in range(2):
        verdict = prove(cached)
        assert verdict.status == "unknown"
        assert "l is looked up by its hash, in a set, a dict or a cache" in verdict.evidence
    assert prove_invariant(sr.Block, lambda j, i, l: (j // l == i // l) | (l in {7})).status == (
        "unknown"
    )


def test_a_branch_is_named_with_the_mend():
    verdict = prove(lambda l: HONEST if l < 7 else sr.Strided(1))
    assert verdict.status == "unknown"
    assert verdict.statement == (
        "for all l, every n and all 0 <= j <= i < n: "
        "j reaches i through the layers that the function gives"
    )
    assert verdict.evidence == (
        "the steps cannot be stated for all l: their constructor branches on l < 7: "
        "state a function for each branch, or raise ValueError on one of them"
    )


def test_a_difference_at_large_numbers_is_named():
    verdict = prove(lambda l: HONEST if type(l) is not int or l != 70_000 else LIE)
    assert verdict.status == "unknown"
    assert "at l = 70000, i = 1, j = 0, [j in A_i] of layer 1 is False" in verdict.evidence
    far = prove(lambda l: HONEST if type(l) is not int or l != 3 else sr.Lookback(1000))
    assert far.status in ("unknown", "refuted")
    both = prove(lambda l, c: HONEST if type(l) is not int or (l, c) != (70, 90) else LIE)
    assert both.counterexample == (0, 1, 2, (("l", 70), ("c", 90)))


@dataclass(frozen=True)
class Torn(Rule):
    """A_i = { j <= i }, of which the formula tells terms from numbers."""

    l: int

    @staticmethod
    def formula(i, j, l):
        return (j <= i) & ((j != 1000) | (type(l) is not int) | (l != 77))

    @staticmethod
    def solution(i, n, l):
        return span(0, i + 1)


def test_a_formula_that_tells_terms_from_numbers_is_not_proved():
    verdict = prove(Torn, residual=False)
    assert verdict.status == "unknown"
    assert "l = 77" in verdict.evidence
    assert "j = 1000" in verdict.evidence


def fixed_below(l, c):
    if not isinstance(l, int) or not isinstance(c, int):
        raise TypeError("l and c must be integers")
    if c > l:
        raise ValueError(f"c must be at most l = {l}, got {c}")
    return sr.fixed(l, c)


def named(l):
    steps = sr.Local(l), sr.Strided(l)
    return sr.Factorized(steps, f"mine({l})", sr.strided(l).via)


def two_copies(l):
    l = copy.copy(copy.deepcopy(l))
    return sr.strided(l)


def with_match(l):
    match l:
        case int():
            return sr.strided(l)
    raise TypeError("l must be an integer")


class Build:
    """A callable object."""

    def __init__(self, width):
        self.width = width

    def __call__(self, l):
        return add(self.width, l)


def add(more, l):
    steps = sr.Lookback(l + more), sr.Strided(l)
    return sr.Factorized(steps, via=sr.strided(l).via)


def with_proof(l):
    return sr.strided(l) if prove(sr.Causal(), n=3) else LIE


@pytest.mark.parametrize(
    "family",
    [fixed_below, named, two_copies, with_match, Build(1000), partial(add, 77), with_proof],
    ids=lambda family: getattr(family, "__name__", type(family).__name__),
)
def test_honest_families_stay_proved(family):
    verdict = prove(family, residual=family is fixed_below)
    assert verdict.status == "proved", verdict


INTEGER_RULES = [
    r for r in RULES if r.bounds() and {kind for kind, _ in r.bounds().values()} == {int}
]


@pytest.mark.parametrize("rule", INTEGER_RULES)
def test_a_rule_agrees_with_what_was_read_of_it_at_large_numbers(rule):
    family = family_of(rule, None)
    query = Query(family, causal=False)
    readings = layer_readings(query)
    compare_at_numbers(family, query, readings, [7, 1000, 4096], monotonic() + 100)


def test_proofs_in_threads_and_within_one_another_keep_their_terms():
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(prove, [sr.strided, sr.fixed, sr.gpt_neo, sr.strided]))
    assert [verdict.status for verdict in verdicts] == 4 * ["proved"]
    assert verdicts[0].statement == verdicts[3].statement
    inner = prove(lambda l: sr.strided(l) if prove(sr.Lookback(l)) else LIE)
    assert inner.status in ("unknown", "refuted")
    kept = []

    def keeper(l):
        kept.append(l)
        return sr.Lookback(kept[-1]), sr.Strided(l)

    prove(keeper)
    foreign = next(x for x in kept if type(x) is not int)
    verdict = prove(lambda l: (sr.Lookback(foreign + l), sr.Strided(l)))
    assert verdict.status == "unknown"
    assert "a number of another proof" in verdict.evidence
    assert prove((sr.Lookback(foreign),)).status == "unknown"
    hops = prove_hops(sr.Lookback(foreign), lambda j, i: i - j, lambda j, i: i - 1)
    assert hops.status == "unknown"


SUPPORTED = {
    *("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__neg__"),
    *("__floordiv__", "__rfloordiv__", "__mod__", "__rmod__", "__bool__"),
    *("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__"),
    *("__repr__", "__str__", "__format__", "__class__", "__doc__", "__new__", "__init__"),
    *("__dir__", "__getattribute__", "__setattr__", "__delattr__"),
    *("__init_subclass__", "__subclasshook__"),
}


@pytest.mark.parametrize("name", sorted(set(dir(int)) - SUPPORTED))
def test_what_integers_do_and_terms_do_not_is_refused_and_kept(name):
    symbols = Symbols()
    term = integer_term(symbols, "l")
    for value in (term, term < 7):
        symbols.refusal = ""
        arguments = [value] if name[2:-2] in BINARY else []
        try:
            getattr(value, name)(*arguments)
        except Undecided:
            assert symbols.refusal
        else:
            assert value is not term, "a condition has & | ^ and no more"
            assert name.strip("_r") in ("and", "o", "xo"), name


BINARY = {"and", "rand", "or", "ror", "xor", "rxor", "pow", "rpow", "lshift", "rlshift"}


def special(l, number=71, *, word=73):
    """At 79."""

    def inside():
        return 83, "89 and 97", b"101", frozenset({103}), 107.0

    return l == 109 or HOLDER.number or TABLE[0] or inside() or -113


@dataclass
class Holder:
    number: int = 127


HOLDER = Holder()
TABLE = [np.array([131, 137]), {139: range(149, 151)}]


def test_numbers_are_found_wherever_code_keeps_them():
    bound = 157
    found = numbers_in(partial(lambda l, x: special(l) + bound, x=163))
    literal = {71, 73, 83, 89, 97, 101, 103, 107, 109, 113}
    assert {*literal, 127, 131, 137, 139, 149, 151, 157, 163} <= set(found)
    assert numbers_in(sr.strided) == numbers_in(sr.strided)
    assert len(numbers_in(lambda l: list(MANY))) <= 256


MANY = {number: number for number in range(10_000)}


@given(patterns(most=5), st.lists(st.integers(0, 12), min_size=2, max_size=8))
def test_a_program_computes_what_the_formula_does(p, positions):
    query = Query(family_of(p, None), causal=False)
    program = Program(query.attends(p, query.i, query.j), query.symbols)
    i, j = np.array(positions), np.array(positions[::-1])
    expected = np.broadcast_to(p.contains(i, j), i.shape)
    actual = program({"i": i.astype(object), "j": j.astype(object)})
    assert (np.broadcast_to(actual, i.shape) == expected).all()


@pytest.mark.parametrize(
    "via",
    [lambda j, i: ({0: 1}[j],), lambda j, i: (1 // (j - j),), lambda j, i: ("abc"[i],)],
    ids=["dict", "divisor", "index"],
)
def test_a_way_that_cannot_be_read_is_unknown(via):
    steps = sr.Factorized((sr.Local(3), sr.Strided(3)), via=via)
    assert prove(lambda l: sr.Factorized((sr.Local(l), sr.Strided(l)), via=via)).status == "unknown"
    assert prove(steps).status in ("proved", "unknown")
