"""The strategies for other people's property tests: valid, of every kind, and they shrink."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import strategies as own
from hypothesis import HealthCheck, Phase, assume, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

import sparse_ref as sr
from sparse_ref.catalogue.notation import NAMES, ParseError
from sparse_ref.sets.pattern import Complement, Difference, Intersection, Union
from sparse_ref.verify import strategies
from sparse_ref.verify.strategies.texts import catalogue_calls
from sparse_ref.verify.strategies.trees import RULES

PAGE = Path(__file__).parents[2] / "docs" / "verify-strategies.md"
LONG = settings(
    max_examples=4000, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
DRAWN = settings(LONG, phases=[Phase.generate])  # found, and not shrunk
LENGTHS = [None, 0, 12, (5, 12), (12, 5), (4, 0)]
FEW = settings(max_examples=25)


def parts(p):
    """The pattern and all patterns within it."""
    fields = [
        each
        for value in vars(p).values()
        for each in (value if isinstance(value, tuple) else (value,))
    ]
    return [p, *(part for each in fields if isinstance(each, sr.Pattern) for part in parts(each))]


def shape(n):
    """(n_q, n_k) to lower at; any where there is none."""
    return (9, 9) if n is None else n if isinstance(n, tuple) else (n, n)


@pytest.mark.parametrize("n", LENGTHS, ids=repr)
@FEW
@given(data=st.data())
def test_patterns_can_be_lowered_at_the_length_and_their_notation_is_read(n, data):
    p = data.draw(strategies.patterns(n))
    assert np.array_equal(sr.dense(p, shape(n)), own.brute(p, shape(n)))
    assert sr.parse(repr(p)) == p
    assert n is not None or p.own_length is None


@FEW
@given(strategies.patterns((4, 9), listed=True))
def test_listed_patterns_have_a_row_for_each_query(p):
    assert sr.dense(p, (4, 9)).shape == (4, 9)


def holding(kind):
    """Whether a pattern is of this kind, or one within it."""
    return lambda p: any(isinstance(part, kind) for part in parts(p))


def assert_all_drawn(strategy, kinds, wanted, most=4000):
    """Draw until every one of the kinds that are wanted was among `kinds(x)` of some x."""
    seen = set()
    try:
        find(
            strategy,
            lambda x: seen.update(kinds(x)) or set(wanted) <= seen,
            settings=settings(DRAWN, max_examples=most),
        )
    except NoSuchExample:
        raise AssertionError(f"never drawn: {set(wanted) - seen}") from None


COMBINED = {Union, Intersection, Difference, Complement, sr.Blockwise, sr.Shifted}


def test_every_kind_of_pattern_is_drawn():
    of_any_length = {rule for rule in RULES if not issubclass(rule, sr.define.Sized)} | COMBINED
    assert_all_drawn(
        strategies.patterns(12),
        lambda p: map(type, parts(p)),
        {*RULES, *COMBINED, sr.Grid, sr.Documents, sr.Random},
    )
    assert_all_drawn(strategies.patterns(), lambda p: map(type, parts(p)), of_any_length)
    with pytest.raises(AssertionError, match=r"never drawn: .*Grid"):
        assert_all_drawn(strategies.patterns(), lambda p: map(type, parts(p)), {sr.Grid}, 200)


def test_a_pattern_shrinks_to_the_simplest_rule_and_a_combination_to_few():
    assert find(strategies.patterns(), lambda p: True) == sr.Causal()
    assert find(strategies.patterns(9), lambda p: True) == sr.Causal()
    assert find(
        strategies.rules(), lambda p: isinstance(p, sr.Strided) and p.l > 4, settings=LONG
    ) == sr.Strided(5)
    assert len(parts(find(strategies.patterns(), holding(Intersection), settings=LONG))) <= 4


def test_listed_sets_are_drawn_where_asked_for_and_nowhere_else():
    p = find(strategies.patterns(5, listed=True), lambda p: isinstance(p, sr.Listed), settings=LONG)
    assert p == sr.Listed.of_rows([[]] * 5)
    with pytest.raises(NoSuchExample):
        find(strategies.patterns(5), holding(sr.Listed), settings=settings(DRAWN, max_examples=300))
    with pytest.raises(ValueError, match="n must be given to draw listed sets"):
        strategies.patterns(listed=True)


@given(strategies.shapes(least=1, most=70))
def test_shapes_stay_within_their_bounds(n):
    assert all(1 <= length <= 70 for length in n)


def test_shapes_of_every_kind_are_drawn():
    kinds = {
        "fewer queries": lambda n: n[0] < n[1],
        "fewer keys": lambda n: n[0] > n[1] > 0,
        "nothing": lambda n: n == (0, 0),
        "one": lambda n: n == (1, 1),
        "no keys": lambda n: n[0] > n[1] == 0,
        "around a tile": lambda n: n == (65, 63),
        "long": lambda n: n[0] > 140,
    }
    assert_all_drawn(
        strategies.shapes(), lambda n: [name for name, holds in kinds.items() if holds(n)], kinds
    )


def test_shapes_shrink_and_may_be_anywhere():
    assert find(strategies.shapes(), lambda n: True) == (0, 0)
    assert find(strategies.shapes(), lambda n: n[1] > 3, settings=LONG)[0] == 0
    assert find(strategies.shapes(least=5, most=6), lambda n: True) == (5, 5)


@given(data=st.data(), n=strategies.shapes(most=20))
def test_q_k_v_have_the_shapes_that_attend_takes(data, n):
    q, k, v = data.draw(strategies.qkv(n, heads=6, dtypes=(np.float32, np.float64)))
    assert (q.shape[1], k.shape[1], v.shape[1]) == (n[0], n[1], n[1])
    assert q.shape[0] <= 6
    assert q.dtype == k.dtype == v.dtype
    assert np.isfinite(q).all()
    assert sr.attend(q, k, v, sr.Lookback(3), device="reference").shape == (
        *q.shape[:2],
        v.shape[2],
    )


def test_inputs_of_every_kind_are_drawn():
    def kinds(x):
        (heads, n_q, d), (groups, n_k, _), e = x[0].shape, x[1].shape, x[2].shape[2]
        logits = np.abs(x[0] @ np.repeat(x[1], heads // groups, axis=0).mT).max()
        found = {
            "grouped": heads > groups > 1,
            "one key head": heads > groups == 1,
            "a key head each": heads == groups > 1,
            "widths differ": d != e,
            "lengths differ": n_q != n_k,
            "equal logits": logits == 0,
            "large logits": logits > 800,
            "float64": x[0].dtype == np.float64,
            "float32": x[0].dtype == np.float32,
        }
        return [name for name, holds in found.items() if holds]

    inputs = strategies.shapes(least=1, most=9).flatmap(
        lambda n: strategies.qkv(n, dtypes=(np.float32, np.float64))
    )
    assert_all_drawn(
        inputs,
        kinds,
        {
            "grouped",
            "one key head",
            "a key head each",
            "widths differ",
            "lengths differ",
            "equal logits",
            "large logits",
            "float64",
            "float32",
        },
    )


def test_q_k_v_shrink_to_one_head_of_width_one_and_the_same_draw_is_the_same_arrays():
    one, other = (find(strategies.qkv(3), lambda x: True) for _ in range(2))
    assert [x.shape for x in one] == [(1, 3, 1)] * 3
    assert all(np.array_equal(a, b) for a, b in zip(one, other))


@given(strategies.factorizations())
def test_factorizations_have_steps_that_hold_for_every_length(f):
    assert isinstance(f, sr.Factorized)
    assert all(sr.dense(p, 6).shape == (6, 6) for p in f.steps)
    assert sr.Merged(f).at(0, 0).own_length is None


def test_factorizations_of_every_family_are_drawn():
    assert_all_drawn(
        strategies.factorizations(),
        lambda f: [repr(f).partition("(")[0], len(f.steps)],
        {"strided", "fixed", "gpt_neo", "llama4", "Factorized", 1, 2, 3, 4},
    )


def test_factorizations_shrink():
    assert repr(find(strategies.factorizations(), lambda f: True)) == "strided(1)"
    f = find(
        strategies.factorizations(),
        lambda f: len(f.steps) == 3 and repr(f).startswith("Fact"),
        settings=LONG,
    )
    assert f.steps == (sr.Causal(),) * 3


@pytest.mark.parametrize("n", LENGTHS, ids=repr)
@FEW
@given(data=st.data())
def test_expressions_are_read_by_parse_and_can_be_lowered_at_the_length(n, data):
    p = sr.parse(data.draw(strategies.expressions(n)))
    assert sr.dense(p, shape(n)).shape == shape(n)
    assert n is not None or p.own_length is None


def test_notation_of_every_kind_is_drawn():
    wanted = {
        "~",
        "(~",
        " | ",
        "&",
        "-",
        "\n",
        "))",
        "l=",
        "radius=",
        "GlobalAt((",
        "Random(",
        "Documents(",
        "Grid(",
        "bigbird(",
        "natten(",
        "deepspeed_fixed(",
        '"unidirectional"',
        "Shifted(",
        "Blockwise(",
    }
    assert_all_drawn(
        strategies.expressions(16), lambda text: [part for part in wanted if part in text], wanted
    )


def test_every_constructor_whose_example_is_one_pattern_is_written():
    written = {text.partition("(")[0] for n in (9, 16) for text in catalogue_calls(n)}
    several = {entry.name for entry in sr.catalogue() if not isinstance(entry.value(), sr.Pattern)}
    stated_for_other_lengths = {"star"}
    assert written == {entry.name for entry in sr.catalogue()} - several - stated_for_other_lengths
    assert written <= set(NAMES)


def test_an_expression_shrinks():
    assert find(strategies.expressions(), lambda text: True) == "Causal()"
    assert len(find(strategies.expressions(), lambda text: "&" in text, settings=LONG)) <= 30


@settings(max_examples=30)
@given(strategies.expressions())
def test_a_word_that_is_misspelt_is_no_expression(text):
    """The text is really read: one letter more in a name, and it is refused."""
    name = re.search(r"[A-Za-z]\w*(?=\()", text)
    assume(name)
    with pytest.raises(ParseError, match="no pattern is called"):
        sr.parse(text[: name.end()] + "x" + text[name.end() :])


def test_without_hypothesis_the_room_says_what_to_install_and_the_library_is_imported_without_it():
    code = (
        "import sys; sys.modules['hypothesis'] = None\nimport sparse_ref, sparse_ref.verify\n"
        "try:\n    import sparse_ref.verify.strategies\n"
        "except ImportError as error:\n    print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == (
        "sparse_ref.verify.strategies needs the package hypothesis: "
        "pip install 'sparse-ref[testing]'"
    )
    code = "import sys, sparse_ref.verify; assert 'hypothesis' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_extra_of_the_message_is_one_of_the_project():
    import tomllib

    project = tomllib.loads((PAGE.parents[1] / "pyproject.toml").read_text())["project"]
    assert any(
        requirement.startswith("hypothesis")
        for requirement in project["optional-dependencies"]["testing"]
    )


def test_the_page_names_every_strategy_and_its_examples_run():
    page = PAGE.read_text()
    assert set(re.findall(r"^\| `(\w+)\(", page, re.M)) == set(strategies.__all__)
    code = re.findall(r"```python\n(.*?)```", page, re.S)
    names = {}
    for block in code:
        ast.parse(block)
        exec(block, names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_the_wrong_implementation_of_the_page_is_caught():
    """What the page's property is for: a window that is one key too wide fails it."""
    names = {}
    exec(re.search(r"```python\n(.*?)```", PAGE.read_text(), re.S)[1], names)
    right = names["mine"]
    names["mine"] = lambda q, k, v, mask: right(
        q, k, v, mask | np.pad(mask, ((0, 0), (0, 1)))[:, 1:]
    )
    quick = settings(DRAWN, max_examples=50)(
        given(st.data())(names["test_mine"].hypothesis.inner_test)
    )
    with pytest.raises(AssertionError):
        quick()
