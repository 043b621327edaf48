"""The cases: a set, a shape, the numbers in it, and the sets that known bugs make of it.

Sets are in the notation of `sr.parse`; where heads differ, one for each stands between semicolons, and so do several sets that
one bug may make. What a flag means is told in flags.py, what `values` means in inputs.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One input, and what is known of it before anything is computed.

    `wrong` are, by flag, the sets that an implementation with that bug attends to. `expected` is "valid" where every sound
    implementation gives this result, "acceptable" where NaN comes from some of them too. `scale` is 1 / sqrt(d) unless given.
    """

    id: str
    sets: str
    n: int | tuple[int, int]
    comment: str
    wrong: dict[str, str] = field(default_factory=dict)
    heads: int = 2
    groups: int = 2
    d: int = 8
    e: int = 4
    scale: float | None = None
    values: str = "plain"
    expected: str = "valid"


WINDOWS = (
    Case("full", "Full()", 18, "every query attends to every key"),
    Case(
        "causal",
        "Causal()",
        18,
        "query i attends to the keys 0..i",
        {"future": "Band(18, 1); Full()"},
    ),
    Case(
        "lookback",
        "Lookback(4)",
        18,
        "a causal window of 4 keys, the query's own among them",
        {"left edge": "Lookback(5); Lookback(3)", "future": "Band(3, 1); Window(3)"},
    ),
    Case(
        "lookback-own-key",
        "Lookback(1)",
        10,
        "a causal window of 1 key, the query's own: out is v",
        {"left edge": "Lookback(2)", "future": "Band(0, 1)"},
    ),
    Case(
        "lookback-tiles",
        "Lookback(17)",
        40,
        "a window that begins and ends inside tiles of 8, 16 and 32 keys",
        {"left edge": "Lookback(18); Lookback(16)", "future": "Band(16, 1); Window(16)"},
    ),
    Case(
        "window",
        "Window(3)",
        19,
        "3 keys to each side",
        {"left edge": "Band(4, 3); Band(2, 3)", "right edge": "Band(3, 4); Band(3, 2)"},
    ),
    Case(
        "band",
        "Band(5, 2)",
        18,
        "5 keys before the query, 2 after it",
        {"left edge": "Band(6, 2); Band(4, 2)", "right edge": "Band(5, 3); Band(5, 1)"},
    ),
    Case(
        "band-strict",
        "Band(3, -1)",
        13,
        "3 keys before the query, not its own; the first row is empty",
        {"left edge": "Band(4, -1); Band(2, -1)", "right edge": "Band(3, 0); Band(3, -2)"},
    ),
    Case(
        "window-beyond-n",
        "Lookback(64)",
        12,
        "n is less than the window, so that it is causal attention",
        {"future": "Band(12, 1); Full()"},
    ),
    Case(
        "window-of-n",
        "Lookback(12)",
        12,
        "n equals the window",
        {"left edge": "Lookback(11)", "future": "Band(11, 1); Full()"},
    ),
    Case(
        "window-below-n",
        "Lookback(11)",
        12,
        "one key of the last row alone is outside the window",
        {"left edge": "Lookback(12); Lookback(10)", "future": "Band(10, 1); Window(10)"},
    ),
    Case(
        "dilated",
        "Dilated(2, 3)",
        20,
        "2 keys to each side, every 3rd",
        {"steps": "Window(6); Window(2); Dilated(2, 2)"},
    ),
    Case(
        "dilated-causal",
        "Dilated(3, 2) & Causal()",
        18,
        "3 keys before the query, every 2nd, and its own",
        {
            "steps": "Lookback(7); Lookback(4)",
            "left edge": "Dilated(4, 2) & Causal(); Dilated(2, 2) & Causal()",
            "future": "Dilated(3, 2)",
        },
    ),
)

FACTORIZED = (
    Case(
        "strided",
        "Strided(4)",
        18,
        "every 4th key back from the query",
        {"steps": "SubBlock(4, 1, 4); Strided(5); Strided(3)", "future": "Dilated(18, 4)"},
    ),
    Case(
        "local",
        "Local(4)",
        18,
        "4 keys before the query and its own, which is 5",
        {"left edge": "Local(5); Local(3)", "future": "Band(4, 1); Window(4)"},
    ),
    Case(
        "local-strided",
        "Local(4) | Strided(4)",
        20,
        "two sets that overlap: a key in both counts once",
        {
            "twice": "Branches((Local(4), Strided(4)))",
            "steps": "Local(4) | Strided(5)",
            "left edge": "Local(5) | Strided(4)",
        },
    ),
    Case(
        "block",
        "Block(4)",
        18,
        "causal within blocks of 4, the last of them cut short",
        {
            "borders": "Lookback(4); Causal()",
            "future": "Chunk(4)",
            "steps": "Chunk(4, 1) & Causal()",
        },
    ),
    Case(
        "summary",
        "Summary(4, 1)",
        18,
        "the last key of each block before the query's; the first rows are empty",
        {"steps": "SubBlock(4, 1, 4); SubBlock(4, 1, 2)", "future": "Shifted(Summary(4, 1), 4)"},
    ),
    Case(
        "block-summary",
        "Block(4) | Summary(4, 1)",
        18,
        "fixed attention: the block, and the last key of each before it",
        {
            "twice": "Branches((Block(4), Summary(4, 1)))",
            "borders": "Lookback(4) | Summary(4, 1)",
            "steps": "Block(4) | SubBlock(4, 1, 4)",
        },
    ),
    Case(
        "chunk",
        "Chunk(5, 2)",
        18,
        "chunks of 5 that begin at 2, 7, 12; the first and last are shorter",
        {"borders": "Window(2); Window(4)", "steps": "Chunk(5); Chunk(5, 1); Chunk(5, 3)"},
    ),
    Case(
        "blockwise",
        "Blockwise(Causal(), 4)",
        18,
        "causal between blocks of 4, full within them",
        {"rounded": "Causal()"},
    ),
    Case(
        "blockwise-window",
        "Blockwise(Lookback(2), 4) & Causal()",
        21,
        "the query's block of 4 and the one before it, causal",
        {
            "left edge": "Blockwise(Lookback(3), 4) & Causal()",
            "rounded": "Blockwise(Lookback(2), 4)",
            "borders": "Lookback(8)",
        },
    ),
    Case(
        "axial",
        "Grid((4, 5), (Full(), Window(0)))",
        20,
        "the column of a grid of 4 rows and 5 columns",
        {"steps": "Grid((5, 4), (Full(), Window(0))); Grid((4, 5), (Window(0), Full()))"},
    ),
    Case(
        "shifted-windows",
        "swin((4, 6), 2, 1)",
        24,
        "windows of 2 x 2 on a grid of 4 x 6, moved by 1 along each axis",
        {"steps": "swin((4, 6), 2, 0); swin((6, 4), 2, 1)"},
    ),
    Case(
        "neighborhood",
        "natten(18, 5)",
        18,
        "5 keys in every row: at the ends the window moves inwards",
        {"borders": "Window(2)", "left edge": "Window(2) | Prefix(5)"},
    ),
)

COMBINED = (
    Case(
        "globals",
        "Window(1) | Global(2)",
        18,
        "the first 2 positions see all and are seen by all",
        {
            "globals missing": "Window(1); Window(1) | Prefix(2); Window(1) | Global(1)",
            "twice": "Branches((Window(1), Global(2)))",
        },
    ),
    Case(
        "globals-inside",
        "Window(1) | GlobalAt((0, 7, 12))",
        18,
        "globals at 0, 7 and 12",
        {
            "globals missing": "Window(1); Window(1) | Verticals((0, 7, 12)); Window(1) | GlobalAt((0, 7))",
            "twice": "Branches((Window(1), GlobalAt((0, 7, 12))))",
        },
    ),
    Case(
        "sinks",
        "Sinks(2) | Lookback(4)",
        19,
        "the first 2 keys and the last 4",
        {
            "globals missing": "Lookback(4)",
            "twice": "Branches((Sinks(2), Lookback(4)))",
            "left edge": "Sinks(2) | Lookback(5); Sinks(2) | Lookback(3)",
            "future": "Prefix(2) | Lookback(4)",
        },
    ),
    Case(
        "prefix",
        "Causal() | Prefix(5)",
        14,
        "a prefix of 5 seen by all, causal after it",
        {
            "globals missing": "Causal(); Causal() | Prefix(4)",
            "future": "Causal() | Prefix(6); Full()",
        },
    ),
    Case(
        "random",
        "Window(1) | Random(18, 3, 7)",
        18,
        "a window, and 3 keys in each row that a seed has drawn",
        {
            "random missing": "Window(1); Window(1) | Random(18, 3, 8)",
            "twice": "Branches((Window(1), Random(18, 3, 7)))",
        },
    ),
    Case(
        "random-causal",
        "Random(24, 5, 3) & Causal()",
        24,
        "the keys drawn that are not after the query; some rows are empty",
        {"future": "Random(24, 5, 3)", "random missing": "Causal(); Random(24, 5, 4) & Causal()"},
    ),
    Case(
        "bigbird",
        "bigbird(24, 2, random=1, seed=0)",
        24,
        "blocks of 2: a window, globals and one random block a row",
        {
            "random missing": "Blockwise(GlobalAt((0, 11)) | Window(1), 2)",
            "rounded": "GlobalAt((0, 23)) | Window(2)",
            "globals missing": "Blockwise(Window(1) | Random(12, 1, 0), 2)",
            "twice": "Branches((Blockwise(GlobalAt((0, 11)), 2), Blockwise(Window(1), 2), Blockwise(Random(12, 1, 0), 2)))",
        },
    ),
    Case(
        "documents",
        "Documents((5, 1, 7, 5), Causal())",
        18,
        "4 documents packed into one row, causal in each",
        {"borders": "Causal()", "future": "Documents((5, 1, 7, 5))"},
    ),
    Case(
        "documents-full",
        "Documents((4, 0, 8, 2))",
        14,
        "documents attended to as a whole, one of them without tokens",
        {"borders": "Full(); Documents((4, 10)); Documents((5, 7, 2))"},
    ),
    Case(
        "documents-window",
        "Documents((6, 12), Lookback(3))",
        18,
        "a window that does not look into the document before",
        {
            "borders": "Lookback(3)",
            "left edge": "Documents((6, 12), Lookback(4)); Documents((6, 12), Lookback(2))",
            "future": "Documents((6, 12), Band(2, 1)); Documents((6, 12), Window(2))",
        },
    ),
)

SHAPES = (
    Case(
        "ragged-top-left",
        "Causal()",
        (6, 18),
        "6 queries, 18 keys: query 0 is at key 0",
        {"alignment": "Shifted(Causal(), 12)", "future": "Shifted(Causal(), 1); Full()"},
    ),
    Case(
        "ragged-bottom-right",
        "Shifted(Causal(), 12)",
        (6, 18),
        "6 queries, 18 keys: the last query is at the last key",
        {"alignment": "Causal()", "future": "Shifted(Causal(), 13); Full()"},
    ),
    Case(
        "ragged-more-queries",
        "Causal()",
        (18, 6),
        "18 queries, 6 keys: query 0 is at key 0",
        {"alignment": "Shifted(Causal(), -12)", "future": "Shifted(Causal(), 1); Full()"},
    ),
    Case(
        "ragged-empty-rows",
        "Shifted(Causal(), -12)",
        (18, 6),
        "18 queries, 6 keys: the last two meet, 12 rows are empty",
        {"alignment": "Causal()", "future": "Shifted(Causal(), -11); Full()"},
    ),
    Case(
        "ragged-window",
        "Shifted(Lookback(4), 9)",
        (5, 14),
        "a window over 5 queries that end where the 14 keys end",
        {
            "alignment": "Lookback(4)",
            "left edge": "Shifted(Lookback(5), 9); Shifted(Lookback(3), 9)",
            "future": "Shifted(Band(3, 1), 9); Shifted(Window(3), 9)",
        },
    ),
    Case(
        "decoding",
        "Shifted(Lookback(6), 20)",
        (1, 21),
        "one query after a cache of 20 keys",
        {
            "alignment": "Lookback(6)",
            "left edge": "Shifted(Lookback(7), 20); Shifted(Lookback(5), 20)",
        },
    ),
    Case("one-by-one", "Causal()", 1, "one query, one key: out is v"),
    Case("one-row", "Full()", (1, 33), "one query, one key more than two tiles of 16"),
    Case("one-key", "Full()", (9, 1), "nine queries, one key: out is v everywhere"),
    Case(
        "odd-widths",
        "Causal()",
        17,
        "d = 3 and e = 7, neither a multiple of anything",
        {"future": "Band(17, 1); Full()"},
        d=3,
        e=7,
    ),
    Case(
        "grouped",
        "Causal()",
        11,
        "4 heads of q read 2 heads of k and v: 0, 0, 1, 1",
        {"future": "Band(11, 1); Full()"},
        heads=4,
    ),
    Case(
        "grouped-by-three",
        "Lookback(3)",
        11,
        "6 heads of q read 2 heads of k and v: 0, 0, 0, 1, 1, 1",
        {"left edge": "Lookback(4); Lookback(2)", "future": "Band(2, 1); Window(2)"},
        heads=6,
    ),
    Case(
        "one-key-head",
        "Lookback(3)",
        11,
        "4 heads of q read the one head of k and v",
        {"left edge": "Lookback(4); Lookback(2)", "future": "Band(2, 1); Window(2)"},
        heads=4,
        groups=1,
    ),
    Case(
        "heads-differ",
        "Local(3); Strided(3)",
        18,
        "head 0 and head 1 have a set each",
        {"future": "Window(3)"},
    ),
)

EMPTY = (
    Case("empty-all", "Full() - Full()", 10, "no query has a key: out is 0, lse -inf"),
    Case(
        "empty-some",
        "Band(9, -2)",
        10,
        "the first two rows are empty: 0, neither an average nor NaN",
        {"right edge": "Band(9, -1)"},
    ),
    Case(
        "empty-tile",
        "Causal() - Prefix(16)",
        40,
        "a whole tile of 16 rows is empty",
        {"future": "~Prefix(16)"},
    ),
)

NUMBERS = (
    Case(
        "large-logits",
        "Causal()",
        18,
        "logits whose exp overflows in float32",
        {"future": "Band(18, 1); Full()"},
        values="large",
    ),
    Case(
        "low-logits",
        "Lookback(4)",
        18,
        "logits whose exp is 0 in float32",
        {"left edge": "Lookback(5); Lookback(3)", "future": "Band(3, 1); Window(3)"},
        values="low",
    ),
    Case(
        "rising-logits",
        "Causal()",
        16,
        "logits rise by 4096 from key to key, so that a finite number instead of -inf lets the "
        "future in",
        {"future": "Band(16, 1); Full()"},
        scale=1.0,
        values="rising",
    ),
    Case(
        "falling-logits",
        "Lookback(3)",
        16,
        "they fall, so that a finite number lets in what is before the window",
        {"left edge": "Lookback(4); Lookback(2)"},
        scale=-1.0,
        values="rising",
    ),
    Case(
        "equal-logits",
        "Lookback(5)",
        18,
        "q = 0: every member has the same weight",
        {"left edge": "Lookback(6); Lookback(4)", "future": "Band(4, 1); Window(4)"},
        values="equal",
    ),
    Case(
        "weights",
        "Local(4) | Strided(4)",
        18,
        "q = 0 and v is the identity, so that out is the set, each row over its keys",
        {"twice": "Branches((Local(4), Strided(4)))", "future": "Window(4) | Strided(4)"},
        1,
        1,
        e=18,
        values="weights",
    ),
    Case(
        "ones",
        "Causal() - Window(1)",
        18,
        "v = 1: out is 1, and 0 in the rows without keys",
        values="ones",
    ),
    Case(
        "scale", "Causal()", 18, "the scale is 0.75", {"future": "Band(18, 1); Full()"}, scale=0.75
    ),
    Case("scale-one", "Full()", 18, "the scale is 1", scale=1.0),
    Case(
        "poisoned-values",
        "Prefix(10)",
        18,
        "v is 32768 at keys that no query attends to",
        values="poisoned values",
    ),
    Case(
        "poisoned-keys",
        "Prefix(10)",
        18,
        "at keys that no query attends to, v is 32768 and the logits are above 10,000",
        values="poisoned keys",
    ),
    Case(
        "nan-beside",
        "Lookback(3)",
        (12, 18),
        "k and v are NaN at keys that no query attends to",
        {"left edge": "Lookback(4); Lookback(2)", "future": "Band(2, 1)"},
        values="nan beside",
        expected="acceptable",
    ),
    Case(
        "inf-beside",
        "Lookback(3)",
        (12, 18),
        "k and v are inf at keys that no query attends to",
        {"left edge": "Lookback(4); Lookback(2)", "future": "Band(2, 1)"},
        values="inf beside",
        expected="acceptable",
    ),
    Case(
        "nan-member",
        "Lookback(3)",
        18,
        "v is NaN at key 5, which reaches rows 5, 6 and 7",
        {"left edge": "Lookback(4); Lookback(2)", "future": "Band(2, 1)"},
        values="nan member",
        expected="acceptable",
    ),
)

CASES = (*WINDOWS, *FACTORIZED, *COMBINED, *SHAPES, *EMPTY, *NUMBERS)
