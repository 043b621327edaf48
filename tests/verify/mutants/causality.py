"""Causality: the future seen, the past lost, documents that hear one another, and positions counted
from the other end.

Symbols:  i query;  j key;  N how many of each;  m, l the same where 8 queries meet 24 keys;  r, s
where 24 meet 8.
"""

import numpy as np
from verify.implementations import masked, softmax

import sparse_ref as sr

from .registry import Mutant

N = 24
i, j = np.ogrid[:N, :N]
m, l = np.ogrid[:8, :N]
r, s = np.ogrid[:N, :8]
CAUSAL = j <= i
STARTS = np.array([0, 8, 14])  # of the documents of DOCUMENTS
DOCUMENTS = sr.Documents((8, 6, 10), sr.Causal())
own, whose = (np.searchsorted(STARTS, z, side="right") for z in (i, j))


def centred(q, k, v):
    """Causal attention whose keys are first divided by their norm over all positions."""
    return masked(CAUSAL)(q, k / (np.linalg.norm(k, axis=1, keepdims=True) + np.float32(1e-6)), v)


def added(q, k, v):
    """The mask as a number, added: 1 to what may be seen, 0 to what may not."""
    return softmax(q @ k.swapaxes(1, 2) / np.float32(4) + CAUSAL.astype(np.float32)) @ v


UPPER_LEFT = {"align": "upper-left"}
MUTANTS = [
    Mutant(
        "the future leaks by one",
        masked(j <= i + 1),
        sr.Causal(),
        N,
        finding="extra",
        at=(0, 0, 1),
        diagnosis={"future": "one key", "shifted": "i + 1"},
        source="octo-models/octo#75",
    ),
    Mutant(
        "the future leaks within a block",
        masked(j // 8 <= i // 8),
        sr.Causal(),
        N,
        finding="extra",
        at=(0, 0, 1),
        diagnosis={"future": "7", "rounded": "8"},
        source="DeepSpeed's layouts without a mask inside their blocks",
    ),
    Mutant(
        "the future leaks in the last row alone",
        masked((j <= i)[:-1] | (i == N - 2)[:-1]),
        sr.Causal(),
        (N - 1, N),
        options=UPPER_LEFT,
        finding="extra",
        at=(0, N - 2, N - 1),
        diagnosis={"future": "one key after i in 1 of 23 rows"},
    ),
    Mutant(
        "the future leaks in head 1 alone",
        masked(np.stack([CAUSAL, j <= i + 1, CAUSAL, CAUSAL])),
        sr.Causal(),
        N,
        4,
        finding="extra",
        at=(1, 0, 1),
        diagnosis={"future": "one key", "shifted": "i + 1"},
    ),
    Mutant(
        "the causal mask dropped",
        masked(j >= 0),
        sr.Causal(),
        N,
        finding="extra",
        at=(0, 0, 1),
        diagnosis={"named": "Full()", "future": "23"},
        source="keras-team/keras#23038; huggingface/transformers#48745",
    ),
    Mutant(
        "the query itself left out",
        masked(j < i),
        sr.Causal(),
        N,
        finding="missing",
        at=(0, 0, 0),
        diagnosis={"right edge": "23 of 24 rows", "shifted": "i - 1"},
    ),
    Mutant(
        "aligned at the top left, with a cache",
        masked(l <= m),
        sr.Shifted(sr.Causal(), 16),
        (8, N),
        finding="missing",
        at=(0, 0, 1),
        diagnosis={"named": "Causal()", "alignment": ""},
        source="torch `is_causal`; ONNX `Attention`; Dao-AILab/flash-attention#282; "
        "ml-explore/mlx#2835; NVIDIA/cutlass#2336",
    ),
    Mutant(
        "aligned at the bottom right, with a cache",
        masked(l <= m + 16),
        sr.Causal(),
        (8, N),
        options=UPPER_LEFT,
        finding="extra",
        at=(0, 0, 1),
        diagnosis={"named": "Shifted(Causal(), 16)", "alignment": ""},
        source="flash-attention since 2.1",
    ),
    Mutant(
        "aligned at the top left, with fewer keys than queries",
        masked(s <= r),
        sr.Shifted(sr.Causal(), -16),
        (N, 8),
        finding="empty row",
        at=(0, 0),
        diagnosis={"named": "Causal()", "alignment": ""},
    ),
    Mutant(
        "aligned at the bottom right, with fewer keys than queries",
        masked(s <= r - 16),
        sr.Causal(),
        (N, 8),
        options=UPPER_LEFT,
        finding="missing",
        at=(0, 0, 0),
        diagnosis={"named": "Shifted(Causal(), -16)", "alignment": ""},
    ),
    Mutant(
        "bottom-right alignment, off by one",
        masked(l < m + 16),
        sr.Shifted(sr.Causal(), 16),
        (8, N),
        finding="missing",
        at=(0, 0, 16),
        diagnosis={"shifted": "i - 1", "right edge": "8 of 8 rows"},
    ),
    Mutant(
        "a window aligned at the top left, with a cache",
        masked((l <= m) & (l > m - 5)),
        sr.Shifted(sr.Lookback(5), 16),
        (8, N),
        finding="missing",
        at=(0, 0, 12),
        diagnosis={"named": "Lookback(5)", "alignment": ""},
    ),
    Mutant(
        "transposed",
        masked((j >= i) & ((j - i <= 3) | ((j - i) % 5 == 0))),
        sr.Local(3) | sr.Strided(5),
        N,
        finding="extra",
        at=(0, 0, 1),
        diagnosis={"transposed": ""},
    ),
    Mutant(
        "turned upside down",
        masked(j <= N - 1 - i),
        sr.Causal(),
        N,
        finding="extra",
        at=(0, 0, 1),
        diagnosis={"future": "12 of 24 rows"},
    ),
    Mutant(
        "True taken for masked",
        masked(~CAUSAL),
        sr.Causal(),
        N,
        finding="extra",
        at=(0, 0, 1),
        diagnosis={"inverted": ""},
        source="rasbt/LLMs-from-scratch#1061; torch, where `nn.MultiheadAttention` masks True "
        "and SDPA attends to it",
    ),
    Mutant(
        "True taken for masked, with the least float",
        masked(~CAUSAL, fill=np.finfo(np.float32).min),
        sr.Causal(),
        N,
        finding="extra",
        at=(0, 0, 1),
        diagnosis={"future": "23 of 24 rows"},
    ),
    Mutant(
        "a bool mask added to the logits",
        added,
        sr.Causal(),
        N,
        finding="extra",
        at=(0, 0, 1),
        diagnosis={"named": "Full()", "future": "23"},
    ),
    Mutant(
        "keys normalised over all positions, those to come among them",
        centred,
        sr.Causal(),
        N,
        finding="numerics",
    ),
    Mutant(
        "the prefix of a prefix-LM seen causally",
        masked(CAUSAL),
        sr.prefix_lm(6),
        N,
        finding="missing",
        at=(0, 0, 1),
        diagnosis={"named": "Causal()"},
    ),
    Mutant(
        "the prefix of a prefix-LM one too long",
        masked(CAUSAL | (j < 7)),
        sr.prefix_lm(6),
        N,
        finding="extra",
        at=(0, 0, 6),
        diagnosis={"named": "Prefix(7)"},
    ),
    Mutant(
        "documents that see one another",
        masked(CAUSAL),
        DOCUMENTS,
        N,
        finding="extra",
        at=(0, 8, 0),
        diagnosis={"named": "Causal()"},
        source="areal-project/AReaL#1442",
    ),
    Mutant(
        "documents that see those to come",
        masked(own == whose),
        DOCUMENTS,
        N,
        finding="extra",
        at=(0, 0, 1),
        diagnosis={"named": "Documents((8, 6, 10))", "future": "9"},
    ),
    Mutant(
        "the last document dropped",
        masked(CAUSAL & (own == whose) & (own < 3)),
        DOCUMENTS,
        N,
        finding="missing",
        at=(0, 14, 14),
        source="`cu_seqlens` without the total",
    ),
    Mutant(
        "documents cut one position early",
        masked(CAUSAL & ((i + 1) // 8 == (j + 1) // 8)),
        sr.Documents((8, 8, 8), sr.Causal()),
        N,
        finding="missing",
        at=(0, 7, 0),
        diagnosis={"left edge": "7 keys missing"},
    ),
    Mutant(
        "a window that crosses documents",
        masked(CAUSAL & (j > i - 4)),
        sr.Documents((8, 6, 10), sr.Lookback(4)),
        N,
        finding="extra",
        at=(0, 8, 5),
        diagnosis={"named": "Lookback(4)"},
    ),
    Mutant(
        "chunks that forget the padding on the left",
        masked(CAUSAL & (j // 6 == i // 6)),
        sr.llama4_chunked(6, padding=3),
        N,
        finding="extra",
        at=(0, 3, 0),
        diagnosis={"named": "Block(6)"},
    ),
]
