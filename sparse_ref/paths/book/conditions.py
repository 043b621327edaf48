"""Universal approximation: which patterns meet its sufficient conditions, at one length.

Yun et al. 2020, arXiv 2006.04862, Assumption 1; Zaheer et al. 2020, arXiv 2007.14062, Theorem 1.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

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
from ...sets.pattern import Pattern
from ..finite.hamiltonian import Condition
from ..finite.universality import Assumption, Centres, contains_star, universality
from ..layers import Steps, layers
from ..proof.family import Layers
from ..proof.mutations import narrower
from ..proof.verdict import Verdict
from ..proof.wording import set_text, tex_sets
from .theorem import Theorem

ASSUMPTION_TEXT = (
    "every position attends to itself in each layer, there is an order of the positions in which "
    "each attends to the one before in some layer, and in finitely many layers every position "
    "reaches every other"
)
ASSUMPTION_TEX = (
    r"\forall k, m:\ k \in A^{(m)}_k;\quad "
    r"\exists \gamma\ \forall t:\ \gamma_t \in \bigcup_m A^{(m)}_{\gamma_{t + 1}};\quad "
    r"\exists s\ \forall k:\ S_k^s = \{0, ..., n - 1\}"
)
STAR_TEX = r"\exists c\ \forall i:\ c \in A_i \land i \in A_c \land i \in A_i"


class Statement(NamedTuple):
    """A condition on layers at one length: its text and TeX, and `check`, which evaluates it."""

    text: str
    tex: str
    check: Callable[[tuple[Pattern, ...]], Assumption | Centres]


def meets(steps: Steps, n: int) -> Verdict:
    """Whether steps meet Assumption 1 of Yun et al. 2020 at length n."""
    patterns = layers(steps)
    names = ", ".join(map(set_text, patterns))
    statement = Statement(
        f"for n = {n}, in layers of {names}: {ASSUMPTION_TEXT}",
        rf"{ASSUMPTION_TEX}{tex_sets(patterns)},\quad n = {n}",
        lambda changed: universality(changed, n),
    )
    return _check_at_one_length(statement, patterns)


def star_theorem(pattern: Pattern, n: int) -> Verdict:
    """Whether a pattern contains the star graph of BigBird's Theorem 1 at length n."""
    sets = tex_sets((pattern,)).replace("^{(1)}", "")
    statement = Statement(
        f"for n = {n}: {set_text(pattern)} contains a star",
        rf"{STAR_TEX}{sets},\quad n = {n}",
        lambda changed: contains_star(changed[0], n),
    )
    return _check_at_one_length(statement, (pattern,))


def _check_at_one_length(statement: Statement, patterns: tuple[Pattern, ...]) -> Verdict:
    """The verdict on a condition, with the same check on sets that are a key too narrow for it."""
    start = monotonic()
    result = statement.check(patterns)
    return Verdict(
        _status(result),
        statement.text,
        statement.tex,
        f"checked at this length: {_evidence(result)}",
        negative_control=_negative_control(statement, patterns) if result else "",
        seconds=monotonic() - start,
    )


def _parts(result: Assumption) -> dict[str, Condition]:
    """The parts of Assumption 1 by the names that evidence gives them."""
    return {"self-loop": result.loops, "order": result.path, "s": result.mixing}


def _status(result: Assumption | Centres) -> str:
    """proved, refuted or unknown."""
    if result:
        return "proved"
    if isinstance(result, Centres):
        return "refuted"
    fails = any(part.holds is False for part in _parts(result).values())
    return "refuted" if fails else "unknown"


def _evidence(result: Assumption | Centres) -> str:
    """What the check found, in words."""
    if isinstance(result, Centres):
        return result.reason
    return "; ".join(f"{name} {part}" for name, part in _parts(result).items())


def _negative_control(statement: Statement, patterns: tuple[Pattern, ...]) -> str:
    """The first way to take a key away after which the same check fails."""
    for text, mutate in narrower(len(patterns), causal=False):
        if not statement.check(mutate(Layers(patterns, None)).steps):
            return f"{text}, the same check fails"
    return ""


RING = Global(1) | Circular(16, 1, 1)
ASSUMPTION = "Yun et al. 2020, Assumption 1"
STAR = "Zaheer et al. 2020, theorem 1"

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
        remark="Not to the letter: some rows of A^(2) miss their own position; the paper adds it.",
        settle=lambda: meets(fixed(4), 16),
    ),
    Theorem(
        "yun-causal",
        "universal approximation",
        "refuted",
        "sharpens",
        claim="Sparse transformers are universal approximators",
        source=ASSUMPTION,
        remark="The theorem does not apply: in causal sets the last position reaches no other.",
        settle=lambda: meets((Causal(),), 16),
    ),
    Theorem(
        "yun-star",
        "universal approximation",
        "refuted",
        "sharpens",
        claim="Few edges are enough",
        source=ASSUMPTION,
        remark="A star has no Hamiltonian path, so this theorem does not apply; BigBird's does.",
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
        remark="Its global blocks contain one; the random blocks are not needed.",
        settle=lambda: star_theorem(bigbird(64, 4, 0, 0), 64),
    ),
    Theorem(
        "star-in-longformer",
        "universal approximation",
        "proved",
        "sharpens",
        claim="BigBird contains a star",
        source=STAR,
        remark="So does Longformer with one global position: the theorem applies to it, too.",
        settle=lambda: star_theorem(longformer(2, globals=(5,)), 64),
    ),
    Theorem(
        "star-not-in-sinks",
        "universal approximation",
        "refuted",
        "contradicts",
        claim="A token that every position attends to makes a star",
        source="folklore",
        remark="It also has to attend to every position.",
        settle=lambda: star_theorem(Prefix(1) | Window(2), 64),
    ),
)
