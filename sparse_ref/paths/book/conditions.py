"""Sufficient conditions for approximating any function, which some patterns meet and others do not, at one length.

Yun et al. 2020, arXiv 2006.04862, Assumption 1; Zaheer et al. 2020, arXiv 2007.14062, Theorem 1.
"""

from __future__ import annotations

from time import monotonic

from ...patterns import (
    Causal,
    Circular,
    Dilated,
    Global,
    Prefix,
    Window,
    bigbird,
    fixed,
    longformer,
)
from ..finite.universality import Assumption, contains_star, universality
from ..proof.family import Layers
from ..proof.mutations import narrower
from ..proof.verdict import Verdict
from ..proof.wording import set_text, tex_sets
from .theorem import Theorem


def meets(steps, n: int) -> Verdict:
    """Whether steps meet Assumption 1 of Yun et al. 2020 at length n."""
    parts = (
        "every position attends to itself in each layer, there is an order of the positions in which each attends to the one "
        "before in some layer, and in finitely many layers each hears of all"
    )
    steps = tuple(steps)
    names = ", ".join(map(set_text, steps))
    tex = (
        r"\forall k, m:\ k \in A^{(m)}_k;\quad \exists \gamma\ \forall t:\ \gamma_t \in \bigcup_m A^{(m)}_{\gamma_{t + 1}};"
        r"\quad \exists s\ \forall k:\ S_k^s = \{0, ..., n - 1\}"
        + tex_sets(steps)
        + rf",\quad n = {n}"
    )
    return _at_one_length(
        f"for n = {n}, in layers of {names}: {parts}",
        tex,
        steps,
        lambda p: universality(p, n),
        lambda found: "; ".join(
            f"{name} {part}"
            for name, part in (
                ("self-loop", found.loops),
                ("order", found.path),
                ("s", found.mixing),
            )
        ),
    )


def star_theorem(pattern, n: int) -> Verdict:
    """Whether a pattern contains the star graph of BigBird's Theorem 1 at length n."""
    tex = (
        r"\exists c\ \forall i:\ c \in A_i \land i \in A_c \land i \in A_i"
        + tex_sets((pattern,)).replace("^{(1)}", "")
        + rf",\quad n = {n}"
    )
    return _at_one_length(
        f"for n = {n}: {set_text(pattern)} contains a star",
        tex,
        (pattern,),
        lambda p: contains_star(p[0], n),
        lambda found: found.said,
    )


def _at_one_length(said: str, tex: str, steps, condition, evidence) -> Verdict:
    """The verdict on a condition, and on the sets that are a key too narrow for it."""
    start, given = monotonic(), Layers(tuple(steps), None)
    found = condition(given.steps)
    failed = not isinstance(found, Assumption) or any(
        part.holds is False for part in (found.loops, found.path, found.mixing)
    )
    changes = narrower(len(given.steps), causal=False) if found else ()
    control = next(
        (
            f"{text}, the same check fails"
            for text, change in changes
            if not condition(change(given).steps)
        ),
        "",
    )
    status = "proved" if found else "refuted" if failed else "unknown"
    return Verdict(
        status,
        said,
        tex,
        f"checked at this length: {evidence(found)}",
        negative_control=control,
        seconds=monotonic() - start,
    )


RING = Global(1) | Circular(16, 1, 1)
ASSUMPTION, STAR = "Yun et al. 2020, Assumption 1", "Zaheer et al. 2020, theorem 1"

THEOREMS = (
    Theorem(
        "yun-strided",
        "universal approximation",
        "proved",
        "confirms",
        claim="Strided attention that looks both ways approximates any function",
        source=ASSUMPTION,
        remark="All three conditions hold, with s = 2.",
        settle=lambda: meets((Window(4), Dilated(4, 4)), 16),
    ),
    Theorem(
        "yun-fixed",
        "universal approximation",
        "refuted",
        "sharpens",
        claim="Fixed attention approximates any function",
        source=ASSUMPTION,
        remark="Not to the letter: rows of A^(2) lack their own position, which is added there.",
        settle=lambda: meets(fixed(4), 16),
    ),
    Theorem(
        "yun-causal",
        "universal approximation",
        "refuted",
        "sharpens",
        claim="Sparse transformers are universal approximators",
        source=ASSUMPTION,
        remark="The theorem is silent on autoregressive models: no causal pattern lets the first position hear of the last.",
        settle=lambda: meets((Causal(),), 16),
    ),
    Theorem(
        "yun-star",
        "universal approximation",
        "refuted",
        "sharpens",
        claim="Few edges are enough",
        source=ASSUMPTION,
        remark="A star has no order in which each attends to the one before; BigBird's theorem covers it instead.",
        settle=lambda: meets((Global(1) | Window(0),), 16),
    ),
    Theorem(
        "yun-ring-and-relay",
        "universal approximation",
        "proved",
        "confirms",
        claim="Few edges are enough",
        source=ASSUMPTION,
        remark="The ring and relay of Star-Transformer meet all three conditions.",
        settle=lambda: meets((RING,), 16),
    ),
    Theorem(
        "yun-window",
        "universal approximation",
        "proved",
        "sharpens",
        claim="Any window is enough",
        source=ASSUMPTION,
        remark="With 8 keys to either side of 256, in s = 32 layers.",
        settle=lambda: meets((Window(8),), 256),
    ),
    Theorem(
        "star-in-bigbird",
        "universal approximation",
        "proved",
        "confirms",
        claim="BigBird contains a star",
        source=STAR,
        remark="In its global blocks; the random blocks are not needed for it.",
        settle=lambda: star_theorem(bigbird(64, 4, 0, 0), 64),
    ),
    Theorem(
        "star-in-longformer",
        "universal approximation",
        "proved",
        "sharpens",
        claim="BigBird contains a star",
        source=STAR,
        remark="So does Longformer with one global position, and the theorem covers it.",
        settle=lambda: star_theorem(longformer(2, globals=(5,)), 64),
    ),
    Theorem(
        "star-not-in-sinks",
        "universal approximation",
        "refuted",
        "contradicts",
        claim="A token that all look at makes a star",
        source="folklore",
        remark="It has to look back at all of them, too.",
        settle=lambda: star_theorem(Prefix(1) | Window(2), 64),
    ),
)
