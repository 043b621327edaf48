"""Every formula of cost and reach in the catalogue, against what is counted.

Costs are compared with the brute-force mask, row by row and in all; reach with boolean products of
the masks, pair by pair. A formula that none of the cases meets fails as well.
"""

from dataclasses import replace
from functools import cache, reduce
from itertools import product
from operator import or_

import numpy as np
import pytest
from catalogue_cases import CASES, NO_PARAMETERS, NO_REACH, ONE_CASE
from page_programs import page_program
from strategies import mask

import sparse_ref as sr

formulas = page_program("catalogue_formulas")
FORMULAS = formulas.formulas()
EXAMPLES = {entry.name: entry for entry in sr.catalogue()}
LENGTHS = (4, 7, 12, 16, 24, 36)


@cache
def cases(name):
    """The examples of an entry at those lengths that they can have, as (entry, n)."""
    example = EXAMPLES[name]
    further = [replace(example, example=text) for text in CASES.get(name, [])]
    both = product([example, *further], LENGTHS)
    return [case for case in both if has_length(*case)]


def has_length(entry, n):
    """Whether the example can be made for n."""
    try:
        own = {p.own_length for p in entry.patterns(n)}
    except ValueError:  # a length that its constructor refuses
        return False
    return own <= {None, entry.shape(n)[1]}


@cache
def masks(entry, n):
    """The masks of an example's steps, branches or heads, bool (n_q, n_k)."""
    return [mask(p, entry.shape(n)) for p in entry.patterns(n)]


def keys_by_query(entry, n):
    """The keys of each query: of each head, or of all steps or branches together."""
    counts = [mask.sum(axis=1) for mask in masks(entry, n)]
    return counts if isinstance(entry.value(n), tuple) else [sum(counts)]


def stated_cases(name, formula, condition=None):
    """(case, names) of the cases for which a formula is stated."""
    for entry, n in cases(name):
        names = formulas.names_at(entry, n, formula.get("where", {}))
        if is_met(formula.get(condition), names):
            yield (entry, n), names


def is_met(condition, names):
    """Whether a condition is true, or there is none."""
    return condition is None or formulas.value(condition, names)


def assert_count(formula, count, expected):
    """A count is what its formula gives, or at most that."""
    assert count <= expected if formula.get("at_most") else count == expected


def assert_enough(met):
    """A formula is met at several lengths, and with several parameters if there are any."""
    assert len(met) >= 4
    examples = {entry.example for entry, _ in met}
    (name,) = {entry.name for entry, _ in met}
    assert len(examples) > 1 or name in ONE_CASE


def with_formula(part, *keys):
    """The entries whose cost or reach states one of these."""
    stated = {name: set(formula.get(part, {})) for name, formula in FORMULAS.items()}
    return [name for name in stated if not stated[name].isdisjoint(keys)]


def test_every_entry_has_its_cost_and_its_reach_or_a_reason():
    assert list(FORMULAS) == list(EXAMPLES)
    assert set(with_formula("cost", "keys", "pairs")) == set(EXAMPLES)
    assert set(with_formula("reach", "layers")) == set(EXAMPLES) - set(NO_REACH)
    assert set(CASES) == set(EXAMPLES) - NO_PARAMETERS


@pytest.mark.parametrize("name", with_formula("cost", "keys"))
def test_the_keys_of_a_query_are_as_many_as_the_formula_says(name):
    cost = FORMULAS[name]["cost"]
    met = set()
    shares = []
    for case, names in stated_cases(name, cost):
        rows = np.stack(keys_by_query(*case), axis=1)
        for i, counts in enumerate(rows.tolist()):
            here = {**names, "i": i}
            if not is_met(cost.get("queries"), here):
                continue
            expected = formulas.value(cost["keys"], here)
            for count in counts:
                assert_count(cost, count, expected)
                shares.append(count / expected if expected else 1.0)
            met.add(case)
    assert_enough(met)
    assert max(shares) > 0.7, "a bound that is far from every count"


@pytest.mark.parametrize("name", with_formula("cost", "pairs"))
def test_the_pairs_are_as_many_as_the_formula_says(name):
    cost = FORMULAS[name]["cost"]
    shares = {}
    for case, names in stated_cases(name, cost, "when"):
        expected = formulas.value(cost["pairs"], names)
        for head in keys_by_query(*case):
            assert_count(cost, head.sum(), expected)
            shares[case] = head.sum() / expected if expected else 1.0
    assert_enough(shares)
    assert max(shares.values()) > 0.7, "a bound that is far from every count"


@pytest.mark.parametrize("name", with_formula("reach", "layers"))
def test_reach_is_what_boolean_products_of_the_masks_give(name):
    reach = FORMULAS[name]["reach"]
    met = set()
    for case, names in stated_cases(name, reach, "when"):
        layers = layers_by_pair(*case)
        if reach.get("transitive"):
            own = reduce(or_, masks(*case))
            assert np.array_equal(layers >= 0, own | np.eye(len(own), dtype=bool))
        if assert_layers(reach, layers, names) > 0:
            met.add(case)
    assert_enough(met)


def layers_by_pair(entry, n):
    """How many layers information from key j takes to query i, int (n, n); -1 if it never comes."""
    own = masks(entry, n)
    if not isinstance(entry.value(n), sr.Factorized):
        own = [reduce(or_, own)]
    stack = [mask[:, : len(mask)] for mask in own]  # a star's nodes are its queries
    reached = np.eye(len(stack[0]), dtype=bool)  # by the residual edge
    layers = np.where(reached, 0, -1)
    for number in range(1, len(stack) * len(reached) + 1):
        mask = stack[(number - 1) % len(stack)].astype(np.int64)
        reached = reached | (mask @ reached > 0)
        layers[reached & (layers < 0)] = number
    return layers


def assert_layers(reach, layers, names):
    """The most that a pair needs, which is what is stated; and so is what each pair needs."""
    n = len(layers)
    is_earlier = np.tri(n, k=-1, dtype=bool)
    in_scope = is_earlier if reach["pairs"] == "earlier" else is_earlier | is_earlier.T
    states_pairs = "connected" in reach or not reach.get("transitive")
    most = 0
    for i, j in np.argwhere(in_scope).tolist():
        here = {**names, "i": i, "j": j}
        count = layers[i, j]
        if states_pairs:
            assert (count > 0) == bool(is_met(reach.get("connected"), here))
        if count > 0 and "layers_of_pair" in reach:
            assert count == formulas.value(reach["layers_of_pair"], here)
        most = max(most, count)
    if most > 0:
        assert most == formulas.value(reach["layers"], names)
    return most


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("n*(2*radius + 1) - radius*(radius + 1)", "n (2 radius + 1) - radius (radius + 1)"),
        ("a - (b - c) - d", "a - (b - c) - d"),
        ("c*(n/l)*(n - l)/2", "c (n / l) (n - l) / 2"),
        ("n/(2*l)", "n / (2 l)"),
        ("n % (2*step) == 0 and step < n", "n mod (2 step) = 0 and step < n"),
        ("ceil((n - 1)//step/radius)", "ceil(floor((n - 1) / step) / radius)"),
        ("(a + b)**2*keys**len(shape)", "(a + b)² keys^|shape|"),
        ("2**(e + 1)", "2^(e + 1)"),
        ("popcount(i ^ j)", "popcount(i XOR j)"),
        ("sum(n - t for t in offsets)", "sum(n - t for t in offsets)"),
        ("all(n % w == 0 for w in ws)", "n mod w = 0 for every w in ws"),
        ('rule == "code" and not causal', 'rule = "code" and not causal'),
        ("-(a + b)*shape[axis]", "-(a + b) shape[axis]"),
    ],
)
def test_an_expression_is_written_as_the_docs_write_it(expression, text):
    assert formulas.notation(expression) == text


def test_an_expression_without_a_notation_is_an_error():
    with pytest.raises(TypeError, match="no notation for lambda"):
        formulas.notation("(lambda: n)()")


def test_a_page_says_its_formulas_and_when_they_hold():
    entry = EXAMPLES["streaming"]
    assert formulas.cost_lines(entry, "keys") == [
        "- Cost: `sinks + keys` keys for query i with `i >= sinks + keys - 1`; "
        "`n keys - keys (keys - 1) / 2 + (n - keys) sinks - sinks (sinks - 1) / 2` pairs, "
        "if `sinks + keys <= n`."
    ]
    (prefix,) = formulas.cost_lines(EXAMPLES["Prefix"], "keys")
    assert prefix.endswith(
        "`length` keys for every query; `n length` pairs; both if `length <= n`."
    )
    (bound,) = formulas.cost_lines(EXAMPLES["bigbird"], "keys")
    assert bound.count("at most ") == 2
    assert bound.endswith(", where `nb = n / block`.")
    (steps,) = formulas.cost_lines(EXAMPLES["strided"], "keys")
    assert steps.startswith("- Cost, all steps together: `l + floor(i / l) + 2` keys")
    (block,) = formulas.reach_lines(EXAMPLES["Block"])
    assert block == (
        "- Reach: 1 layer connects every pair j < i with `floor(i / l) = floor(j / l)`; "
        "more layers connect no other: the set is transitive."
    )
    (logsparse,) = formulas.reach_lines(EXAMPLES["LogSparse"])
    assert logsparse.endswith("; a pair needs `popcount(i - j)` of them.")
    assert formulas.reach_lines(EXAMPLES["Random"]) == []


@pytest.mark.parametrize(
    ("name", "part", "key", "wrong"),
    [
        ("Window", "cost", "keys", "2*radius"),
        ("Window", "cost", "pairs", "n*(2*radius + 1)"),
        ("bigbird", "cost", "pairs", "block**2*(6*nb - 12 + random*(nb - 2))"),
        ("Lookback", "reach", "layers", "ceil((n - 1)/keys)"),
        ("LogSparse", "reach", "layers_of_pair", "popcount(i + j)"),
        ("Strided", "reach", "connected", "(i - j) % l <= 1"),
    ],
)
def test_a_wrong_formula_fails(name, part, key, wrong, monkeypatch):
    monkeypatch.setitem(FORMULAS[name][part], key, wrong)
    checks = {
        "keys": test_the_keys_of_a_query_are_as_many_as_the_formula_says,
        "pairs": test_the_pairs_are_as_many_as_the_formula_says,
    }
    check = checks.get(key, test_reach_is_what_boolean_products_of_the_masks_give)
    with pytest.raises(AssertionError):
        check(name)
