"""Windows: one key more or less, halved, rounded to blocks, moved, or without their sinks.

Symbols:  i query;  j key;  N how many of each.
"""

import numpy as np
from verify.implementations import masked, rowwise

import sparse_ref as sr

from .registry import Mutant

N = 24
i, j = np.ogrid[:N, :N]
a, b = np.ogrid[:64, :64]
x, y = np.ogrid[:192, :192]

MUTANTS = [
    Mutant("a causal window one key too wide", masked((j <= i) & (j >= i - 5)), sr.Lookback(5), N, finding="extra", at=(0, 5, 0),
           diagnosis={"named": "Lookback(6)", "left edge": "19 of 24 rows"},
           source="attn-gym `generate_sliding_window`; ml-explore/mlx-lm#390; huggingface/transformers#39408"),
    Mutant("a causal window one key too narrow", masked((j <= i) & (j > i - 4)), sr.Local(4), N, finding="missing", at=(0, 4, 0),
           diagnosis={"named": "Lookback(4)", "left edge": "20 of 24 rows"},
           source="openai/sparse_attention, `local`, beside the paper's section 4.3; vllm-project/vllm#3385"),
    Mutant("a window to both sides, one key too wide on the left", masked((j >= i - 5) & (j <= i + 4)), sr.Window(4), N,
           finding="extra", at=(0, 5, 0), diagnosis={"named": "Band(5, 4)", "left edge": "19 of 24 rows"}),
    Mutant("a window to both sides, one key too narrow on the left", masked((j > i - 4) & (j <= i + 4)), sr.Window(4), N,
           finding="missing", at=(0, 4, 0), diagnosis={"named": "Band(3, 4)", "left edge": "20 of 24 rows"}),
    Mutant("a window to both sides, one key too wide on the right", masked((j >= i - 4) & (j <= i + 5)), sr.Window(4), N,
           finding="extra", at=(0, 0, 5), diagnosis={"named": "Band(4, 5)", "right edge": "19 of 24 rows"}),
    Mutant("a window to both sides, its end excluded as in a slice", masked((j >= i - 4) & (j < i + 4)), sr.Window(4), N,
           finding="missing", at=(0, 0, 4), diagnosis={"named": "Band(4, 3)", "right edge": "20 of 24 rows"}),
    Mutant("a window to both sides, halved", masked(abs(i - j) <= 2), sr.Window(4), N, finding="missing", at=(0, 0, 3),
           diagnosis={"named": "Window(2)"}, source="`attention_window` of Longformer's code, and of transformers"),
    Mutant("a window to both sides, doubled", masked(abs(i - j) <= 4), sr.Window(2), N, finding="extra", at=(0, 0, 3),
           diagnosis={"named": "Window(4)"}, source="`attention_window` of transformers, and of Longformer's code"),
    Mutant("a window to both sides, handed over less one as if it were causal", masked(abs(i - j) <= 3), sr.Window(4), N,
           finding="missing", at=(0, 0, 4), diagnosis={"named": "Window(3)"},
           source="transformers, sliding windows by flash kernels"),
    Mutant("a window without its query", masked((j < i) & (j >= i - 5)), sr.Lookback(5), N, finding="missing", at=(0, 0, 0),
           diagnosis={"named": "Band(5, -1)", "shifted": "i - 1"}, source="adaptive span (Sukhbaatar et al. 2019)"),
    Mutant("a window counted from position 0", masked((j <= i) & (j < 5)), sr.Lookback(5), N, finding="missing", at=(0, 5, 5),
           diagnosis={"named": "Sinks(5)"}),
    Mutant("a window counted from the end of the keys", masked((j <= i) & (j >= N - 5)), sr.Lookback(5), N, finding="missing",
           at=(0, 0, 0), diagnosis={"left edge": "4 of 24 rows"}),
    Mutant("a window with no beginning", masked(j <= i), sr.Lookback(5), N, finding="extra", at=(0, 5, 0),
           diagnosis={"named": "Causal()", "left edge": "19 of 24 rows"}),
    Mutant("a window with no beginning that reaches ahead by its length", masked(j < i + 4), sr.Lookback(4), N, finding="extra",
           at=(0, 0, 1), diagnosis={"future": "3"}, source="kyegomez/SparseAttention, `local`"),
    Mutant("a window whose left edge is rounded down to a multiple of 8", masked((j <= i) & (j // 8 >= (i - 4) // 8)),
           sr.Lookback(5), N, finding="extra", at=(0, 5, 0), diagnosis={"left edge": "17 of 24 rows"}),
    Mutant("a window rounded out to blocks of 8", masked((j <= i) & (j // 8 >= i // 8 - 1)), sr.Lookback(5), N, finding="extra",
           at=(0, 5, 0), diagnosis={"rounded": "8"}),
    Mutant("a window to both sides rounded out to tiles of 16", masked((b // 16 >= (a // 16 * 16 - 5) // 16) & (
           b // 16 <= (a // 16 * 16 + 20) // 16)), sr.Window(5), 64, finding="extra", at=(0, 0, 6), diagnosis={"rounded": "16"}),
    Mutant("a window rounded out to blocks of 64", masked((y <= x) & (y // 64 >= x // 64 - 1)), sr.Lookback(64), 192,
           finding="extra", at=(0, 64, 0), diagnosis={"rounded": "64"}, options={"d": 64},
           source="MInference, slashes widened to blocks of 64"),
    Mutant("a window in whole blocks", masked(abs(i // 4 - j // 4) <= 1), sr.longformer(4), N, finding="extra", at=(0, 0, 5),
           diagnosis={"rounded": "4"}, source="Longformer, `sliding_chunks_no_overlap`"),
    Mutant("chunks for a window", masked((j <= i) & (j // 8 == i // 8)), sr.Lookback(8), N, finding="missing", at=(0, 8, 1),
           diagnosis={"named": "Block(8)"}, source="Llama 4's chunks, read as a sliding window"),
    Mutant("a window moved inward at both ends", masked(abs(np.clip(i, 3, N - 4) - j) <= 3), sr.Window(3), N, finding="extra",
           at=(0, 0, 4), diagnosis={"named": "Neighborhood(24, 7, 1, 1)"}, source="natten, held against a window that is cut"),
    Mutant("a window clamped at the left edge, so that key 0 stands for those before it",
           rowwise(lambda head, i: [max(0, i - back) for back in range(5)]), sr.Lookback(5), N, finding="multiplicity",
           at=(0, 1, 0), diagnosis={"twice": ""}),
    Mutant("a window that wraps round at the left edge", rowwise(lambda head, i: [(i - back) % N for back in range(5)]),
           sr.Lookback(5), N, finding="extra", at=(0, 0, 20), diagnosis={"named": "Circular(24, 4, 0)", "future": "4 of 24 rows"},
           source="the chunks of Reformer's local layer, in trax and transformers"),
    Mutant("a dilated window that begins at an odd distance", masked((j == i) | (j < i) & (j >= i - 5) & ((i - j) % 2 == 1)),
           sr.longformer_causal(3, dilation=2), N, finding="missing", at=(0, 2, 0)),
    Mutant("a dilated window that counts positions", masked((abs(i - j) <= 4) & ((i - j) % 2 == 0)), sr.longformer(4, dilation=2),
           N, finding="missing", at=(0, 0, 6), diagnosis={"named": "Dilated(2, 2)"}, source="attn-gym, dilated sliding window"),
    Mutant("sinks missing", masked((j <= i) & (j > i - 5)), sr.streaming(2, 5), N, finding="missing", at=(0, 5, 0),
           diagnosis={"named": "Lookback(5)"}),
    Mutant("one sink too many", masked((j <= i) & ((j < 3) | (j > i - 5))), sr.streaming(2, 5), N, finding="extra", at=(0, 7, 2),
           diagnosis={"named": "Sinks(3)"}),
    Mutant("sinks, and one recent key too many", masked((j <= i) & ((j < 2) | (j >= i - 5))), sr.streaming(2, 5), N,
           finding="extra", at=(0, 7, 2), diagnosis={"named": "Lookback(6)"},
           source="StreamingLLM's perplexity script; MInference's A-shape"),
]
