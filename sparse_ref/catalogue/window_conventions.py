"""What a number means where sources say "window": the same number, the sets it gives, and how many
keys they hold.

The most common disagreement between implementations is one key at the end of a window. Here are the
conventions side by side, as patterns, so that a translation from one library to another is a
lookup.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..patterns import Band, Local, Lookback, Window, natten, streaming
from ..sets.checks import integer
from ..sets.pattern import Pattern

SINKS = 4  # StreamingLLM's default
KINDS = "causal", "causal with sinks", "both sides"
EXACT, FLASH = "window_size, with look_backward=1", "sliding_window, as window_size=(w - 1, w - 1)"


@dataclass(frozen=True)
class Convention:
    """What one source means by its window parameter: its set, the keys of a query far from both
    ends, and the kind of set
    """

    source: str
    parameter: str
    pattern: Pattern
    keys: int
    kind: str


def window_conventions(w: int = 4, n: int = 16) -> tuple[Convention, ...]:
    """The set that each source gives to the number w, and how many keys a query far from both ends
    then has

    Parameters
    ----------
    w : the number handed to each of them; even and at least 2, since some halve it.
    n : the length, of at least w, for the one source whose sets depend on it (NATTEN).

    Returns
    -------
    conventions : tuple of Convention(source, parameter, pattern, keys, kind), from the fewest keys
        to the most within each kind: "causal", "causal with sinks" and "both sides". A release is
        that whose code was read.

    Raises ValueError for a w that is odd or below 2, and for n below w.

    >>> import sparse_ref as sr
    >>> for each in sr.window_conventions(4)[:3]: print(each.source, each.pattern, each.keys, sep=", ")
    Sukhbaatar et al. 2019 (adaptive span), Band(4, -1), 4
    Sparse Transformer, published code, Lookback(4), 4
    Mistral, GPT-Neo and others in transformers 5.23.0, Lookback(4), 4
    """
    w = integer("w", w, 2)
    if w % 2:
        raise ValueError(
            f"w must be even, since the Longformer and BigBird papers halve it, got {w}"
        )
    n, half = integer("n", n, w), w // 2
    causal, sinks, both = KINDS
    return (
        Convention("Sukhbaatar et al. 2019 (adaptive span)", "L", Band(w, -1), w, causal),
        Convention("Sparse Transformer, published code", "local_attn_ctx", Lookback(w), w, causal),
        Convention(
            "Mistral, GPT-Neo and others in transformers 5.23.0",
            "sliding_window",
            Lookback(w),
            w,
            causal,
        ),
        Convention(
            "transformers 5.23.0, causal with FlashAttention", FLASH, Lookback(w), w, causal
        ),
        Convention("Transformer-LS, causal", "window_len", Lookback(w), w, causal),
        Convention("NSA, flash-linear-attention", "window_size", Lookback(w), w, causal),
        Convention("Child et al. 2019, sec. 4.3", "l", Local(w), w + 1, causal),
        Convention(
            "attn-gym 0.0.17, generate_sliding_window", "window_size", Local(w), w + 1, causal
        ),
        Convention(
            "local-attention 1.11.2, exact_windowsize, causal", EXACT, Local(w), w + 1, causal
        ),
        Convention(
            "native-sparse-attention-pytorch", "sliding_window_size", Local(w), w + 1, causal
        ),
        Convention(
            "StreamingLLM, evict_for_space(1)",
            "recent_size, with start_size=4",
            streaming(SINKS, w),
            SINKS + w,
            sinks,
        ),
        Convention(
            "StreamingLLM, eval_long_ppl",
            "recent_size, with start_size=4",
            streaming(SINKS, w + 1),
            SINKS + w + 1,
            sinks,
        ),
        Convention("fast-transformers, local", "local_context", Band(half, half - 1), w, both),
        Convention("NATTEN 0.21.7", "kernel_size", natten(n, w), w, both),
        Convention(
            "Beltagy et al. 2020, sec. 3.1; Zaheer et al. 2020, sec. 2",
            "w",
            Window(half),
            w + 1,
            both,
        ),
        Convention(
            "Longformer in transformers 5.23.0", "attention_window", Window(half), w + 1, both
        ),
        Convention(
            "transformers 5.23.0, bidirectional with FlashAttention",
            FLASH,
            Window(w - 1),
            2 * w - 1,
            both,
        ),
        Convention(
            "transformers 5.23.0, bidirectional mask", "sliding_window", Window(w), 2 * w + 1, both
        ),
        Convention("Longformer, published code", "attention_window", Window(w), 2 * w + 1, both),
        Convention("ETC; LongT5", "local_radius", Window(w), 2 * w + 1, both),
    )
