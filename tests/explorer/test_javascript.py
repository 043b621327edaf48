"""Formulas in JavaScript: each construct, and each that is refused. The browser tests run them."""

from dataclasses import dataclass

import pytest

import sparse_ref as sr
from sparse_ref.define import Rule, isin, rank, span
from sparse_ref.explorer.javascript import Untranslatable, javascript
from sparse_ref.explorer.rule_facts import library_rules

MULTIPLE = 3
MARKS = (2, 5, 2**60)
MIXED = (2, "a")
HUGE = 2**53
FRACTION = 0.5


class Part(Rule):
    """A_i = { j : a part of what a rule may say }"""

    @staticmethod
    def solution(i, n):
        return span(0, n)


@dataclass(frozen=True)
class Arithmetic(Part):
    stride: int
    offset: int

    @staticmethod
    def formula(i, j, stride, offset):
        block = (i + offset) // stride
        place = (j - block * stride) % MULTIPLE
        return (place >= -1) & (j <= i) | (place != 2) ^ (i > j)


@dataclass(frozen=True)
class Sections(Part):
    length: int

    @staticmethod
    def formula(i, j, length):
        half = length // 2
        place = j + half
        is_early = place < length
        return is_early | (place // length == i // length)


@dataclass(frozen=True)
class Members(Part):
    positions: tuple[int, ...]

    @staticmethod
    def formula(i, j, positions):
        return isin(j, positions) | isin(i - j, MARKS)


def test_every_rule_of_the_library_is_translated():
    rules = [getattr(sr, name) for name in sr.patterns.__all__]
    names = {rule.__name__ for rule in rules if isinstance(rule, type) and issubclass(rule, Rule)}
    assert set(library_rules()) == names
    assert len(names) > 25


def test_a_row_s_function_computes_once_what_no_key_changes():
    code = javascript(Arithmetic)
    before, _, loop = code.fill.partition("for (")
    assert "(i, $keys, $out, stride, offset) => {" in before
    assert "const $before0 = (i + offset);" in before
    assert "const block = $numberQuotient($before0, stride);" in before
    assert "const place = $numberRemainder((j - $before2), 3);" in loop
    assert "((place >= (-1)) && (j <= i))" in loop
    assert "((place !== 2) !== (i > j))" in loop
    assert code.degree == 2


def test_what_no_query_changes_is_computed_once_for_all_rows():
    code = javascript(Sections)
    before, _, loop = code.columns.partition("for (")
    assert code.columns.startswith("($keys, length) => {")
    assert "const half = $numberQuotient(length, 2);" in before
    assert "const place = (j + half);" in loop
    assert "const $before2 = $numberQuotient(place, length);" in loop
    assert "return [place$, $before2$];" in loop
    assert code.fill.startswith("(i, $keys, $out, length, place$, $before2$) => {")
    assert "const $before2 = $before2$[$x];" in code.fill
    assert "const is_early = (place < length);" in code.fill
    assert "(is_early || ($before2 === $before3))" in code.fill
    assert javascript(Arithmetic).columns == "() => []"


def test_a_pair_s_function_counts_in_big_integers():
    code = javascript(Arithmetic)
    assert code.holds.startswith("(i, j, stride, offset) => {")
    assert "$bigQuotient(" in code.holds
    assert "(place >= (-1n))" in code.holds
    assert "number" not in code.holds


def test_sets_of_positions_are_parameters_or_follow_them():
    code = javascript(Members)
    assert code.fill.startswith("(i, $keys, $out, positions, MARKS) => {")
    assert "(positions.has(j) || MARKS.has((i - j)))" in code.fill
    assert code.constants == {"MARKS": MARKS}
    (rule,) = [rule for rule in library_rules().values() if rule.rule is sr.GlobalAt]
    assert rule.facts["parameters"] == [{"name": "positions", "isSet": True, "least": 0}]


def refused(formula, *names, **fields):
    """A rule of this formula, whose fields are ints unless their type is given."""
    types = {**dict.fromkeys(names, int), **fields}
    members = {"formula": staticmethod(formula), "__annotations__": types}
    return dataclass(frozen=True)(type("Refused", (Part,), members))


def power(i, j):
    return i**2 > j


def chained(i, j):
    return 0 <= j <= i


def identity(i, j):
    return i is j


def complement(i, j):
    return ~(i < j)


def number(i, j):
    return i - j


def condition_counted(i, j):
    return (i < j) + 1 > 0


def number_joined(i, j):
    return i & j


def ranked(i, j, positions):
    return rank(j, positions) > 2


def set_as_number(i, j, positions):
    return j < positions


def mixed_set(i, j):
    return isin(j, MIXED)


def unknown_set(i, j):
    return isin(j, (1, 2))


def part_as_set(i, j):
    MARKS = i
    return isin(j, MARKS)


def huge(i, j):
    return i + 9007199254740992 > j


def huge_constant(i, j):
    return i + HUGE > j


def fraction(i, j):
    return i + FRACTION > j


def text(i, j):
    return i > "</script>"


def keyword(i, j, new):
    return j <= i + new


def dunder(i, j, __proto__):
    return j <= i + __proto__


def accented(i, j, é):
    return j <= i + é


def reassigned(i, j):
    i = i + 1
    return j <= i


def renamed(i, j):
    a = i + 1
    a = a + 1
    return j <= a


def called(i, j):
    return abs(i - j) < 3


def method(i, j):
    return isin(j, positions=MARKS)


@pytest.mark.parametrize(
    "formula",
    [
        *(power, chained, identity, complement, number, condition_counted, number_joined),
        *(mixed_set, unknown_set, part_as_set, huge, huge_constant, fraction, text),
        *(reassigned, renamed, called, method),
    ],
    ids=lambda formula: formula.__name__,
)
def test_what_has_no_translation_is_refused(formula):
    with pytest.raises(Untranslatable):
        javascript(refused(formula))


@pytest.mark.parametrize("formula", [ranked, set_as_number], ids=lambda f: f.__name__)
def test_a_set_is_only_asked_for_members(formula):
    with pytest.raises(Untranslatable):
        javascript(refused(formula, positions="tuple[int, ...]"))


@pytest.mark.parametrize(
    ("formula", "name"), [(keyword, "new"), (dunder, "__proto__"), (accented, "é")]
)
def test_names_that_javascript_reads_otherwise_are_refused(formula, name):
    with pytest.raises(Untranslatable, match=f"{name} is no name in JavaScript"):
        javascript(refused(formula, name))


def negative(formula):
    """The complement of a formula."""
    return lambda *numbers: not formula(*numbers)


def closed_over(limit):
    """A formula that reads a name of this function."""

    def formula(i, j):
        return i - j < limit

    return formula


@pytest.mark.parametrize(
    "formula", [negative(chained), closed_over(4), len], ids=["decorated", "closure", "builtin"]
)
def test_a_formula_whose_text_is_not_what_runs_is_refused(formula):
    with pytest.raises(TypeError):
        javascript(refused(formula))


class Contrary(sr.Causal):
    """A_i = { j > i }, against its formula."""

    def contains(self, i, j):
        return ~super().contains(i, j)


def test_a_class_with_its_own_membership_is_refused():
    with pytest.raises(Untranslatable, match="Contrary has a `contains` of its own"):
        javascript(Contrary)


def test_arguments_are_the_fields_in_order():
    def swapped(i, j, b, a):
        return j + a <= i + b

    with pytest.raises(Untranslatable, match="other arguments than its fields"):
        javascript(refused(swapped, "a", "b"))
