"""Tests of the library of mutations: `sr.verify.check` at its defaults catches each of them, the
right attention passes, and no two are the same.
"""

from functools import partial

import ml_dtypes
import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.verify.testing.mutations import (
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
    options["framework"] = "numpy"
    check = partial(sr.verify.check, **options)
    return check(function(attention, dtype, with_lse), pattern)


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
    statement = statement_of(setting)
    survivors = [
        mutation.name
        for mutation in mutations(setting, dtype)
        if report(mutation.function(statement), setting, dtype, mutation.in_lse).passed
    ]
    assert survivors == []


@pytest.mark.parametrize(("setting", "dtype"), CASES)
@pytest.mark.parametrize("with_lse", [False, True])
def test_the_right_attention_passes(setting, dtype, with_lse):
    assert report(Attention(statement_of(setting)), setting, dtype, with_lse).passed
