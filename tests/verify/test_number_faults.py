"""Wrong numbers over right sets are explained by computing them once more with the fault."""

import numpy as np
import pytest
from verify.implementations import masked, spread, tri

import sparse_ref as sr
from sparse_ref.sets.mask import brute_mask
from sparse_ref.verify.meaning.meaning import Meaning
from sparse_ref.verify.meaning.statement import Inputs, Statement
from sparse_ref.verify.naming.lse_faults import describe_lse_fault
from sparse_ref.verify.naming.number_case import NumberCase
from sparse_ref.verify.naming.online_softmax import describe_recurrence, wrong_recurrence

N, H, G, D = 72, 4, 2, 16
F = np.float32


def case_of(fn, p=sr.Causal(), meaning=Meaning(), n=N, allowed=1e-5):  # noqa: B008
    """fn on random input, as a case."""
    rng = np.random.default_rng(0)
    q = rng.standard_normal((H, n, D)).astype(F)
    k, v = rng.standard_normal((2, G, n, D)).astype(F)
    sets = np.broadcast_to(brute_mask(p, n), (H, n, n))
    result = fn(q, k, v)
    out, lse = result if isinstance(result, tuple) else (result, None)
    return NumberCase(
        Statement(meaning, H, (n, n), D),
        Inputs(q, k, v),
        np.arange(n),
        sets,
        np.ones((H, n), bool),
        np.asarray(out, np.float64),
        None if lse is None else np.asarray(lse, np.float64),
        allowed,
    )


def streamed(tile, acc_scaled=True, sum_scaled=True, local=False, last=False, backward=False):
    """Causal attention tile by tile in float32, with faults."""

    def fn(q, k, v):
        q, k, v = spread(q, k, v)
        n = q.shape[1]
        x = np.where(tri(n), q @ k.swapaxes(1, 2) / F(np.sqrt(D)), F(-np.inf))
        m = np.full((H, n, 1), -np.inf, F)
        l, acc = np.zeros((H, n, 1), F), np.zeros((H, n, D), F)
        starts = range(0, n, tile)
        final = np.zeros(n, int) if backward else np.arange(n) // tile * tile
        for start in reversed(starts) if backward else starts:
            part = x[..., start : start + tile]
            top = part.max(axis=-1, keepdims=True)
            new = np.maximum(m, top)
            base = np.where(new == -np.inf, F(0), new)
            keep = np.exp(m - base)
            now = (final == start)[None, :, None] if last else np.True_
            own = np.where(now & local & (top > -np.inf), top, base)
            p = np.exp(part - own)
            l = l * (keep if sum_scaled else np.where(now, F(1), keep)) + p.sum(-1, keepdims=True)
            acc = acc * (keep if acc_scaled else np.where(now, F(1), keep))
            acc = acc + p @ v[:, start : start + tile]
            m = new
        return acc / l

    return fn


@pytest.mark.parametrize("tile", [8, 16, 32, 64])
def test_a_missing_rescale_of_the_accumulator_is_named_with_its_tile(tile):
    case = case_of(streamed(tile, acc_scaled=False))
    words = describe_recurrence(case, wrong_recurrence(case))
    assert words == (
        f"missing rescale of the accumulator in online softmax, tiles of {tile} keys; "
        f"rows < {tile} are right: the first tile is right, later ones are not"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(sum_scaled=False), "missing rescale of the row sum in"),
        (dict(sum_scaled=False, acc_scaled=False), "of the accumulator and of the row sum"),
        (dict(local=True), "weights relative to the maximum of their own tile"),
        (dict(acc_scaled=False, last=True), "of the accumulator at the last tile"),
        (dict(sum_scaled=False, last=True), "of the row sum at the last tile"),
        (dict(local=True, last=True), "last maximum not used"),
        (dict(acc_scaled=False, backward=True), "the last tile first"),
    ],
)
def test_each_fault_of_the_recurrence_has_its_words(options, words):
    case = case_of(streamed(16, **options))
    wrong = wrong_recurrence(case)
    assert wrong.tile == 16
    assert words in describe_recurrence(case, wrong)


def test_neither_right_numbers_nor_other_faults_are_a_recurrence():
    assert wrong_recurrence(case_of(masked(tri(N), scale=0.3))) is None
    rng = np.random.default_rng(1)

    def noisy(q, k, v):
        return masked(tri(N))(q, k, v) + rng.normal(0, 1e-3, q.shape)

    assert wrong_recurrence(case_of(noisy)) is None


def test_a_recurrence_is_named_under_a_declared_soft_cap():
    def capped(q, k, v):
        return streamed(16, acc_scaled=False)(q, k, v)

    case = case_of(capped)
    assert wrong_recurrence(case) is not None
    other = case_of(capped, meaning=Meaning(softcap=1.0))
    assert wrong_recurrence(other) is None


def with_lse(change):
    """Causal attention whose lse is `change(x, lse)`, x being the logits and -inf where masked."""

    def fn(q, k, v):
        out = masked(tri(N))(q, k, v)
        q, k, _ = spread(q, k, v)
        products = np.where(tri(N), q @ k.swapaxes(1, 2), F(-np.inf))
        x = products / F(np.sqrt(D))
        return out, change(products, x, log_sum_exp(x))

    return fn


def log_sum_exp(x):
    top = x.max(axis=-1)
    return np.log(np.exp(x - top[..., None]).sum(axis=-1)) + top


LSE_FAULTS = {
    "in base 2: lse * ln 2 is expected": lambda s, x, lse: lse / np.log(2),
    "without the maximum": lambda s, x, lse: lse - x.max(axis=-1),
    "without the scale": lambda s, x, lse: log_sum_exp(s),
    "a maximum that is not scaled": lambda s, x, lse: s.max(axis=-1) + lse - x.max(axis=-1),
    "a maximum in base 2": lambda s, x, lse: x.max(-1) / np.log(2) + lse - x.max(axis=-1),
    "a sum in base 2": lambda s, x, lse: x.max(-1) + (lse - x.max(axis=-1)) / np.log(2),
    "the maximum alone": lambda s, x, lse: x.max(axis=-1),
    "the sum of e^(x - max x), without": lambda s, x, lse: np.exp(lse - x.max(axis=-1)),
    "the sum of e^x, without": lambda s, x, lse: np.exp(lse),
    "of the other sign": lambda s, x, lse: -lse,
    "the log of a mean": lambda s, x, lse: lse - np.log(np.arange(1, N + 1)),
    "off by -0.6931 in all rows, which is -log 2": lambda s, x, lse: lse - np.log(2),
    "off by 2.773 in all rows, which is log d": lambda s, x, lse: lse + np.log(D),
    "off by 0.25 in all rows": lambda s, x, lse: lse + 0.25,
}


@pytest.mark.parametrize("words", LSE_FAULTS)
def test_a_wrong_log_sum_exp_has_its_words(words):
    assert words in describe_lse_fault(case_of(with_lse(LSE_FAULTS[words])))


def test_a_natural_lse_is_named_if_base_2_is_declared_and_noise_has_no_name():
    case = case_of(with_lse(lambda s, x, lse: lse), meaning=Meaning(lse="base2"))
    assert describe_lse_fault(case).startswith("natural: lse / ln 2 is expected")
    rng = np.random.default_rng(0)
    noisy = with_lse(lambda s, x, lse: lse + rng.normal(0, 0.01, lse.shape))
    assert describe_lse_fault(case_of(noisy)) == ""
    assert describe_lse_fault(case_of(masked(tri(N)))) == ""
