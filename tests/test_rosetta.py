"""Exhaustive at small sizes: each convention's set written out pair by pair, and the keys that it
says it has.
"""

from itertools import groupby

import pytest
from strategies import brute

import sparse_ref as sr

WRITTEN_OUT = {
    "Sukhbaatar et al. 2019 (adaptive span)": lambda i, j, w: i - w <= j <= i - 1,
    "Sparse Transformer, published code": lambda i, j, w: i - w < j <= i,
    "Mistral, GPT-Neo and others in transformers 5.24.0": lambda i, j, w: i - w < j <= i,
    "transformers 5.24.0, causal with FlashAttention": lambda i, j, w: 0 <= i - j <= w - 1,
    "Transformer-LS, causal": lambda i, j, w: i - w < j <= i,
    "NSA, flash-linear-attention": lambda i, j, w: i - w + 1 <= j <= i,
    "Child et al. 2019, sec. 4.3": lambda i, j, w: max(0, i - w) <= j <= i,
    "attn-gym 0.0.17, generate_sliding_window": lambda i, j, w: j <= i and i - j <= w,
    "local-attention 1.11.2, exact_windowsize, causal": lambda i, j, w: i - w <= j <= i,
    "native-sparse-attention-pytorch": lambda i, j, w: i - w <= j <= i,
    "StreamingLLM, evict_for_space(1)": lambda i, j, w: j <= i and (j < 4 or i - w < j),
    "StreamingLLM, eval_long_ppl": lambda i, j, w: j <= i and (j < 4 or i - w <= j),
    "fast-transformers, local": lambda i, j, w: i - w // 2 <= j < i + (w + 1) // 2,
    "NATTEN 0.21.7": lambda i, j, w: (
        min(max(i - w // 2, 0), 24 - w) <= j < min(max(i - w // 2, 0), 24 - w) + w
    ),
    "Beltagy et al. 2020, sec. 3.1; Zaheer et al. 2020, sec. 2": lambda i, j, w: (
        abs(i - j) <= w // 2
    ),
    "Longformer in transformers 5.24.0": lambda i, j, w: abs(i - j) <= w // 2,
    "transformers 5.24.0, bidirectional with FlashAttention": lambda i, j, w: abs(i - j) <= w - 1,
    "transformers 5.24.0, bidirectional mask": lambda i, j, w: abs(i - j) <= w,
    "Longformer, published code": lambda i, j, w: abs(i - j) <= w,
    "ETC; LongT5": lambda i, j, w: abs(i - j) <= w,
}


@pytest.mark.parametrize("w", [2, 4, 6])
def test_a_convention_is_the_set_written_out_and_counts_its_keys(w):
    conventions = sr.window_conventions(w, 24)
    assert [each.source for each in conventions] == list(WRITTEN_OUT)
    assert [
        (kind, len(list(same))) for kind, same in groupby(conventions, lambda each: each.kind)
    ] == [("causal", 10), ("causal with sinks", 2), ("both sides", 8)]
    for each in conventions:
        rule = WRITTEN_OUT[each.source]
        mask = brute(each.pattern, 24)
        assert mask.tolist() == [[rule(i, j, w) for j in range(24)] for i in range(24)], each.source
        assert mask[13].sum() == each.keys, each.source
        assert mask[13, 14:].any() == (each.kind == "both sides") or w == 2, (
            each.source
        )  # of 2 keys the other is the earlier
        assert mask[23, :4].any() == (each.kind == "causal with sinks"), each.source


@pytest.mark.parametrize(
    ("w", "n", "error", "said"),
    [
        (3, 16, ValueError, "w must be even, .*, got 3"),
        (0, 16, ValueError, "w must be at least 2, got 0"),
        (4, 3, ValueError, "n must be at least 4, got 3"),
        (2.0, 16, TypeError, "w must be an integer, got 2.0"),
    ],
)
def test_a_number_that_some_source_cannot_take_is_refused(w, n, error, said):
    with pytest.raises(error, match=said):
        sr.window_conventions(w, n)
