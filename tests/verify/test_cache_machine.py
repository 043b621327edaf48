"""Tests of the stateful test of caches: right ones pass, wrong ones fail with a short history."""

import numpy as np
import pytest
from hypothesis import settings

import sparse_ref as sr
from sparse_ref.verify.testing import cache_machine

WIDTH = 8
SETTINGS = settings(max_examples=25, stateful_step_count=8, deadline=None, database=None)


class Growing:
    """A cache that keeps `keep` of its last entries, and attends to `keys` of them."""

    def __init__(self, keys=4, keep=None, fresh=True):
        self.window, self.keep, self.fresh = sr.Lookback(keys), keep, fresh
        self.keys = None

    def reset(self):
        if self.fresh:
            self.keys = None

    def __call__(self, q, k, v):
        if self.keys is None:
            self.keys, self.values = k[:, :0], v[:, :0]
        self.keys = np.append(self.keys, k, axis=1)
        self.values = np.append(self.values, v, axis=1)
        if self.keep is not None:
            self.keys, self.values = self.keys[:, -self.keep :], self.values[:, -self.keep :]
        sees = sr.Shifted(self.window, self.keys.shape[1] - q.shape[1])
        return sr.attend(q, self.keys, self.values, sees, device="reference")


def run(cache, pattern="Lookback(4)", **options):
    """Run the test of a cache, as pytest does."""
    case = cache_machine(cache, pattern, **options).TestCase
    case.settings = SETTINGS
    case("runTest").runTest()


@pytest.mark.parametrize("cache", [Growing, Growing(), lambda: Growing(4, keep=24)])
def test_a_right_cache_passes(cache):
    run(cache)


def test_heads_layouts_and_declarations():
    def make():
        cache = Growing()

        def step(q, k, v):
            q, k, v = (x[0].swapaxes(0, 1) for x in (q, k, v))
            return cache(q, k, v).swapaxes(0, 1)[None], None

        return step

    run(make, heads=4, kv_heads=2, layout="bnhd", d=4, e=6)


def test_steps_in_an_object_and_refusals():
    class Cache:
        def __init__(self):
            self.inner = Growing()

        def step(self, q, k, v):
            if q.shape[1] > 1:
                raise NotImplementedError("one token at a time")
            return self.inner(q, k, v)

    run(Cache)


@pytest.mark.parametrize(
    ("cache", "history"),
    [
        (lambda: Growing(5), ["prefill", "decode"]),
        (lambda: Growing(4, keep=6), ["prefill", "decode", "chunk"]),
        (Growing(fresh=False), ["reset"]),
    ],
    ids=["one key too many", "a ring that is too short for chunks", "not emptied"],
)
def test_a_wrong_cache_fails(cache, history):
    with pytest.raises(AssertionError, match="is off by") as error:
        run(cache)
    notes = "\n".join(error.value.__notes__)
    assert any(f"state.{name}(" in notes for name in history)
    assert "Lookback(4) at n = " in notes and "█" in notes
    assert "it must attend to keys" in str(error.value)


def test_shapes_are_checked():
    with pytest.raises(AssertionError, match="must return shape"):
        run(lambda: lambda q, k, v: v[:, :1, :3])


def test_what_is_no_cache_is_refused():
    with pytest.raises(TypeError, match="cache must be a function"):
        run(lambda: 3)
    with pytest.raises(ValueError, match="pattern must be stated for every length"):
        cache_machine(Growing, sr.Documents((3, 4)))
    with pytest.raises(TypeError, match="did you mean 'layout'"):
        cache_machine(Growing, "Causal()", layot="hnd")
