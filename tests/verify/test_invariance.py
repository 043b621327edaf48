"""Layers judged by what must not change their output: right ones, and one mutant per trial."""

import json

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.selection import dot, top_k
from sparse_ref.verify import check_invariance

N, D, BLOCK = 16, 4, 4
X = np.random.default_rng(0).standard_normal((1, N, D))


def attend(q, k, v, p):
    return sr.attend(q, k, v, p, device="reference")


def chosen(q, k, positions):
    """Top-3 by q . k of the keys at or before each query, whose position it is."""
    visible = sr.Shifted(sr.Causal(), positions)
    return top_k(dot(q, k), 3, visible)


def layer(x):
    """Top-3 attention of each sequence: its keys depend on its data."""
    return np.array([attend(one, one, one, chosen(one, one, 0)) for one in x])


class Cache:
    """Its cache, which may be cropped."""

    def __init__(self):
        self.x = np.zeros((1, 0, D))

    def __call__(self, x):
        start = self.x.shape[1]
        self.x = np.concatenate([self.x, x], axis=1)
        old = self.x[0]
        return attend(x[0], old, old, chosen(x[0], old, start))[None]

    def crop(self, count):
        self.x = self.x[:, : self.x.shape[1] - count]


def padded(x, padding):
    """The layer behind padding that its mask leaves out."""
    blank = np.full((len(x), padding, D), 9.0)
    long = np.concatenate([blank, x], axis=1)[0]
    visible = sr.Shifted(sr.Causal(), padding) - sr.Prefix(padding)
    p = top_k(dot(x[0], long), 3, visible)
    return attend(x[0], long, long, p)[None]


def packed(x, lengths):
    """The layer of each document."""
    ends = np.cumsum(lengths)
    parts = np.split(x, ends[:-1], axis=1)
    return np.concatenate([layer(part) for part in parts], axis=1)


RIGHT = dict(cache=Cache, padded=padded, packed=packed)
TRIALS = ("future", "batch", "padding", "packing", "cache", "crop")


def test_a_right_layer_passes_every_trial():
    """Negative control: sets that depend on the data, judged without knowing them."""
    report = check_invariance(layer, X, **RIGHT)
    assert report.passed, report
    assert report.trials == TRIALS
    assert str(report) == f"PASS layer - {', '.join(TRIALS)} (n = 16)"


class NoCrop(Cache):
    """A cache that takes nothing back."""

    def crop(self, count):
        raise NotImplementedError


def test_what_a_layer_cannot_is_not_tried():
    assert check_invariance(layer, X).trials == ("future", "batch")
    assert check_invariance(layer, X, cache=lambda: Cache().__call__).trials[-1] == "cache"
    assert check_invariance(layer, X, cache=NoCrop).passed


def sees_next(x):
    return np.array([attend(one, one, one, sr.Band(N, 1)) for one in x])


def sees_batch(x):
    return layer(x) + x[-1:].mean(axis=1, keepdims=True) * (len(x) > 1)


def average_of_empty(x):
    """Complete blocks only: rows without any are the mean of all tokens."""
    pools = sr.Pooled(sr.Complete(BLOCK), BLOCK)
    out = np.array([attend(one, one, one, pools) for one in x])
    out[:, : BLOCK - 1] = x.mean(axis=1, keepdims=True)
    return out


def slots(x, padding):
    """Padding that moves the borders of what is seen."""
    return np.array([attend(one, one, one, sr.Lookback(1 + padding)) for one in x])


def uniform_behind_padding(x, padding):
    """Rows without keys behind padding are the mean of all tokens."""
    out = padded(x, padding)
    out[:, : padding // BLOCK] = x.mean(axis=1, keepdims=True)
    return out


def one_document(x, lengths):
    return layer(x)


def own_documents_plus_first(x, lengths):
    return packed(x, lengths) + x[:, :1] * (np.arange(x.shape[1]) >= lengths[0])[:, None]


class ForgetsFirst(Cache):
    """Single tokens do not see the first one."""

    def __call__(self, x):
        out = super().__call__(x)
        if x.shape[1] == 1 and self.x.shape[1] > 1:
            keys = self.x[0, 1:]
            return attend(x[0], keys, keys, sr.Full())[None]
        return out


class KeepsCropped(Cache):
    """Crop forgets nothing."""

    def crop(self, count):
        pass


class Raises(Cache):
    """Small chunks raise."""

    def __call__(self, x):
        if x.shape[1] == 2:
            raise RuntimeError("two tokens")
        return super().__call__(x)


def noise():
    generator = np.random.default_rng(0)
    return lambda x: layer(x) + generator.random()


MUTANTS = {
    "future": (sees_next, {}, ("future",), "15 rows change with later tokens: queries 0 to 14"),
    "batch": (sees_batch, {}, ("batch",), "16 rows change with another sequence of the batch"),
    "empty rows": (
        average_of_empty,
        {},
        ("future",),
        "3 rows change with later tokens: queries 0 to 2",
    ),
    "padding": (
        layer,
        dict(padded=slots),
        ("padding",),
        "with 1 token of padding on the left: queries",
    ),
    "padding that leaks": (
        layer,
        dict(padded=uniform_behind_padding),
        ("padding", "future"),
        "1 row changes with 4 tokens of padding on the left: query 0; also by 8",
    ),
    "packing": (
        layer,
        dict(packed=one_document),
        ("packing", "document"),
        "rows change if two documents are packed: queries 8 to",
    ),
    "a token of another document": (
        layer,
        dict(packed=own_documents_plus_first),
        ("packing", "document"),
        "8 rows change if two documents are packed: queries 8 to 15",
    ),
    "cache": (
        layer,
        dict(cache=ForgetsFirst),
        ("cache",),
        "4 rows change through a cache by every schedule: queries 12 to 15",
    ),
    "crop": (
        layer,
        dict(cache=KeepsCropped),
        ("crop",),
        "after a cache was cropped by 1 token: queries",
    ),
    "a cache that raises": (
        layer,
        dict(cache=Raises),
        ("error",),
        "cache: raised RuntimeError: two tokens",
    ),
    "error": (lambda x: x[5], {}, ("error",), "raised IndexError"),
    "random": (noise(), {}, ("random",), "two calls with the same tokens differ"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_fault_is_found(name):
    """Mutants: the kinds, and the sentence of the first."""
    function, options, kinds, text = MUTANTS[name]
    report = check_invariance(function, X, **options)
    assert tuple(dict.fromkeys(finding.kind for finding in report.findings)) == kinds, report
    assert text in report.findings[0].message, report
    assert not report


def test_a_report_in_full():
    """Golden."""
    report = check_invariance(sees_next, X)
    line = "15 rows change with later tokens: queries 0 to 14"
    text = f"FAIL sees_next - {line}\ntried: future, batch (n = 16)\n- future: {line}"
    assert str(report) == text
    content = json.loads(report.to_json())
    assert content["findings"][0]["message"] == line
    assert content["trials"] == ["future", "batch"]
    assert "<b>FAIL sees_next" in report._repr_html_()


@pytest.mark.parametrize("x", [np.zeros(8), np.zeros((1, 3)), "tokens"])
def test_tokens_are_checked(x):
    with pytest.raises(ValueError, match="x must have shape"):
        check_invariance(layer, x)


def test_paddings_are_checked():
    with pytest.raises(ValueError, match="paddings must be at least 1, got 0"):
        check_invariance(layer, X, padded=padded, paddings=[0])
