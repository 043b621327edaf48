"""Originals: KV caches of transformers, and of torch and JAX code, fed by schedules."""

import pytest

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
jax = pytest.importorskip("jax", reason="jax is missing: make test-originals")
transformers = pytest.importorskip(
    "transformers", reason="transformers is missing: make test-originals"
)

import sparse_ref as sr  # noqa: E402
from sparse_ref.verify import check_cache  # noqa: E402

pytestmark = pytest.mark.originals
WINDOW = 4
SDPA = torch.nn.functional.scaled_dot_product_attention


def positions(q, k):
    """The positions of the last queries, as a column, and of the keys."""
    n_q, n_k = q.shape[2], k.shape[2]
    return torch.arange(n_k - n_q, n_k)[:, None], torch.arange(n_k)


class Joined:
    """A cache of torch tensors that grows."""

    def __init__(self):
        self.k = self.v = None

    def __call__(self, q, k, v):
        if self.k is not None:
            k, v = torch.cat([self.k, k], 2), torch.cat([self.v, v], 2)
        self.k, self.v = k, v
        i, j = positions(q, k)
        return SDPA(q, k, v, attn_mask=j <= i)


class CausalFlag(Joined):
    """is_causal is upper-left: right in the prompt, and where there is one query and one key."""

    def __call__(self, q, k, v):
        super().__call__(q, k, v)
        return SDPA(q, self.k, self.v, is_causal=True)


class FlagInPromptsOnly(Joined):
    """What many decoders do: is_causal with several queries, no mask with one."""

    def __call__(self, q, k, v):
        super().__call__(q, k, v)
        return SDPA(q, self.k, self.v, is_causal=q.shape[2] > 1)


def test_a_cache_of_torch_is_found_to_be_one():
    report = check_cache(Joined, sr.Causal(), heads=2)
    assert report.passed, report
    assert report.settings["framework"] == "torch"


def test_the_flag_of_torch_is_upper_left():
    report = check_cache(CausalFlag, sr.Causal(), heads=2)
    assert {finding.kind for finding in report.findings} == {"missing"}
    assert "by 5 of 5 schedules" in report.verdict


def test_the_flag_of_torch_is_wrong_in_chunks_only():
    report = check_cache(FlagInPromptsOnly, sr.Causal(), heads=2)
    assert "by 2 of 5 schedules" in report.verdict
    (right,) = [text for text in report.remarks if text.startswith("right by 3")]
    assert all(name in right for name in ("long prompt", "short prompt", "steps only"))
    (wrong,) = [text for text in report.remarks if text.startswith("wrong by 2")]
    assert all(name in wrong for name in ("small chunks", "large chunks"))


def config():
    """Of a model with a window."""
    sizes = dict(num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2, hidden_size=32)
    return transformers.MistralConfig(**sizes, sliding_window=WINDOW)


def cache_of_transformers(make):
    """A cache of transformers under the mask that its own sizes ask for."""

    def empty():
        cache, count = make(), 0

        def step(q, k, v):
            nonlocal count
            new = q.shape[2]
            n_k, first = cache.get_mask_sizes(new, 0)
            i, j = torch.arange(count, count + new)[:, None], first + torch.arange(n_k)
            k, v = cache.update(k, v, 0)
            count += new
            return SDPA(q, k, v, attn_mask=(j <= i) & (j > i - WINDOW))

        return step

    return empty


@pytest.mark.parametrize(
    "make",
    [
        lambda: transformers.DynamicCache(config=config()),
        lambda: transformers.StaticCache(config=config(), max_cache_len=64),
        transformers.DynamicCache,
    ],
    ids=["sliding", "static sliding", "growing"],
)
def test_caches_of_transformers(make):
    report = check_cache(
        cache_of_transformers(make), sr.Lookback(WINDOW), heads=2, layout="bhnd", framework="torch"
    )
    assert report.passed, report
    assert len(report.schedules) == 5


def test_a_cache_of_jax():
    """dot_product_attention has (batch, n, heads, d)."""
    numbers = jax.numpy

    def empty():
        keys = values = None

        def step(q, k, v):
            nonlocal keys, values
            keys = k if keys is None else numbers.concatenate([keys, k], axis=1)
            values = v if values is None else numbers.concatenate([values, v], axis=1)
            n_q, n_k = q.shape[1], keys.shape[1]
            mask = numbers.tri(n_q, n_k, n_k - n_q, dtype=bool)
            return jax.nn.dot_product_attention(q, keys, values, mask=mask)

        return step

    options = dict(heads=2, layout="bnhd", framework="jax")
    report = check_cache(empty, sr.Causal(), prefill=(4, 3), decode=2, **options)
    assert report.passed, report
