"""Tests of what Hypothesis draws for the types of patterns, and of the pictures that it prints."""

import subprocess
import sys
from importlib.metadata import entry_points
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import RULES

import sparse_ref as sr
from sparse_ref._hypothesis_types import COMBINED, register
from sparse_ref.sets.rule import Rule
from sparse_ref.verify.strategies.pictures import picture_text

register()


@pytest.mark.parametrize("kind", [*RULES, *COMBINED, Rule, sr.Pattern, sr.Factorized])
def test_values_of_each_type_can_be_lowered(kind):
    @settings(max_examples=8)
    @given(st.from_type(kind))
    def check(value):
        assert isinstance(value, kind)
        for p in value.steps if isinstance(value, sr.Factorized) else [value]:
            assert len(p.row(0, p.own_length or 5)) >= 0

    check()


def test_a_falsifying_example_has_the_picture_of_each_pattern():
    @settings(database=None)
    @given(st.from_type(sr.Pattern), st.data())
    def check(p, data):
        q = data.draw(st.from_type(sr.Lookback))
        assert not ((p & q).contains(3, 2))

    with pytest.raises(AssertionError) as error:
        check()
    notes = "\n".join(error.value.__notes__)
    assert "Causal() at n = 12:\n█···········\n██··········\n" in notes
    assert "Lookback(2) at n = 12:\n█···········\n██··········\n·██·········\n" in notes


def test_long_patterns_and_lists_have_no_picture():
    assert picture_text(sr.Causal(), 100) == "Causal()"
    assert picture_text(sr.Documents((40, 2))) == "Documents((40, 2))"
    assert picture_text(sr.Causal(), (1, 3)) == "Causal() at n = 1x3:\n█··"


def test_it_is_registered_by_an_entry_point():
    groups = {name: entry_points(group=name) for name in ("hypothesis", "pytest11")}
    values = {(e.name, e.value) for group in groups.values() for e in group}
    assert ("sparse_ref", "sparse_ref._hypothesis_types:register") in values
    assert ("sparse_ref", "sparse_ref_plugin") in values


def test_types_are_known_without_an_import_of_strategies():
    code = """
        import sys
        from hypothesis import find, strategies as st
        import sparse_ref as sr
        assert not {"numba", "matplotlib", "sparse_ref.verify"} & set(sys.modules)
        print(find(st.from_type(sr.Pattern), lambda p: p.contains(2, 1)))
    """
    command = [sys.executable, "-c", dedent(code)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert result.stdout == "Causal()\n"
