"""Masks: steps, globals, random blocks, grids, and lists in which a key occurs twice, put together
wrongly.

Symbols:  i query;  j key;  N how many of each;  y, x their row and column on a grid of 4 by 6, for
j with `2`.
"""

import numpy as np
from verify.implementations import masked, rowwise

import sparse_ref as sr

from .registry import Mutant

N = 24
i, j = np.ogrid[:N, :N]
(y, x), (y2, x2) = divmod(i, 6), divmod(j, 6)
a, b = np.ogrid[:16, :16]
PAST, NEAR = j <= i, abs(i - j) <= 2
GLOBALS = sr.Global(2) | sr.Window(2)
AGAIN = np.stack(
    [np.isin(j[0], np.random.default_rng(row).choice(N, 2, replace=False)) for row in range(N)]
)
STEPS = sr.Local(3) | sr.Strided(4)
GRID = sr.Grid((4, 6), (sr.Window(1), sr.Window(2)))


def last(keys, i):
    """The last so many keys up to i."""
    return range(max(0, i - keys + 1), i + 1)


def evaluated(head, i):
    """BigBird's blocks of 2 where the random one is always block 0."""
    block = i // 2
    blocks = range(12) if block in (0, 11) else [*sorted({0, block - 1, block, block + 1, 11}), 0]
    return [2 * each + cell for each in blocks for cell in (0, 1)]


def drawn(first, seed):
    """BigBird's set, the random block of each query block one of the first few."""
    block = np.random.default_rng(seed).integers(1, first, 12)[i // 2]
    big, small = i // 2, j // 2
    return (
        (abs(big - small) <= 1) | np.isin(big, (0, 11)) | np.isin(small, (0, 11)) | (small == block)
    )


MUTANTS = [
    Mutant(
        "rows of globals missing",
        masked(NEAR | (j < 2)),
        GLOBALS,
        N,
        finding="missing",
        at=(0, 0, 3),
        diagnosis={"globals missing": "row"},
    ),
    Mutant(
        "columns of globals missing",
        masked(NEAR | (i < 2)),
        GLOBALS,
        N,
        finding="missing",
        at=(0, 3, 0),
        diagnosis={"globals missing": "column"},
    ),
    Mutant(
        "one global of two",
        masked(NEAR | (j < 1) | (i < 1)),
        GLOBALS,
        N,
        finding="missing",
        at=(0, 1, 4),
        diagnosis={"globals missing": ""},
    ),
    Mutant(
        "the global position at the end missing",
        masked((abs(i - j) <= 1) | (j < 1) | (i < 1)),
        sr.GlobalAt((0, 23)) | sr.Window(1),
        N,
        finding="missing",
        at=(0, 1, 23),
        diagnosis={"globals missing": "23"},
        source="DeepSpeed, `BigBirdSparsityConfig`, compared with the paper",
    ),
    Mutant(
        "globals alone",
        masked((j < 2) | (i < 2)),
        GLOBALS,
        N,
        finding="missing",
        at=(0, 2, 2),
        diagnosis={"named": "Global(2)", "part missing": "Window(2)"},
    ),
    Mutant(
        "the random block always block 0",
        rowwise(evaluated),
        sr.bigbird(N, 2, 1, 0),
        N,
        finding="multiplicity",
        at=(0, 2, 0),
        diagnosis={"random missing": "", "twice": ""},
        source="transformers, BigBird in evaluation",
    ),
    Mutant(
        "random keys absent in evaluation",
        masked(NEAR),
        sr.Window(2) | sr.Random(N, 2, 0),
        N,
        finding="missing",
        diagnosis={"named": "Window(2)", "random missing": ""},
    ),
    Mutant(
        "random keys drawn again",
        masked(NEAR | AGAIN),
        sr.Window(2) | sr.Random(N, 2, 0),
        N,
        finding="missing",
        source="DeepSpeed, which draws from the state that `random` is in",
    ),
    Mutant(
        "random blocks from the head of the sequence alone",
        masked(drawn(4, 0)),
        sr.bigbird(N, 2, 1, 0),
        N,
        finding="missing",
        source="huggingface/transformers#16566",
    ),
    Mutant(
        "representatives that see later ones",
        masked(PAST & (j // 4 == i // 4) | (j % 4 >= 2) & (i >= j // 4 * 4 + 2)),
        sr.deepspeed_fixed(N, 4, 2, "unidirectional", rule="documentation"),
        N,
        finding="extra",
        at=(0, 2, 3),
        diagnosis={"future": "one key"},
        source="DeepSpeed, `FixedSparsityConfig`, num_global_blocks >= 2",
    ),
    Mutant(
        "local and global keys in one list",
        rowwise(lambda head, i: [*range(min(i + 1, 2)), *last(4, i)]),
        sr.Lookback(4) | sr.Sinks(2),
        N,
        finding="multiplicity",
        at=(0, 2, 0),
        diagnosis={"twice": ""},
    ),
    Mutant(
        "two steps in one list, the query in both",
        rowwise(lambda head, i: [*last(4, i), *range(i % 4, i + 1, 4)]),
        STEPS,
        N,
        finding="multiplicity",
        at=(0, 1, 1),
        diagnosis={"twice": ""},
    ),
    Mutant(
        "lists filled up with key 0",
        rowwise(lambda head, i: [*last(5, i), *[0] * (4 - i)]),
        sr.Lookback(5),
        N,
        finding="multiplicity",
        at=(0, 1, 0),
        diagnosis={"twice": ""},
        source="fla-org/native-sparse-attention, compression, varlen",
    ),
    Mutant(
        "lists filled up with -1, which is the last key",
        rowwise(lambda head, i: [*last(5, i), *[-1] * (4 - i)]),
        sr.Lookback(5),
        N,
        finding="extra",
        at=(0, 0, 23),
        diagnosis={"future": "4 of 24 rows"},
    ),
    Mutant(
        "two steps intersected",
        masked(PAST & (i - j <= 3) & ((i - j) % 4 == 0)),
        STEPS,
        N,
        finding="missing",
        at=(0, 1, 0),
        diagnosis={"named": "Window(0)"},
    ),
    Mutant(
        "the first of two steps alone",
        masked(PAST & (i - j <= 3)),
        STEPS,
        N,
        finding="missing",
        at=(0, 4, 0),
        diagnosis={"named": "Lookback(4)", "part missing": "Strided(4)"},
    ),
    Mutant(
        "a stride counted from position 0",
        masked(PAST & (j % 4 == 0)),
        sr.Strided(4),
        N,
        finding="extra",
        at=(0, 1, 0),
        diagnosis={"named": "SubBlock(4, 1, 4)"},
    ),
    Mutant(
        "a stride off by one in phase",
        masked(PAST & ((i - j) % 4 == 1)),
        sr.Strided(4),
        N,
        finding="missing",
        at=(0, 0, 0),
        diagnosis={"shifted": "i - 1"},
    ),
    Mutant(
        "a stride off by one in length",
        masked(PAST & ((i - j) % 5 == 0)),
        sr.Strided(4),
        N,
        finding="missing",
        at=(0, 4, 0),
        diagnosis={"named": "Strided(5)"},
    ),
    Mutant(
        "block boundaries off by one",
        masked(PAST & ((i + 1) // 6 == (j + 1) // 6)),
        sr.Block(6),
        N,
        finding="missing",
        at=(0, 5, 0),
        diagnosis={"left edge": "5 keys missing"},
    ),
    Mutant(
        "the block before for one's own",
        masked(PAST & (j // 6 == i // 6 - 1)),
        sr.Block(6),
        N,
        finding="missing",
        at=(0, 0, 0),
        diagnosis={"left edge": "6 keys too many"},
    ),
    Mutant(
        "the first of each block for its summary",
        masked(PAST & ((j // 6 == i // 6) | (j % 6 == 0))),
        sr.Block(6) | sr.Summary(6, 1),
        N,
        finding="extra",
        at=(0, 6, 0),
    ),
    Mutant(
        "a summary of one cell too many",
        masked(PAST & (j % 6 >= 3)),
        sr.Summary(6, 2),
        N,
        finding="extra",
        at=(0, 3, 3),
        diagnosis={"named": "Summary(6, 3)"},
    ),
    Mutant(
        "a summary with residue l, which is residue 0",
        masked(PAST & ((j % 6 >= 4) | (j % 6 == 0))),
        sr.Summary(6, 2),
        N,
        finding="extra",
        at=(0, 0, 0),
        source="Child et al. 2019, section 4.3, the printed range taken mod l",
    ),
    Mutant(
        "a summary that is not causal",
        masked(j % 6 + 0 * i == 5),
        sr.Summary(6, 1),
        N,
        finding="extra",
        at=(0, 0, 5),
        diagnosis={"future": "23"},
        source="Child et al. 2019, section 4.3, the printed set without j <= i",
    ),
    Mutant(
        "powers of two from 2 on",
        masked(PAST & (i - j != 1) & ((i - j) & (i - j - 1) == 0)),
        sr.LogSparse(),
        N,
        finding="missing",
        at=(0, 1, 0),
    ),
    Mutant(
        "a difference for an exclusive or",
        masked(np.isin(abs(a - b), (0, 1, 2, 4, 8))),
        sr.butterfly(4),
        16,
        finding="extra",
        at=(0, 1, 2),
    ),
    Mutant(
        "rows of a grid taken for columns",
        masked((abs(y - y2) <= 2) & (abs(x - x2) <= 1)),
        GRID,
        N,
        finding="missing",
        at=(0, 0, 2),
        source="attn-gym, `generate_natten`",
    ),
    Mutant(
        "a grid read column by column",
        masked(i % 4 == j % 4),
        sr.axial((4, 6), 1),
        N,
        finding="missing",
        at=(0, 0, 1),
    ),
    Mutant(
        "windows on a grid that are not shifted",
        masked((y // 2 == y2 // 2) & (x // 2 == x2 // 2)),
        sr.swin((4, 6), 2, 1),
        N,
        finding="extra",
        at=(0, 0, 1),
    ),
    Mutant(
        "windows on a grid that wrap round",
        masked(((y - 1) % 4 // 2 == (y2 - 1) % 4 // 2) & ((x - 1) % 6 // 2 == (x2 - 1) % 6 // 2)),
        sr.swin((4, 6), 2, 1),
        N,
        finding="extra",
        at=(0, 0, 5),
        source="Swin's cyclic shift without its mask",
    ),
    Mutant(
        "a mask of keys applied to queries",
        masked(i + 0 * j < 18),
        sr.Prefix(18),
        N,
        finding="extra",
        at=(0, 0, 18),
        diagnosis={"transposed": ""},
    ),
]
