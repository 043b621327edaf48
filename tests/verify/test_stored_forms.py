"""Tests of the tests: the right ones are right, by a statement in float64 that is none of verify's,
and the wrong ones are wrong.
"""

import numpy as np
import pytest
from verify.mutants import NEW_MUTANTS, NEW_RIGHT

N = 64
LAYOUTS = {
    "hnd": lambda x: x[0],
    "bhnd": lambda x: x,
    "bnhd": lambda x: x.transpose(0, 2, 1, 3),
    "sbhd": lambda x: x.transpose(2, 0, 1, 3),
    "nhd": lambda x: x[0].transpose(1, 0, 2),
    "thd": lambda x: np.concatenate(list(x.transpose(0, 2, 1, 3))),
    "lbe": lambda x: x.transpose(2, 0, 1, 3).reshape(x.shape[2], len(x), -1),
}
FOUND = {
    "positions before heads, the layout left out": "nhd",
    "a batch, the layout left out": "bnhd",
}


def sizes(case):
    """(n_q, n_k)"""
    n = case.n or N
    return n if isinstance(n, tuple) else (n, n)


def arrays(case, batch=3):
    """Random q, k, v, (B, H or G, n, d or e), in float32."""
    options, rng = case.options, np.random.default_rng(3)
    n_q, n_k = sizes(case)
    heads = case.heads or 1
    kv_heads, d = options.get("kv_heads", heads), options.get("d", 16)
    shapes = (heads, n_q, d), (kv_heads, n_k, d), (kv_heads, n_k, options.get("e", d))
    return [rng.standard_normal((batch, *shape)).astype(np.float32) for shape in shapes]


def statement(case, q, k, v):
    """(out, lse) of one sequence, as a sentence of mathematics under the declared form."""
    options, heads = case.options, len(q)
    n_q, n_k = sizes(case)
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    if "transform" in options:
        q, k = options["transform"](q, k)
    k, v = (np.repeat(x, heads // len(x), axis=0) for x in (k, v))
    shift = n_k - n_q if options.get("align") == "bottom-right" else 0
    h, i, j = np.ogrid[:heads, :n_q, :n_k]
    i = i + shift
    x = q @ k.mT * options.get("scale", q.shape[-1] ** -0.5)
    if "softcap" in options:
        x = options["softcap"] * np.tanh(x / options["softcap"])
    if "alibi" in options:
        usual = 2.0 ** (-8 * np.arange(1, heads + 1) / heads)
        slopes = usual if options["alibi"] is True else np.asarray(options["alibi"])
        x = x - slopes[:, None, None] * (i - j)
    if "bias" in options:
        bias = options["bias"]
        x = x + (bias(h, i, j) if callable(bias) else bias)
    mask = np.stack([case.pattern.contains(i[0], j[0])] * heads)
    p = np.where(mask, np.exp(x), 0)
    sinks = np.broadcast_to(np.asarray(options.get("sinks", -np.inf)), heads)
    total = p.sum(axis=-1) + np.exp(sinks)[:, None]
    with np.errstate(divide="ignore"):
        lse = np.log(total) / (np.log(2) if options.get("lse") == "base2" else 1)
    return p @ v / np.where(total == 0, 1, total)[..., None], lse


def starts(layout, batch):
    """What a varlen function also takes: where the sequences of q and of k begin and end."""
    if layout != "thd":
        return []
    return [np.arange(len(x) + 1) * x.shape[2] for x in batch[:2]]


def outputs(case):
    """[(actual, expected)] of out, and of lse if there is one."""
    batch = arrays(case)
    layout = FOUND.get(case.name) or case.options.get("layout", "hnd")
    expected = [statement(case, *sequence) for sequence in zip(*batch)]
    pack = LAYOUTS[layout]
    packed = [pack(x).copy() for x in batch] + starts(layout, batch)
    if case.options.get("shared_qk"):
        batch[1] = batch[0]
        expected = [statement(case, *sequence) for sequence in zip(*batch)]
        packed.pop(1)
    result = case.fn(*packed)
    out, lse = result if isinstance(result, tuple) else (result, None)
    pairs = [(out, pack(np.stack([out for out, _ in expected])))]
    if lse is not None:
        heads, n_q = expected[0][1].shape
        pairs.append((lse.T if lse.shape == (n_q, heads) else lse, expected[0][1]))
    return pairs


@pytest.mark.parametrize("case", NEW_RIGHT, ids=lambda case: case.name)
def test_a_right_one_computes_the_statement(case):
    allowed = 0.05 if "precision" in case.options else 1e-4
    for actual, expected in outputs(case):
        assert actual.shape == expected.shape
        assert np.abs(actual - expected).max() < allowed


# What np.allclose on ordinary random input does not show, in a test that takes one length
HIDDEN = {
    # another length
    "a window of 257 keys for 256, n left out",
    "a window of one key too many, n as long as the window",
    "a window of one key too many, only n as long as the window",
    "the last, partial tile of keys dropped",
    "the last, partial tile of queries dropped",
    "a last tile that overlaps the one before",
    # large logits or values
    "-1e4 added to masked logits, n left out",
    "-1e4 in place of masked logits, n left out",
    "-1e4 that is not declared",
    "-1e3 for a fill of -1e4",
    "a soft cap after the mask",
    "a softmax clipped at e^-64",
    "padding masked with -20",
    "padding masked with -20, by random sums",
    "padding masked with -50",
    "padding masked with -100",
    "padding masked with -10000",
    "padding masked with -30000",
    "v clipped to +-448",
    "v clipped to +-8",
    "out clipped to +-16",
    "logits clipped to +-300",
    "logits clipped to +-700",
    "logits clipped to +-1000",
    "weights below 1e-4 of the largest dropped",
    # gradients
    "dv halved",
    "dq without the scale",
    "dk one percent too small",
    "gradients without the slope of the soft cap",
}


@pytest.mark.parametrize("case", NEW_MUTANTS, ids=lambda case: case.name)
def test_a_wrong_one_is_wrong_and_which_of_them_an_ordinary_test_lets_pass(case):
    try:
        pairs = outputs(case)
    except (ValueError, IndexError):
        return
    errors = [
        np.inf if actual.shape != expected.shape else np.abs(actual - expected).max()
        for actual, expected in pairs
    ]
    assert (max(errors) < 1e-5) == (case.name in HIDDEN), errors


@pytest.mark.parametrize("case", NEW_MUTANTS + NEW_RIGHT, ids=lambda case: case.name)
@pytest.mark.parametrize("n", [1, 63, 65])
def test_any_length_is_taken_if_ragged(case, n):
    if not case.ragged or case.name in FOUND or isinstance(case.n, tuple):
        return
    batch = arrays(case)
    layout = case.options.get("layout", "hnd")
    batch = [x[:, :, :n] for x in batch]
    packed = [LAYOUTS[layout](x).copy() for x in batch] + starts(layout, batch)
    if case.options.get("shared_qk"):
        packed.pop(1)
    result = case.fn(*packed)
    out = result[0] if isinstance(result, tuple) else result
    assert getattr(case, "finding", "") == "shape" or len(out) == len(packed[0])
