"""Cases over unions and intersections of sets, and over packed documents."""

from __future__ import annotations

from .case import Case

COMBINED = (
    Case(
        "globals",
        "Window(1) | Global(2)",
        18,
        "the first 2 positions see all and are seen by all",
        {
            "globals missing": "Window(1); Window(1) | Prefix(2); Window(1) | Global(1)",
            "keys count twice": "Branches((Window(1), Global(2)))",
        },
    ),
    Case(
        "globals-inside",
        "Window(1) | GlobalAt((0, 7, 12))",
        18,
        "globals at 0, 7 and 12",
        {
            "globals missing": "Window(1); Window(1) | Verticals((0, 7, 12)); "
            "Window(1) | GlobalAt((0, 7))",
            "keys count twice": "Branches((Window(1), GlobalAt((0, 7, 12))))",
        },
    ),
    Case(
        "sinks",
        "Sinks(2) | Lookback(4)",
        19,
        "the first 2 keys and the last 4",
        {
            "globals missing": "Lookback(4)",
            "keys count twice": "Branches((Sinks(2), Lookback(4)))",
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
            "keys count twice": "Branches((Window(1), Random(18, 3, 7)))",
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
            "rounded out to blocks": "GlobalAt((0, 23)) | Window(2)",
            "globals missing": "Blockwise(Window(1) | Random(12, 1, 0), 2)",
            "keys count twice": "Branches((Blockwise(GlobalAt((0, 11)), 2), "
            "Blockwise(Window(1), 2), Blockwise(Random(12, 1, 0), 2)))",
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
