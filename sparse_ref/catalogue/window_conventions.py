"""What sources mean by a window: the sets that they give to the same number.

The most common disagreement between implementations is one key at the end of a window. Here are the
conventions side by side, as patterns, so that a translation from one library to another is a
lookup.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ..patterns import Band, Local, Lookback, Window, natten, streaming
from ..sets.checks import integer
from ..sets.pattern import Pattern

SINKS = 4  # StreamingLLM's default
CAUSAL, WITH_SINKS, BOTH_SIDES = "causal", "causal with sinks", "both sides"
EXACT = "window_size, with look_backward=1"
FLASH = "sliding_window, as window_size=(w - 1, w - 1)"
RECENT = "recent_size, with start_size=4"


@dataclass(frozen=True)
class Convention:
    """What one source means by its window parameter.

    `pattern` is its set, `keys` the number of keys of a query far from both ends, `kind` the kind
    of set.
    """

    source: str
    parameter: str
    pattern: Pattern
    keys: int
    kind: str


def window_conventions(w: int = 4, n: int = 16) -> tuple[Convention, ...]:
    """The set that each source gives to the number w, and the keys of a query far from both ends.

    Parameters
    ----------
    w : the number given to each of them; even and at least 2, since some halve it.
    n : the length, of at least w, for the one source whose sets depend on it (NATTEN).

    Returns
    -------
    conventions : tuple of Convention(source, parameter, pattern, keys, kind), from the fewest keys
        to the most within each kind: "causal", "causal with sinks" and "both sides". A release is
        the one whose code was read.

    Raises ValueError for a w that is odd or below 2, and for n below w.

    >>> import sparse_ref as sr
    >>> for c in sr.window_conventions(4)[:3]:
    ...     print(c.source, c.pattern, c.keys, sep=", ")
    Sukhbaatar et al. 2019 (adaptive span), Band(4, -1), 4
    Sparse Transformer, published code, Lookback(4), 4
    Mistral, GPT-Neo and others in transformers 5.24.0, Lookback(4), 4
    """
    w = integer("w", w, 2)
    if w % 2:
        raise ValueError(
            f"w must be even, since the Longformer and BigBird papers halve it, got {w}"
        )
    n = integer("n", n, w)
    conventions = []
    for source, parameter, meaning in SOURCES:
        pattern, keys = meaning.pattern(w, n), meaning.keys(w)
        conventions.append(Convention(source, parameter, pattern, keys, meaning.kind))
    return tuple(conventions)


class Meaning(NamedTuple):
    """A kind of window as a function of its number w and the length n, and how many keys it has."""

    kind: str
    pattern: Callable[[int, int], Pattern]
    keys: Callable[[int], int]


def halves(w: int, n: int) -> Pattern:
    """w keys: w / 2 before the query, the query, and one less after it."""
    return Band(w // 2, w // 2 - 1)


def stream(w: int, n: int) -> Pattern:
    """The last w keys, with sinks."""
    return streaming(SINKS, w)


def longer_stream(w: int, n: int) -> Pattern:
    """The last w + 1 keys, with sinks."""
    return streaming(SINKS, w + 1)


def half_window(w: int, n: int) -> Pattern:
    """w / 2 keys to each side."""
    return Window(w // 2)


def shorter_window(w: int, n: int) -> Pattern:
    """w - 1 keys to each side."""
    return Window(w - 1)


def window(w: int, n: int) -> Pattern:
    """w keys to each side."""
    return Window(w)


SPAN = Meaning(CAUSAL, lambda w, n: Band(w, -1), lambda w: w)
LAST = Meaning(CAUSAL, lambda w, n: Lookback(w), lambda w: w)
BACK = Meaning(CAUSAL, lambda w, n: Local(w), lambda w: w + 1)
STREAM = Meaning(WITH_SINKS, stream, lambda w: SINKS + w)
LONGER_STREAM = Meaning(WITH_SINKS, longer_stream, lambda w: SINKS + w + 1)
UNEVEN = Meaning(BOTH_SIDES, halves, lambda w: w)
NEIGHBORHOOD = Meaning(BOTH_SIDES, lambda w, n: natten(n, w), lambda w: w)
HALF = Meaning(BOTH_SIDES, half_window, lambda w: w + 1)
LESS_ONE = Meaning(BOTH_SIDES, shorter_window, lambda w: 2 * w - 1)
RADIUS = Meaning(BOTH_SIDES, window, lambda w: 2 * w + 1)

SOURCES = (
    ("Sukhbaatar et al. 2019 (adaptive span)", "L", SPAN),
    ("Sparse Transformer, published code", "local_attn_ctx", LAST),
    ("Mistral, GPT-Neo and others in transformers 5.24.0", "sliding_window", LAST),
    ("transformers 5.24.0, causal with FlashAttention", FLASH, LAST),
    ("Transformer-LS, causal", "window_len", LAST),
    ("NSA, flash-linear-attention", "window_size", LAST),
    ("Child et al. 2019, sec. 4.3", "l", BACK),
    ("attn-gym 0.0.17, generate_sliding_window", "window_size", BACK),
    ("local-attention 1.11.2, exact_windowsize, causal", EXACT, BACK),
    ("native-sparse-attention-pytorch", "sliding_window_size", BACK),
    ("StreamingLLM, evict_for_space(1)", RECENT, STREAM),
    ("StreamingLLM, eval_long_ppl", RECENT, LONGER_STREAM),
    ("fast-transformers, local", "local_context", UNEVEN),
    ("NATTEN 0.21.7", "kernel_size", NEIGHBORHOOD),
    ("Beltagy et al. 2020, sec. 3.1; Zaheer et al. 2020, sec. 2", "w", HALF),
    ("Longformer in transformers 5.24.0", "attention_window", HALF),
    ("transformers 5.24.0, bidirectional with FlashAttention", FLASH, LESS_ONE),
    ("transformers 5.24.0, bidirectional mask", "sliding_window", RADIUS),
    ("Longformer, published code", "attention_window", RADIUS),
    ("ETC; LongT5", "local_radius", RADIUS),
)
