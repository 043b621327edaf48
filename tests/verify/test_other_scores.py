"""Other scores and weights than a softmax of scaled products are named by computing them again."""

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest
from verify.implementations import masked, softmax, spread, tri
from verify.test_number_faults import D, F, G, H, N, case_of

import sparse_ref as sr
from sparse_ref.verify.calling.rounded_attention import digits_of
from sparse_ref.verify.meaning.meaning import Meaning
from sparse_ref.verify.naming.key_heads import key_head_mappings
from sparse_ref.verify.naming.number_causes import find_number_cause
from sparse_ref.verify.naming.other_scores import rotate

PAST = tri(N)
DISTANCE = np.arange(N)[:, None] - np.arange(N)
DECAYS = np.array([0.9, 0.95, 0.97, 0.99])


def scored(score, weigh=softmax):
    """Causal attention by a score of q and k, both with H heads, and weights of logits."""

    def fn(q, k, v):
        q, k, v = spread(q, k, v)
        return weigh(np.where(PAST, score(q, k), F(-np.inf)).astype(F)) @ v

    return fn


def products(q, k):
    return q @ k.swapaxes(1, 2) / F(4)


def cosines(q, k):
    return unit(q) @ unit(k).swapaxes(1, 2)


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def turned(x, base, pairs):
    """RoPE with complex numbers."""
    angle = np.arange(N)[:, None] * base ** (-2 * np.arange(D // 2) / D)
    a, b = (x[..., 0::2], x[..., 1::2]) if pairs else np.split(x, 2, axis=-1)
    z = (a + 1j * b) * np.exp(1j * angle)
    parts = np.stack([z.real, z.imag], axis=-1) if pairs else np.stack([z.real, z.imag], axis=-2)
    return parts.reshape(x.shape)


def capped(c):
    return scored(lambda q, k: c * np.tanh(products(q, k) / c))


def top(k):
    def weigh(x):
        least = np.sort(x, axis=-1)[..., -k, None]
        return softmax(np.where(x >= least, x, F(-np.inf)))

    return weigh


def phi(feature, is_mean=True):
    """Linear attention with a feature map."""

    def fn(q, k, v):
        q, k, v = spread(q, k, v)
        p = np.where(PAST, feature(q) @ feature(k).swapaxes(1, 2), 0)
        return (p / p.sum(axis=-1, keepdims=True) if is_mean else p) @ v

    return fn


def elu_plus_1(x):
    return np.where(x > 0, x + 1, np.exp(x))


def additive(q, k):
    return np.tanh(q[:, :, None] + k[:, None]).sum(axis=-1)


def retained(q, k, v):
    q, k, v = spread(q, k, v)
    p = q @ k.swapaxes(1, 2) / F(4) * DECAYS[:, None, None] ** np.abs(DISTANCE)
    return np.where(PAST, p, 0) @ v


def sigmoid(bias):
    return scored(products, lambda x: 1 / (1 + np.exp(-(x + F(bias)))))


def late(q, k, v):
    q, k, v = spread(q, k, v)
    return np.where(PAST, softmax(products(q, k)), 0) @ v


def heads_of(array, mapping):
    return array[np.array(mapping)]


def cause(case, decays=None):
    """The words of the cause that is found, "" if none is."""
    found = find_number_cause(case, decays)
    return found.words if found else ""


def at_scale(scale):
    return masked(PAST, scale=scale)


CASES = {
    "logits are 1 q . k, expected 0.25 q . k (1 / sqrt(d)): the scale is missing": at_scale(1),
    "4 q . k, expected 0.25 q . k (1 / sqrt(d)): multiplied by sqrt(d)": at_scale(4),
    "0.0625 q . k, expected 0.25 q . k (1 / sqrt(d)): 1 / d": at_scale(1 / 16),
    "0.1733 q . k, expected 0.25 q . k (1 / sqrt(d)): 2^x is computed": at_scale(0.25 * np.log(2)),
    "logits are 0.2487 q . k, expected 0.25 q . k (1 / sqrt(d)): 0.995 of the scale": at_scale(
        0.25 * 0.995
    ),
    "logits are 0.3 q . k, expected 0.25 q . k (1 / sqrt(d)): 1.2 of the scale": at_scale(0.3),
    "e^x is computed, not 2^x": at_scale(0.25 / np.log(2)),
    "-0.25 q . k, expected 0.25 q . k (1 / sqrt(d)): of the other sign": at_scale(-0.25),
    "as with a soft cap of 50; declare softcap=50": capped(50),
    "as with a soft cap of 5; declare softcap=5": capped(5),
    "RoPE within fn, base 10000, features turned in halves": scored(
        lambda q, k: products(turned(q, 1e4, False), turned(k, 1e4, False))
    ),
    "RoPE within fn, base 500000, features turned in pairs": scored(
        lambda q, k: products(turned(q, 5e5, True), turned(k, 5e5, True))
    ),
    "normalised within fn (to length 1), scale 1": scored(cosines),
    "normalised within fn (RMS norm), scale 0.25": scored(lambda q, k: 4 * cosines(q, k)),
    "sigmoid attention, no softmax": sigmoid(0),
    "sigmoid attention with a bias of -log n": sigmoid(-np.log(N)),
    "weights in proportion to (elu(q) + 1) . (elu(k) + 1)": phi(elu_plus_1),
    "relu(q) . relu(k), not divided by their sum": phi(lambda x: np.maximum(x, 0), False),
    "weights in proportion to e^q . e^k": phi(np.exp),
    "additive attention: logits are 1 times the sum of tanh(q + k)": scored(additive),
    "0.25 times the sum of tanh(q + k)": scored(lambda q, k: additive(q, k) / 4),
    "a softmax over all keys, masked afterwards": late,
    "the softmax is not divided by its sum": scored(
        products, lambda x: np.exp(x - x.max(axis=-1, keepdims=True))
    ),
    "top-k: only the 8 largest logits of each row": scored(products, top(8)),
    "top-k: only the 1 largest": scored(products, top(1)),
    "out is 0.5 of what it should be": lambda q, k, v: masked(PAST)(q, k, v) / 2,
    "keys of a wrong head, but the right values: query head h reads kv head h % 2": (
        lambda q, k, v: masked(PAST)(
            q, k[np.arange(H) % G], np.repeat(v, H // G, axis=0)
        )
    ),
    "values of a wrong head, but the right keys: query head h reads kv head 0": (
        lambda q, k, v: masked(PAST)(q, np.repeat(k, H // G, axis=0), v[np.zeros(H, int)])
    ),
}  # fmt: skip


@pytest.mark.parametrize("words", CASES)
def test_each_computation_has_its_words(words):
    assert words in cause(case_of(CASES[words]))


def test_retention_is_named_with_the_decays_of_the_paper_or_those_that_were_read():
    assert cause(case_of(retained)) == ""
    text = cause(case_of(retained), DECAYS)
    assert (
        text == "retention, no softmax: q . k times a decay per position of 0.9, 0.95, 0.97, 0.99"
    )


def test_no_name_is_a_guess():
    rng = np.random.default_rng(0)

    def noisy(q, k, v):
        return masked(PAST)(q, k, v) + rng.normal(0, 1e-3, q.shape)

    def one_row(q, k, v):
        out = masked(PAST, scale=1)(q, k, v)
        out[2, 50] += F(1e-3)
        return out

    for fn in (noisy, one_row, masked(PAST), scored(products, top_of_rows)):
        assert cause(case_of(fn)) == ""
    assert cause(case_of(lambda q, k, v: np.full_like(q, np.nan))) == ""


def test_a_single_row_of_two_keys_shows_no_scale():
    case = case_of(masked(PAST, scale=0.3))
    judged = np.zeros_like(case.judged)
    judged[0, :2] = True
    assert cause(replace(case, judged=judged)) == ""
    judged[0, :5] = True
    assert "1.2 of the scale" in cause(replace(case, judged=judged))


def top_of_rows(x):
    """A softmax over another number of the largest logits in each row."""
    rank = np.argsort(np.argsort(-x, axis=-1), axis=-1)
    return softmax(np.where(rank < 3 + np.arange(N)[:, None] % 7, x, F(-np.inf)))


def test_names_are_relative_to_what_is_declared():
    assert "a soft cap of 5" in cause(case_of(capped(5), meaning=Meaning(softcap=30.0)))
    text = cause(case_of(masked(PAST), meaning=Meaning(softcap=5.0)))
    assert text == "no soft cap, declared softcap=5"
    text = cause(case_of(masked(PAST), meaning=Meaning(transform=rotate)))
    assert text == "the declared transform is not applied"
    meaning = Meaning(sinks=0.5)
    text = cause(case_of(masked(PAST, scale=1), meaning=meaning))
    assert text == "", "the sinks are missing, too"


@pytest.mark.parametrize("p", [sr.Causal(), sr.Lookback(9)], ids=repr)
def test_windows_are_explained_as_well(p):
    assert "scale is missing" in cause(case_of(masked(p.mask(N), scale=1), p))


def test_mappings_of_key_heads_leave_out_the_right_one():
    right = np.arange(8) // 4
    mappings = [mapping.key_heads.tolist() for mapping in key_head_mappings(8, 2)]
    assert right.tolist() not in mappings
    assert [0, 1] * 4 in mappings


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, np.float16, np.float32])
def test_outputs_with_the_digits_of_half_precision_are_seen(dtype):
    out = masked(PAST)(*np.random.default_rng(0).standard_normal((3, 2, N, D)).astype(F))
    name = np.dtype(dtype).name
    assert digits_of(out.astype(dtype).astype(F)) == ("" if name == "float32" else name)
    assert digits_of(np.zeros(3)) == ""
