"""Cases over one published set: windows, dilations, strides, blocks, grids."""

from __future__ import annotations

from .case import Case

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
            "keys count twice": "Branches((Local(4), Strided(4)))",
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
            "keys count twice": "Branches((Block(4), Summary(4, 1)))",
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
        {"rounded out to blocks": "Causal()"},
    ),
    Case(
        "blockwise-window",
        "Blockwise(Lookback(2), 4) & Causal()",
        21,
        "the query's block of 4 and the one before it, causal",
        {
            "left edge": "Blockwise(Lookback(3), 4) & Causal()",
            "rounded out to blocks": "Blockwise(Lookback(2), 4)",
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
