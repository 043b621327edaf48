"""Cases with a soft cap, with sinks, and with keys that each query selects."""

from __future__ import annotations

from .case import Case

SOFT_CAPS = (
    Case(
        "softcap",
        "Causal()",
        18,
        "a logit x becomes 1.5 tanh(x / 1.5), after the scale and before the mask",
        {"future": "Band(18, 1); Full()"},
        softcap=1.5,
    ),
    Case(
        "softcap-window",
        "Lookback(5)",
        18,
        "soft cap and window; 4 heads of q read 2 heads of k and v",
        {"left edge": "Lookback(6); Lookback(4)", "future": "Band(4, 1); Window(4)"},
        heads=4,
        softcap=2.0,
    ),
    Case(
        "softcap-large",
        "Causal()",
        18,
        "logits of some hundreds under a soft cap of 50, where tanh is 1 in float32",
        {"future": "Band(18, 1); Full()"},
        values="large",
        softcap=50.0,
    ),
)

SINKS = (
    Case(
        "sink-logits",
        "Causal()",
        18,
        "each head has a sink: exp(sink) is added to the sum of every row, and nothing to out",
        {"future": "Band(18, 1); Full()"},
        sinks=True,
    ),
    Case(
        "sink-logits-window",
        "Lookback(4)",
        18,
        "sinks and window, as in gpt-oss; 4 heads of q read 2 heads of k and v",
        {"left edge": "Lookback(5); Lookback(3)", "future": "Band(3, 1); Window(3)"},
        heads=4,
        sinks=True,
    ),
    Case(
        "sink-logits-empty",
        "Band(9, -2)",
        10,
        "the first two rows have only the sink: out is 0, lse the sink",
        {"right edge": "Band(9, -1)"},
        sinks=True,
    ),
    Case(
        "sink-logits-softcap",
        "Lookback(4)",
        18,
        "sinks and soft cap: the sink is not capped",
        {"left edge": "Lookback(5); Lookback(3)"},
        softcap=1.0,
        sinks=True,
    ),
)

SELECTIONS = (
    Case(
        "topk",
        "Causal()",
        20,
        "each query selects up to 4 keys, none after it: the rest of a short list is -1",
        topk=4,
    ),
    Case(
        "topk-shared",
        "Full()",
        (7, 24),
        "lists of 5 keys from all 24, in no order; 4 heads of q read one head of k and v",
        heads=4,
        kv_heads=1,
        topk=5,
    ),
    Case(
        "topk-decoding",
        "Shifted(Causal(), 2)",
        (4, 21),
        "4 queries at positions 2 to 5 of a cache of 21 keys, lists of 6 keys",
        topk=6,
    ),
)
