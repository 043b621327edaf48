"""z3 reads each formula as Python does, at numbers and at terms for its parameters.

And it refuses what it cannot read.
"""

import pytest
import z3
from hypothesis import given
from hypothesis import strategies as st
from strategies import RULES, instances, patterns

import sparse_ref as sr
from sparse_ref.paths.proof.family import family_of, generalise
from sparse_ref.paths.proof.query import Query
from sparse_ref.paths.proof.refusals import Undecided
from sparse_ref.paths.proof.terms import Symbols, integer_term, truth
from sparse_ref.paths.proof.verdict import Counterexample

N = st.integers(0, 12)


def is_key(query, i, j, values=()):
    """Whether z3 finds the key j in row i of the one layer, at these parameters."""
    member = query.attends(query.layers.steps[0], query.i, query.j)
    n = max(i, j) + 1 if query.length is None else dict(values).get("n", query.layers.own_length)
    at = Counterexample(j, i, n, tuple(values))
    conditions = (member, z3.Not(member))
    answers = [query.solve(condition, seconds=10, at=at).status for condition in conditions]
    assert sorted(answers) == ["sat", "unsat"], "a formula is true or false"
    return answers[0] == "sat"


@pytest.mark.parametrize("rule", RULES)
@given(st.data())
def test_a_formula_is_read_alike_at_terms_for_its_parameters(rule, data):
    """Parameters in tuples stay numbers."""
    p = data.draw(st.sampled_from([*instances(rule, 3)]))
    names = [name for name, (kind, _) in rule.bounds().items() if kind is int]
    fixed = {name: getattr(p, name) for name in rule.bounds() if name not in names}
    query = Query(
        family_of(constructor_of(rule, names, fixed), None) if names else family_of(p, None),
        causal=False,
    )
    n = p.own_length or 12
    i, j = (data.draw(st.integers(0, n - 1)) for _ in "ij")
    assert is_key(query, i, j, [(name, getattr(p, name)) for name in names]) == bool(
        p.contains(i, j)
    )


def constructor_of(rule, names, fixed):
    """The rule as a function of these parameters."""
    space = {"rule": rule, "fixed": fixed}
    keywords = ", ".join(f"{name}={name}" for name in names)
    exec(f"def build({', '.join(names)}): return rule({keywords}, **fixed)", space)
    return space["build"]


@given(patterns(most=5), N, N)
def test_a_pattern_is_read_alike_at_numbers(p, i, j):
    assert is_key(Query(family_of(p, None), causal=False), i, j) == bool(p.contains(i, j))


@given(patterns(most=5), N, N)
def test_a_pattern_whose_numbers_are_taken_for_parameters_is_the_same_at_these(p, i, j):
    general = generalise(family_of(p, None))
    if general is None:  # no number above 1, but in sets of positions
        return
    query = Query(general, causal=False)
    assert not query.is_vacuous([general.instance])
    assert is_key(query, i, j, general.instance.items()) == bool(p.contains(i, j))


INTEGERS = given(st.integers(-20, 20), st.integers(1, 9), st.integers(-5, 5))


def arithmetic(x, b, y):
    """What formulas compute with integers, b >= 1."""
    sums = [x + y, x - y, x * y, 7 - x, -x]
    quotients = [x // b, x % b, x // 3, x % 3, 7 // b, 7 % b]
    counts = [(x < y) + 0, 2 * (x < y), (x < y) + (y < x)]
    return sums + quotients + counts


def comparisons(x, y):
    """What formulas ask of integers."""
    orders = [(x < y) & (y < x), (x < y) | (x == y), (x <= y) ^ True, (x != y) & True]
    mirrors = [False | (x >= y), (x < 0) == (y < 0), (x < 0) != (y < 0)]
    constants = [(x < 0) == False, (x < 0) != True]  # noqa: E712
    return orders + mirrors + constants


@INTEGERS
def test_arithmetic_is_python_s(x, b, y):
    symbols = Symbols()
    X, B, Y = (integer_term(symbols, name) for name in "xby")
    symbols.assume(B.expression >= 1)
    terms = arithmetic(X, B, Y)
    numbers = [X.expression == x, B.expression == b, Y.expression == y]
    equal = [t.expression == v for t, v in zip(terms, arithmetic(x, b, y), strict=True)]
    assert symbols.follows(z3.And(*equal), *symbols.definitions, *numbers)


@INTEGERS
def test_comparisons_are_python_s(x, b, y):
    symbols = Symbols()
    X, Y = (integer_term(symbols, name) for name in "xy")
    numbers = [X.expression == x, Y.expression == y]
    values = [
        False,
        x <= y,
        x > y,
        x != y,
        x >= y,
        (x < 0) == (y < 0),
        (x < 0) != (y < 0),
        x >= 0,
        x >= 0,
    ]
    assert comparisons(x, y) == values
    equal = [truth(t, symbols) == v for t, v in zip(comparisons(X, Y), values, strict=True)]
    assert symbols.follows(z3.And(*equal), *numbers)


def test_a_division_by_what_may_be_0_is_refused():
    symbols = Symbols()
    x, b = integer_term(symbols, "x"), integer_term(symbols, "b")
    for divide in (lambda: x // b, lambda: x % (b - 3), lambda: x // 0, lambda: x % -2):
        with pytest.raises(Undecided, match="may be below 1"):
            divide()


def test_a_formula_that_asks_for_a_truth_value_is_refused():
    x = integer_term(Symbols(), "x")
    with pytest.raises(
        Undecided, match=r"branches on .*, which is true in some cases and false in others"
    ):
        min(x, 3)
    for value in (x == 3, x % 2, x):
        with pytest.raises(
            Undecided, match=r"branches on .*, which is true in some cases and false in others"
        ):
            bool(value)


def test_a_number_that_a_constructor_asks_for_is_assumed_to_be_0():
    def whole_blocks(n, k):
        blocks = sr.Block(k)  # by which k is at least 1
        if n % k:
            raise ValueError("n must be a multiple of k")
        return blocks

    query = Query(family_of(whole_blocks, None), causal=True)
    assert "(n % k) == 0" in query.assumption_texts()
    assert query.is_vacuous([{"n": 7, "k": 2}])
    assert not query.is_vacuous([{"n": 7, "k": 2}, {"n": 8, "k": 2}])


def test_what_constructors_refuse_is_assumed_not_to_be():
    query = Query(family_of(lambda l, c, number: sr.SubBlock(l, c, number), None), causal=True)
    assert query.assumption_texts() == ["c >= 1", "number >= 1", "c*number <= l"], "l >= 1 follows"
    assert query.is_vacuous([{"l": 3, "c": 2, "number": 2}])
    assert not query.is_vacuous([{"l": 4, "c": 2, "number": 2}])
