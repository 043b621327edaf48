"""Tests of the library of mutations: `sr.verify.check` at its defaults catches each of them, the
right attention passes, and no two are the same.
"""

import os
from dataclasses import replace
from functools import cache, partial

import ml_dtypes
import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.verify.testing.mutations import (
    MUTATIONS,
    Attention,
    Statement,
    distinct_mutations,
)
from sparse_ref.verify.testing.mutations.library import Sizes

DTYPES = {"float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
STRIDED = sr.Local(4) | sr.Strided(4)
SETTINGS = {
    "causal": (sr.Causal(), 2, 2),
    "window": (sr.Lookback(5), 2, 2),
    "strided": (STRIDED, 2, 2),
    "grouped": (sr.Lookback(5), 4, 2),
}
# products of q and k in float16 end at 65504: a lower number is beyond the sight of a check
BEYOND = {"float16": {"-65504 in place of masked logits"}}
CASES = [(name, "float32") for name in SETTINGS]
CASES += [("grouped", "bfloat16"), ("strided", "float16")]


def function(attention, dtype, with_lse):
    """An attention as a function of (B, H, n, d) arrays of a dtype."""

    def fn(q, k, v):
        out, lse = attention(*(np.asarray(x, np.float64) for x in (q, k, v)))
        with np.errstate(over="ignore", invalid="ignore"):
            out, lse = out.astype(DTYPES[dtype]), lse.astype(np.float32)
        return (out, lse) if with_lse else out

    return fn


def report(attention, setting, dtype, with_lse=False):
    """The report on an attention at the defaults of a check."""
    pattern, heads, kv_heads = SETTINGS[setting]
    options = {"heads": heads, "kv_heads": kv_heads, "layout": "bhnd", "dtype": dtype}
    check = partial(sr.verify.check, **options)
    return check(function(attention, dtype, with_lse), pattern)


@cache
def mutations(setting, dtype):
    """The mutations of a setting, and its statement."""
    pattern, heads, kv_heads = SETTINGS[setting]
    statement = Statement((pattern,) * heads, kv_heads)
    return distinct_mutations(statement, (65, 1), Sizes(3, 16, 16), dtype=dtype, with_lse=True)


def statement_of(setting):
    pattern, heads, kv_heads = SETTINGS[setting]
    return Statement((pattern,) * heads, kv_heads)


@pytest.mark.parametrize(("setting", "dtype"), CASES)
def test_a_check_catches_every_mutation(setting, dtype):
    """Every third mutation in the fast profile: each at some setting."""
    statement = statement_of(setting)
    step = 1 if os.environ.get("SPARSE_REF_PROFILE") == "deep" else 3
    start = CASES.index((setting, dtype)) % step
    survivors = [
        mutation.name
        for mutation in mutations(setting, dtype)[start::step]
        if report(mutation.function(statement), setting, dtype, mutation.in_lse).passed
    ]
    assert set(survivors) <= BEYOND.get(dtype, set())


@pytest.mark.parametrize(("setting", "dtype"), CASES)
@pytest.mark.parametrize("with_lse", [False, True])
def test_the_right_attention_passes(setting, dtype, with_lse):
    assert report(Attention(statement_of(setting)), setting, dtype, with_lse).passed


@pytest.mark.parametrize(("setting", "dtype"), CASES)
def test_many_mutations_compute_something_else(setting, dtype):
    names = [mutation.name for mutation in mutations(setting, dtype)]
    assert len(names) == len(set(names))
    assert len(names) > 150
    assert "the whole future seen" in names and "scale with the wrong sign" in names
    assert "no soft cap" not in names  # none is declared


def test_there_are_many_and_each_has_a_name_to_itself():
    names = [mutation.name for mutation in MUTATIONS]
    assert len(names) >= 200
    assert len(set(names)) == len(names)
    assert all(mutation.hint for mutation in MUTATIONS)


DECLARED = {
    "no soft cap": {"softcap": 10.0},
    "half of the soft cap": {"softcap": 10.0},
    "no sinks": {"sinks": np.array([1.0, -1.0])},
    "the sinks of the heads in the reverse order": {"sinks": np.array([1.0, -1.0])},
    "no ALiBi": {"slopes": np.array([0.5, 0.25])},
    "ALiBi's slopes in the reverse order": {"slopes": np.array([0.5, 0.25])},
    "no bias": {"bias": lambda h, i, j: 0.1 * h + 0.2 * (i - j) % 3},
    "1 / root d in place of the declared scale": {"scale": 1.0},
    "rows without keys average all values": {"patterns": (sr.Summary(6, 1),) * 2},
    "NaN in rows without keys": {"patterns": (sr.Summary(6, 1),) * 2},
    "the mask of the next head": {"patterns": (sr.Causal(), sr.Full())},
    "Strided(3) for Strided(4)": {"patterns": (sr.Strided(4), sr.Causal())},
    "Local(4) for Local(4) | Strided(4)": {"patterns": (STRIDED,) * 2},
}


@pytest.mark.parametrize("name", DECLARED)
def test_what_is_declared_has_mutations_of_its_own(name):
    statement = replace(Statement((sr.Causal(),) * 2, 2), **DECLARED[name])
    assert name in [mutation.name for mutation in distinct_mutations(statement)]


def test_queries_have_either_alignment():
    mutation = "the other alignment of queries with keys"
    for align in ("upper-left", "bottom-right"):
        statement = Statement((sr.Causal(),), 1, align=align)
        names = [x.name for x in distinct_mutations(statement, [(16, 24)])]
        assert mutation in names


def test_a_neighbour_says_from_which_length_on_it_shows():
    statement = Statement((sr.Lookback(100),), 1)
    hints = {x.name: x.hint for x in distinct_mutations(statement, [65, 256])}
    assert "n >= 101" in hints["one key too many at the left edge"]
    assert "n >= 51" in hints["Lookback(50) for Lookback(100)"]


def test_the_right_attention_is_that_of_the_reference():
    rng = np.random.default_rng(0)
    q, k, v = rng.standard_normal((3, 2, 4, 33, 8))
    out, lse = Attention(Statement((STRIDED,) * 4, 2))(q, k[:, :2], v[:, :2])
    for b in range(2):
        expected = sr.attend_with_lse(q[b], k[b, :2], v[b, :2], STRIDED, device="reference")
        assert np.allclose(out[b], expected[0])
        assert np.allclose(lse[b], expected[1])
