"""Cases over packed sequences, keys in pages, and caches that are longer than their content."""

from __future__ import annotations

from .case import Case

Lengths = tuple[tuple[int, int], ...]
PREFILL = ((5, 5), (3, 3), (9, 9))
DECODING = ((1, 9), (1, 17), (1, 4))
CHUNKS = ((4, 10), (1, 13), (6, 6))


def _totals(sequences: Lengths) -> tuple[int, int]:
    """The sums of the queries and of the keys of all sequences."""
    queries, keys = zip(*sequences)
    return sum(queries), sum(keys)


PACKED = (
    Case(
        "packed",
        "Causal()",
        _totals(PREFILL),
        "3 sequences packed into one array, causal in each",
        {"future": "Full()"},
        sequences=PREFILL,
    ),
    Case(
        "packed-decoding",
        "Shifted(Causal(), {offset})",
        _totals(DECODING),
        "one new query in each of 3 sequences with caches of 8, 16 and 3 keys",
        {"alignment": "Causal(); Shifted(Causal(), 3)"},
        heads=4,
        sequences=DECODING,
    ),
    Case(
        "packed-chunks",
        "Shifted(Causal(), {offset})",
        _totals(CHUNKS),
        "chunks of 4, 1 and 6 queries, aligned at the bottom right of 10, 13 and 6 keys",
        {
            "alignment": "Causal(); Shifted(Causal(), 12); Shifted(Causal(), 6)",
            "future": "Full()",
        },
        sequences=CHUNKS,
    ),
    Case(
        "packed-chunks-window",
        "Shifted(Lookback(4), {offset})",
        _totals(CHUNKS),
        "the same with a window of 4 keys",
        {
            "alignment": "Lookback(4); Shifted(Lookback(4), 6)",
            "left edge": "Shifted(Lookback(5), {offset}); Shifted(Lookback(3), {offset})",
            "future": "Shifted(Band(3, 1), {offset}); Shifted(Window(3), {offset})",
        },
        heads=4,
        sequences=CHUNKS,
    ),
    Case(
        "packed-without-keys",
        "Shifted(Causal(), {offset})",
        (6, 13),
        "the second sequence has no keys, the third more queries than keys: dead rows are 0",
        {"alignment": "Causal()"},
        sequences=((2, 11), (1, 0), (3, 2)),
    ),
)

PAGED = (
    Case(
        "paged",
        "Shifted(Causal(), {offset})",
        _totals(DECODING),
        "one new query in each of 3 sequences, keys and values in pages of 4",
        heads=4,
        sequences=DECODING,
        page_size=4,
    ),
    Case(
        "paged-whole-pages",
        "Shifted(Causal(), {offset})",
        (2, 24),
        "all pages are full, so that nothing is to be cut off",
        sequences=((1, 8), (1, 16)),
        page_size=8,
    ),
    Case(
        "paged-chunks",
        "Shifted(Causal(), {offset})",
        _totals(CHUNKS),
        "chunks of several queries over pages of 4",
        {"alignment": "Causal(); Shifted(Causal(), 6)", "future": "Full()"},
        sequences=CHUNKS,
        page_size=4,
    ),
    Case(
        "paged-window",
        "Shifted(Lookback(5), {offset})",
        _totals(CHUNKS),
        "a window of 5 keys, which begins inside a page",
        {
            "alignment": "Lookback(5)",
            "left edge": "Shifted(Lookback(6), {offset}); Shifted(Lookback(4), {offset})",
            "future": "Shifted(Band(4, 1), {offset})",
        },
        heads=4,
        sequences=CHUNKS,
        page_size=4,
    ),
    Case(
        "paged-huge",
        "Shifted(Causal(), {offset})",
        _totals(DECODING),
        "32768 in unused pages and behind the last key of a page",
        sequences=DECODING,
        page_size=4,
        stale="huge",
    ),
    Case(
        "paged-nan-pages",
        "Shifted(Causal(), {offset})",
        _totals(DECODING),
        "NaN in pages that no sequence uses",
        sequences=DECODING,
        page_size=4,
        stale="nan pages",
    ),
    Case(
        "paged-nan-tails",
        "Shifted(Causal(), {offset})",
        _totals(DECODING),
        "NaN in unused pages and behind the last key of a page",
        expected="acceptable",
        sequences=DECODING,
        page_size=4,
        stale="nan",
    ),
)

CACHES = (
    Case(
        "cache-huge-tail",
        "Shifted(Causal(), 11)",
        (4, 24),
        "4 queries after 11 keys, in a cache for 24: keys and values behind are 32768",
        {
            "alignment": "Shifted(Causal(), 20); Causal()",
            "future": "Shifted(Causal(), 12); Full()",
        },
        values="poisoned keys",
    ),
    Case(
        "cache-nan-tail",
        "Shifted(Causal(), 11)",
        (4, 24),
        "the same, keys and values behind are NaN",
        {"alignment": "Causal()"},
        values="nan beside",
        expected="acceptable",
    ),
)
