"""Paths: z3 reads each formula as Python does, at numbers and at terms for its parameters, and reads no more than it can."""

import pytest
import z3
from hypothesis import given
from hypothesis import strategies as st
from strategies import RULES, instances, patterns

import sparse_ref as sr
from sparse_ref.paths.proof.family import family, generalise
from sparse_ref.paths.proof.query import Query
from sparse_ref.paths.proof.terms import Symbols, Undecided, integer, truth
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
    query = Query(family(_of(rule, names, fixed), None) if names else family(p, None), causal=False)
    n = p.own_length or 12
    i, j = (data.draw(st.integers(0, n - 1)) for _ in "ij")
    assert is_key(query, i, j, [(name, getattr(p, name)) for name in names]) == bool(
        p.contains(i, j)
    )


def _of(rule, names, fixed):
    """The rule as a function of these parameters."""
    space = {"rule": rule, "fixed": fixed}
    exec(
        f"def build({', '.join(names)}): return rule({', '.join(f'{name}={name}' for name in names)}, **fixed)",
        space,
    )
    return space["build"]


@given(patterns(most=5), N, N)
def test_a_pattern_is_read_alike_at_numbers(p, i, j):
    assert is_key(Query(family(p, None), causal=False), i, j) == bool(p.contains(i, j))


@given(patterns(most=5), N, N)
def test_a_pattern_whose_numbers_are_taken_for_parameters_is_the_same_at_these(p, i, j):
    general = generalise(family(p, None))
    if general is None:  # no number above 1, but in sets of positions
        return
    query = Query(general, causal=False)
    assert not query.is_vacuous([general.instance])
    assert is_key(query, i, j, general.instance.items()) == bool(p.contains(i, j))


@given(st.integers(-20, 20), st.integers(1, 9), st.integers(-5, 5))
def test_arithmetic_is_python_s(x, b, y):
    symbols = Symbols()
    X, B, Y = (integer(symbols, name) for name in "xby")
    symbols.assume(B.expression >= 1)

    def each(x, b, y):
        return [
            x + y,
            x - y,
            x * y,
            x // b,
            x % b,
            x // 3,
            x % 3,
            7 // b,
            7 % b,
            7 - x,
            -x,
            (x < y) + 0,
            2 * (x < y),
            (x < y) + (y < x),
        ]

    terms = each(X, B, Y)
    numbers = [X.expression == x, B.expression == b, Y.expression == y]
    assert symbols.follows(
        z3.And(*(t.expression == v for t, v in zip(terms, each(x, b, y)))),
        *symbols.definitions,
        *numbers,
    )
    truths = [
        (X < Y) & (Y < X),
        (X < Y) | (X == Y),
        (X <= Y) ^ True,
        (X != Y) & True,
        False | (X >= Y),
        (X < 0) == (Y < 0),
        (X < 0) != (Y < 0),
        (X < 0) == False,
        (X < 0) != True,
    ]
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
    assert symbols.follows(
        z3.And(*(truth(t, symbols) == v for t, v in zip(truths, values))), *numbers
    )


def test_a_division_by_what_may_be_0_is_refused():
    symbols = Symbols()
    x, b = integer(symbols, "x"), integer(symbols, "b")
    for divide in (lambda: x // b, lambda: x % (b - 3), lambda: x // 0, lambda: x % -2):
        with pytest.raises(Undecided, match="may be below 1"):
            divide()


def test_a_formula_that_asks_for_a_truth_value_is_refused():
    x = integer(Symbols(), "x")
    with pytest.raises(
        Undecided, match="branches on .*, which is true in some cases and false in others"
    ):
        min(x, 3)
    for value in (x == 3, x % 2, x):
        with pytest.raises(
            Undecided, match="branches on .*, which is true in some cases and false in others"
        ):
            bool(value)


def test_a_number_that_a_constructor_asks_for_is_assumed_to_be_0():
    def whole_blocks(n, k):
        blocks = sr.Block(k)  # by which k is at least 1
        if n % k:
            raise ValueError("n must be a multiple of k")
        return blocks

    query = Query(family(whole_blocks, None), causal=True)
    assert "(n % k) == 0" in query.assumption_texts()
    assert query.is_vacuous([{"n": 7, "k": 2}])
    assert not query.is_vacuous([{"n": 7, "k": 2}, {"n": 8, "k": 2}])


def test_what_constructors_refuse_is_assumed_not_to_be():
    query = Query(family(lambda l, c, number: sr.SubBlock(l, c, number), None), causal=True)
    assert query.assumption_texts() == ["c >= 1", "number >= 1", "c*number <= l"], "l >= 1 follows"
    assert query.is_vacuous([{"l": 3, "c": 2, "number": 2}])
    assert not query.is_vacuous([{"l": 4, "c": 2, "number": 2}])
