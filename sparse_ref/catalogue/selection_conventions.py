"""What sources mean by a top-k: whether it counts what is forced, and what else a query gets.

Two methods with the same k differ in the keys of a query by whole blocks: one counts the own block,
the next adds it, a third loses it. Here are the conventions side by side. A test runs each method
and holds each cell to what comes out.
"""

from __future__ import annotations

from dataclasses import dataclass

NONE, YES, NO = "none", "yes", "no"
COUNTED, EXTRA, NOTHING = "yes", "no, extra", "nothing is forced"
BEFORE, SPLIT = "before", "complete pools before, j <= i after"
ROW = "later blocks before, later queries of the block decide"
ZERO, DECIDED = "later blocks score 0, cut after", "j <= i, by the last queries"
HEAD, KEY_HEAD, LAYER = "query head", "key head", "layer"
OWN_CUT, UNSEEN, TOKENS = "own block, up to i", "unseen until full", "tokens, no pools"


@dataclass(frozen=True)
class SelectionConvention:
    """What one source means by the number of atoms that a query selects.

    method : its name, and `source`, the code or paper.
    budget : whether the number counts the forced atoms.
    forced : the atoms that are always in.
    own : whether a query always has its own token.
    causality : whether later keys are left out before the choice, or after it.
    sets : what has a set of its own.
    partial : what becomes of a pool that is not full.

    In the cells, i is the query and r the length of a pool.
    """

    method: str
    source: str
    budget: str
    forced: str
    own: str
    causality: str
    sets: str
    partial: str


def selection_conventions() -> tuple[SelectionConvention, ...]:
    """What the top-k of each source counts, forces and leaves out.

    Returns
    -------
    conventions : tuple of SelectionConvention(method, source, budget, forced, own, causality, sets,
        partial). A release is the one whose code was executed, unless it says that it was read.
        Each cell has a test.

    >>> import sparse_ref as sr
    >>> for c in sr.selection_conventions()[2:5]:
    ...     print(c.method, c.budget, c.forced, sep="; ")
    MoBA; yes; own block
    NSA, the paper; yes; block 0, own - 1, own
    NSA, fla; yes; block 0, own - 1, own
    """
    return tuple(SelectionConvention(*row) for row in ROWS)


GUPTA = "Gupta et al. 2021, sec. 3"
ZHAO = "Zhao et al. 2019, eq. 1"
MOBA = "moba_naive.py of MoBA 61e456b"
NSA = "Yuan et al. 2025, sec. 3.3"
FLA = "ops/nsa/naive.py of fla-core 0.6.0"
LUCIDRAINS = "native-sparse-attention-pytorch 0.2.3"
DSA = "deepseek_v32, glm_moe_dsa of transformers 5.24.0"
KPOOL = "glm5_next of transformers 5.24.0"
QSA = "qwen4_exp of transformers 5.24.0"
MSA = "minimax_m3_vl of transformers 5.24.0"
V4 = "deepseek_v4 of transformers 5.24.0"
XATTENTION = "find_blocks_chunked of x-attention e379887"
VSA = "masks/vsa.py of attn-gym 0.0.17"
QUEST = "evaluation/quest_attention.py of Quest 01c1623"
QUEST_KERNEL = "quest/utils of Quest 01c1623"
MINFERENCE = "minference_forward.py of MInference fb56c91"
BOUND, LINES = "bound of its tokens", "30 columns, 100 diagonals"
THREE = "block 0, own - 1, own"
INFLLM = "Zhao et al. 2025, sec. 3, and infllmv2_cuda_impl f908e73, read only"
SEER = "seer_attn/modules/common.py of SeerAttention aba03e3"
WINDOW = "block 0, own and local before"
LOCAL, VISIBLE_MAXIMUM = "own block, local - 1 before", "maximum of its keys j <= i"
LOSES_LAST = "no: not at (i + 1) mod r = 0"

# method, source, budget counts the forced, forced, own token, causality, one set per, partial pool
ROWS = (
    ("top-k", GUPTA, NOTHING, NONE, NO, BEFORE, HEAD, TOKENS),
    ("Explicit Sparse Transformer", ZHAO, NOTHING, NONE, NO, BEFORE, HEAD, TOKENS),
    ("MoBA", MOBA, COUNTED, "own block", YES, SPLIT, HEAD, OWN_CUT),
    ("NSA, the paper", NSA, COUNTED, THREE, YES, SPLIT, KEY_HEAD, OWN_CUT),
    ("NSA, fla", FLA, COUNTED, THREE, "only if k >= 3", SPLIT, KEY_HEAD, OWN_CUT),
    ("NSA, lucidrains", LUCIDRAINS, EXTRA, "own block", YES, SPLIT, KEY_HEAD, OWN_CUT),
    ("DSA, IndexShare", DSA, NOTHING, NONE, NO, BEFORE, LAYER, TOKENS),
    ("k-pool", KPOOL, EXTRA, "tail", LOSES_LAST, BEFORE, LAYER, "tail"),
    (
        "k-pool, no tail",
        KPOOL,
        NOTHING,
        NONE,
        "no: rows i < r - 1 are empty",
        BEFORE,
        LAYER,
        UNSEEN,
    ),
    ("QSA", QSA, EXTRA, "tail", LOSES_LAST, BEFORE, LAYER, "tail"),
    ("MSA", MSA, COUNTED, LOCAL, "only if k >= local", SPLIT, "index head", VISIBLE_MAXIMUM),
    ("CSA", V4, EXTRA, "window", YES, BEFORE, LAYER, UNSEEN),
    ("HCA", V4, "all pools", "window, all pools", YES, BEFORE, LAYER, UNSEEN),
    ("InfLLM-V2", INFLLM, COUNTED, WINDOW, YES, SPLIT, KEY_HEAD, "best atom that reaches in"),
    ("SeerAttention, by ratio", SEER, NOTHING, NONE, NO, ROW, HEAD, "pools of its tokens"),
    ("XAttention", XATTENTION, "yes, in the sum", "block 0, own", YES, ZERO, HEAD, OWN_CUT),
    ("VSA", VSA, NOTHING, NONE, NO, "not causal", HEAD, "mean over its tokens"),
    (
        "VSA, include_self",
        VSA,
        COUNTED,
        "own tile",
        YES,
        "not causal",
        HEAD,
        "mean over its tokens",
    ),
    ("Quest, evaluated", QUEST, NOTHING, NONE, NO, "decodes", HEAD, BOUND),
    ("Quest, kernels", QUEST_KERNEL, COUNTED, "last page", YES, "decodes", HEAD, BOUND),
    ("MInference", MINFERENCE, COUNTED, LINES, YES, DECIDED, HEAD, TOKENS),
)
