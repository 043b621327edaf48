"""One case of the suite.

Sets are in the notation of `sr.parse`. Semicolons separate the sets of several heads, and the
several sets that one bug may turn a set into. In a set of packed sequences, {offset} stands for
n_k - n_q of each sequence, which aligns it at the bottom right. flags.py explains the flags,
inputs.py the values of `values`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ....sets.types import Length


@dataclass(frozen=True)
class Case:
    """One input, and what is known of it before anything is computed.

    id : the name, also of its files.
    sets : one set for all heads, or one per head, separated by semicolons.
    n : a length, or (n_q, n_k); if there are sequences, the sums of theirs.
    comment : what the case is about.
    wrong : by flag, the sets that an implementation with that bug attends to.
    heads, kv_heads : H heads of q, G heads of k and v.
    d, e : the widths of q and k, and of v.
    scale : the scale of the logits; None for 1 / sqrt(d).
    values : how q, k and v are filled.
    expected : "valid" if every sound implementation gives this result, "acceptable" if some of them
        give NaN too.
    softcap : c in c tanh(x / c), the logit in place of x; 0 for none.
    sinks : whether each head has a sink, a logit that is in every softmax with a value of 0.
    topk : the most keys that a query selects; `sets` is then what it selects from. 0 for no
        selection.
    backward : whether the case asks for gradients.
    sequences : (n_q, n_k) of each packed sequence; () for one sequence that is not packed.
    page_size : the keys of a page; 0 if keys and values are not in pages.
    stale : what is in pages at positions that belong to no key, see pages.py.
    """

    id: str
    sets: str
    n: Length
    comment: str
    wrong: dict[str, str] = field(default_factory=dict)
    heads: int = 2
    kv_heads: int = 2
    d: int = 8
    e: int = 4
    scale: float | None = None
    values: str = "plain"
    expected: str = "valid"
    softcap: float = 0.0
    sinks: bool = False
    topk: int = 0
    backward: bool = False
    sequences: tuple[tuple[int, int], ...] = ()
    page_size: int = 0
    stale: str = "numbers"
