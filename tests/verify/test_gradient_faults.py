"""Wrong gradients are explained by computing them once more with the fault."""

import numpy as np
import pytest
from withstood import withstands

import sparse_ref as sr
from sparse_ref.sets.mask import brute_mask
from sparse_ref.verify.meaning.meaning import Meaning
from sparse_ref.verify.meaning.statement import Inputs, Statement
from sparse_ref.verify.naming.gradient_faults import GradientCase, describe_gradients

N, H, G, D = 20, 4, 2, 8
NAMES = "dq", "dk", "dv"
ALLOWED = dict.fromkeys(NAMES, 1e-6)


def case_of(meaning=Meaning(), heads=H, kv_heads=G):  # noqa: B008
    """Random input under Lookback(7)."""
    rng = np.random.default_rng(0)
    q, grad = rng.standard_normal((2, heads, N, D))
    k, v = rng.standard_normal((2, kv_heads, N, D))
    sets = np.broadcast_to(brute_mask(sr.Lookback(7), N), (heads, N, N))
    statement = Statement(meaning, heads, (N, N), D)
    return GradientCase(statement, Inputs(q, k, v), grad, np.arange(N), sets)


def parts(case, delta=1.0, capped=True):
    """p, ds, and q, k, v of each query head, in plain NumPy."""
    q, k, v = case.inputs
    k, v = (np.repeat(x, len(q) // len(k), axis=0) for x in (k, v))
    cap = case.statement.meaning.softcap
    x = q @ k.swapaxes(1, 2) / np.sqrt(D)
    slope = 1.0
    if cap:
        slope = 1 - np.tanh(x / cap) ** 2 if capped else 1.0
        x = cap * np.tanh(x / cap)
    p = np.where(case.sets, np.exp(x), 0)
    p /= p.sum(axis=-1, keepdims=True)
    dp = case.grad @ v.swapaxes(1, 2)
    ds = p * (dp - delta * (p * dp).sum(axis=-1, keepdims=True)) * slope / np.sqrt(D)
    return p, ds, q, k


def gradients(case, **options):
    """dq, dk and dv."""
    p, ds, q, k = parts(case, **options)
    dk, dv = ds.swapaxes(1, 2) @ q, p.swapaxes(1, 2) @ case.grad
    return dict(dq=ds @ k, dk=grouped(dk), dv=grouped(dv))


def grouped(x):
    return x.reshape(G, -1, N, D).sum(axis=1) if len(x) > G else x


def words(case, **changed):
    """The words for gradients of which some are changed."""
    return describe_gradients(case, gradients(case) | changed, ALLOWED)


def test_right_gradients_have_no_fault():
    for meaning in (Meaning(), Meaning(softcap=2.0), Meaning(scale=0.1, sinks=0.0)):
        case = case_of(meaning)
        expected = case.gradients()
        dq, dk, dv = case.statement.gradients(case.grad, case.inputs, case.sets, case.queries)
        assert np.allclose(expected["dq"], dq)
        assert np.allclose(expected["dk"], dk)
        assert np.allclose(expected["dv"], dv)
        assert describe_gradients(case, expected, ALLOWED) == {}
    assert words(case_of()) == {}
    assert words(case_of(Meaning(softcap=2.0))) == {}


FACTORS = {
    "0.5 of what it should be": 0.5,
    "-1 of what it should be: the other sign": -1,
    "2.828 of what it should be: the scale is missing": np.sqrt(D),
    "0.3536 of what it should be: the scale is applied twice": 1 / np.sqrt(D),
    "0.6931 of what it should be: a factor ln 2": np.log(2),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", FACTORS)
@withstands("wrong gradients")
def test_factors_are_named(text, name):
    case = case_of(heads=G)
    wrong = {name: FACTORS[text] * gradients(case)[name]}
    assert words(case, **wrong)[name].startswith(f"{name} is {text}")


def test_gradients_of_grouped_heads_that_are_not_summed_are_named():
    case = case_of()
    p, ds, q, _ = parts(case)
    for name, per_head in (("dk", ds.swapaxes(1, 2) @ q), ("dv", p.swapaxes(1, 2) @ case.grad)):
        text = f"{name} is not summed over the 2 query heads of a key head"
        changes = {
            f"{text}: it has one part per query head": per_head,
            f"{text}: only that of the first": per_head[::2],
            f"{text}: only that of the last": per_head[1::2],
            f"{name} is 0.5 of what it should be: averaged over the 2 query heads of a key head, "
            "not summed?": grouped(per_head) / 2,
        }
        for expected, wrong in changes.items():
            assert words(case, **{name: wrong}) == {name: expected}


def test_a_missing_delta_term_swapped_and_transposed_gradients_are_named():
    case = case_of(heads=G)
    no_delta = gradients(case, delta=0.0)
    text = "without the delta term: ds = p dp, not p (dp - delta)"
    assert words(case, dq=no_delta["dq"], dk=no_delta["dk"]) == {
        "dq": f"dq is {text}",
        "dk": f"dk is {text}",
    }
    right = gradients(case)
    assert words(case, dk=right["dv"], dv=right["dk"]) == {
        "dk": "dk is what dv should be (swapped?)",
        "dv": "dv is what dk should be (swapped?)",
    }
    p, ds, q, _ = parts(case)
    assert words(case, dk=ds @ q) == {"dk": "dk is ds q, not ds^T q: the transpose is missing"}
    assert words(case, dv=p @ case.grad) == {"dv": "dv is p g, not p^T g: the transpose is missing"}


def test_the_slope_of_a_soft_cap_is_named():
    case = case_of(Meaning(softcap=1.0), heads=G)
    wrong = gradients(case, capped=False)
    assert words(case, dq=wrong["dq"]) == {"dq": "dq is without the slope of the soft cap"}


def test_nothing_else_has_words():
    case = case_of()
    rng = np.random.default_rng(0)
    right = gradients(case)
    for name in NAMES:
        assert words(case, **{name: right[name] + rng.normal(0, 1e-3, right[name].shape)}) == {}
        assert words(case, **{name: right[name] * np.nan}) == {}
    transformed = case_of(Meaning(transform=lambda q, k: (q, k)))
    assert words(transformed, dq=0.5 * right["dq"]) == {}
