"""Tests of the tests: right KV caches pass, wrong ones are caught and named, by schedules."""

from functools import partial

import numpy as np
import pytest
from verify.caches import (
    RIGHT,
    WRONG,
    Growing,
    OtherTable,
    Paged,
    Ring,
    StepsOnly,
    UpperLeft,
    WithReset,
    attention,
    past,
)

import sparse_ref as sr
from sparse_ref.verify import check_cache


@pytest.mark.parametrize("name", RIGHT)
def test_right_caches_pass(name):
    cache, pattern, options = RIGHT[name]
    report = check_cache(cache, sr.parse(pattern), **options)
    assert report.passed, report
    assert len(report.schedules) == 5
    assert report.numbers


@pytest.mark.parametrize("name", WRONG)
def test_wrong_caches_are_caught_and_named(name):
    cache, pattern, options, kind, words = WRONG[name]
    report = check_cache(cache, sr.parse(pattern), **options)
    assert not report.passed
    assert kind in [finding.kind for finding in report.findings[:2]], report
    for word in words:
        assert word in str(report), report


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_cache_fails_a_pattern_that_is_one_key_narrower(name):
    """Negative control: the same caches, asked for a key less."""
    cache, pattern, options = RIGHT[name]
    other = {
        "Causal()": sr.Lookback(30),
        "Lookback(4)": sr.Lookback(3),
        "streaming(2, 4)": sr.streaming(2, 3),
    }[pattern]
    report = check_cache(cache, other, **options)
    assert {finding.kind for finding in report.findings} == {"extra"}


def test_findings_name_the_portion():
    report = check_cache(UpperLeft, sr.Causal(), prefill=(4, 4), decode=3)
    (finding,) = report.findings
    assert finding.kind == "missing"
    assert finding.at == (0, 4, 1)
    place = "(queries 4 to 7: the second chunk; queries 8 to 10: decoding steps 1 to 3)"
    assert finding.message.endswith(place)
    assert report.verdict.endswith("first in the second chunk")


def test_a_schedule_that_is_wrong_alone_is_named():
    cache, pattern, *_ = WRONG["write first"]
    report = check_cache(cache, sr.parse(pattern))
    (right,) = [text for text in report.remarks if text.startswith("right by")]
    assert right == "right by 1 schedule: steps only (64 single steps)"
    (wrong,) = [text for text in report.remarks if text.startswith("wrong by")]
    assert wrong.startswith("wrong by 4 schedules: long prompt (a prompt of 56, then 8 single")


def test_the_kept_tokens_that_prompts_lose_are_named():
    cache, pattern, *_ = WRONG["kept lost"]
    report = check_cache(cache, sr.parse(pattern))
    assert "global columns 0, 1 are missing" in report.verdict
    assert report.findings[0].message.endswith("(long prompt, chunks longer than the window)")
    assert check_cache(cache, sr.parse(pattern), prefill=6, decode=20).passed
    assert not check_cache(cache, sr.parse(pattern), prefill=7, decode=20).passed


def test_a_schedule_that_is_refused_is_named_and_does_not_pass():
    report = check_cache(StepsOnly, sr.Causal())
    assert report.status == "UNTESTED"
    assert not report.findings
    assert [item.least_n for item in report.untested] == [64, 64]
    text = str(report)
    assert "the second chunk (queries 3 to 6) was refused: one token at a time" in text
    assert "right by 3 schedules" in text
    assert check_cache(StepsOnly, sr.Causal(), prefill=9, decode=5).passed


def test_what_a_step_raises_is_named_with_its_portion():
    class Short(Growing):
        def __call__(self, q, k, v):
            out = super().__call__(q, k, v)
            if self.keys.shape[-2] > 6:
                raise IndexError("no entry 6")
            return out

    report = check_cache(Short, sr.Causal(), prefill=(4, 4), decode=1)
    (finding,) = report.findings
    assert finding.kind == "error"
    assert "the second chunk (queries 4 to 7) raised IndexError: no entry 6" in finding.message


def test_the_line_of_python_gives_the_report_again():
    report = check_cache(UpperLeft, (sr.Causal(), sr.Lookback(4)), prefill=(4, 4), decode=3)
    command = report.command
    assert command.startswith("sr.verify.check_cache(UpperLeft, (sr.Causal(), sr.Lookback(4)), ")
    again = eval(command, {"sr": sr, "UpperLeft": UpperLeft})
    assert again.findings == report.findings


def test_lse_is_judged_too():
    class WithLse(Growing):
        factor = 1.0

        def __call__(self, q, k, v):
            self.append(k, v)
            mask = past(*self.positions(q))
            logits = np.where(mask, q @ self.keys.mT / np.sqrt(q.shape[-1]), -np.inf)
            lse = np.log(np.exp(logits - logits.max(-1, keepdims=True)).sum(-1))
            lse = (lse + logits.max(-1)) * self.factor
            return attention(q, self.keys, self.values, mask), lse

    class WrongLse(WithLse):
        factor = 1.5

    assert check_cache(WithLse, sr.Causal(), heads=2).passed
    report = check_cache(WrongLse, sr.Causal(), heads=2)
    assert {finding.kind for finding in report.findings} == {"lse"}


def test_an_output_that_the_next_step_overwrites_is_copied():
    class Reused(Growing):
        buffer = np.zeros((1, 64, 16), np.float32)

        def __call__(self, q, k, v):
            out = self.buffer[:, : q.shape[1]]
            out[:] = super().__call__(q, k, v)
            return out

    assert check_cache(Reused, sr.Causal()).passed


@pytest.mark.parametrize("layout", ["hnd", "bhnd", "bnhd", "nhd", "sbhd", "nd"])
def test_layouts(layout):
    axis = {"hnd": 1, "bhnd": 2, "bnhd": 1, "nhd": 0, "sbhd": 0, "nd": 0}[layout]

    class Turned(Growing):
        def __call__(self, *qkv):
            turned = [np.moveaxis(x, axis, -2) for x in qkv]
            return np.moveaxis(super().__call__(*turned), -2, axis)

    heads = 1 if layout == "nd" else 2
    assert check_cache(Turned, sr.Causal(), heads=heads, layout=layout, n=20).passed


def test_grouped_heads():
    class Grouped(Growing):
        def __call__(self, q, k, v):
            return super().__call__(q, np.repeat(k, 2, axis=0), np.repeat(v, 2, axis=0))

    assert check_cache(Grouped, sr.Causal(), heads=4, kv_heads=2, n=20).passed


def test_an_object_with_a_method_step():
    class Cache:
        def reset(self):
            self.step = Growing()

    assert check_cache(Cache(), sr.Causal(), n=20).passed


def test_a_function_that_returns_its_cache_is_adapted():
    """The form of JAX: out, cache = decode(q, k, v, cache)."""

    def decode(q, k, v, cache):
        if cache is not None:
            k, v = (np.concatenate(pair, axis=1) for pair in zip(cache, (k, v)))
        first = k.shape[1] - q.shape[1]
        mask = past(np.arange(first, k.shape[1]), np.arange(k.shape[1]))
        return attention(q, k, v, mask), (k, v)

    def make():
        cache = None

        def step(q, k, v):
            nonlocal cache
            out, cache = decode(q, k, v, cache)
            return out

        return step

    assert check_cache(make, sr.Causal(), n=20).passed


def test_sequences_of_different_lengths_find_what_equal_ones_do_not():
    """Reading the first sequence's pages is right in a batch of one."""
    assert check_cache(Paged, sr.Causal(), layout="bhnd", lengths=True, n=30).passed
    report = check_cache(OtherTable, sr.Causal(), layout="bhnd", lengths=True, n=30)
    assert any("another sequence of the batch" in finding.message for finding in report.findings)


def test_lengths_differ_within_a_batch_until_the_end():
    seen = []

    class Recording(Paged):
        def __call__(self, q, k, v, lengths=None):
            seen.append(lengths)
            return super().__call__(q, k, v, lengths)

    options = dict(layout="bhnd", lengths=True)
    check_cache(Recording, sr.Causal(), prefill=(3, 4), decode=2, **options)
    pairs = [sizes for sizes in seen if len(sizes) == 2]
    assert pairs[:4] == [(3, 4), (4, 1), (1, 1), (1, 3)]
    assert pairs[:4] * (len(pairs) // 4) == pairs


@pytest.mark.parametrize("n", [1, 2, 7])
def test_few_tokens(n):
    assert check_cache(Growing, sr.Causal(), n=n).evidence is not None


def test_large_n_names_portions_of_the_rows_that_were_read():
    cache = partial(Growing, lambda i, j: past(i, j) & (j > i[:, None] - 300))
    report = check_cache(cache, sr.Lookback(299), prefill=(2000,), decode=200, exhaustive=False)
    assert report.findings[0].kind == "extra"
    assert ": the prompt; " in report.findings[0].message


@pytest.mark.parametrize(
    ("arguments", "options", "error", "text"),
    [
        ((Growing, sr.Causal(), (4, -1)), {}, ValueError, "prefill must be at least 1, got -1"),
        ((Growing, sr.Causal(), 4, 2), {"n": 7}, ValueError, "prefill \\+ decode = 6, got 7"),
        ((Growing, sr.Causal()), {"layout": "abc"}, ValueError, "layout must be one of"),
        ((Growing, sr.Causal()), {"lengths": True, "layout": "hnd"}, ValueError, "with lengths"),
        ((WithReset, "Causal"), {}, TypeError, "pattern must be"),
        ((lambda: 3, sr.Causal()), {}, TypeError, "cache must be a function"),
        ((Ring, sr.Causal()), {"warp": 1}, TypeError, "warp"),
    ],
)
def test_arguments_are_checked(arguments, options, error, text):
    with pytest.raises(error, match=text):
        check_cache(*arguments, **options)
