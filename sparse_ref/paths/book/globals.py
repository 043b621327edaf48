"""Global positions: two layers suffice, with or without the rest of the pattern.

Symbols:  c the centre of a star;  g the number of global positions;  r the radius of a window;
b the length of a block.
"""

from __future__ import annotations

from ...patterns import Global, GlobalAt, Random, Sinks, Window, etc
from ...sets.factorized import Factorized
from ...sets.parts import Blockwise
from ..proof.lemmas import prove_invariant
from ..proof.prove import prove
from .theorem import Theorem


def star(n, c):
    """Two layers of the star around c: c attends to every position, and every position to c."""
    if c >= n:
        raise ValueError(f"c must be below n = {n}, got {c}")
    layer = GlobalAt((c,))
    return Factorized((layer, layer), via=lambda j, i: (c,))


def longformer(r):
    """Two layers of a window with one global position."""
    return (Window(r) | Global(1),) * 2


def bigbird(b):
    """Two layers of BigBird's blocks without the random ones: neighbours, and the first block."""
    return (Blockwise(Window(1) | Global(1), b),) * 2


def global_local(g, r):
    """Two layers of ETC, g global tokens at least one."""
    if g < 1:
        raise ValueError(f"g must be at least 1, got {g}")
    return (etc(g, r),) * 2


def relay_ring(r):
    """Two layers of a relay at 0 and a window of satellites."""
    return (Global(1) | Window(r),) * 2


def only_sinks(s):
    """Positions that every later position attends to, and that attend only to one another."""
    return Sinks(s) | Window(0)


def from_sink_or_self(j, i, s):
    """j is a sink, or i itself"""
    return (j < s) | (j == i)


THEOREMS = (
    Theorem(
        "star",
        "BigBird",
        "proved",
        "confirms",
        claim="A star makes sparse attention a universal approximator: two hops join every pair",
        source="Zaheer et al. 2020, sec. 3 and theorem 1",
        remark="The two hops, wherever the centre is; the paper's approximation depends on them.",
        settle=lambda: prove(star, residual=False, causal=False),
    ),
    Theorem(
        "bigbird-without-random",
        "BigBird",
        "proved",
        "sharpens",
        claim="Random blocks keep the path between any two tokens short",
        source="Zaheer et al. 2020, sec. 2",
        remark="With the global blocks, two layers connect every pair without any random key.",
        settle=lambda: prove(bigbird, residual=False, causal=False),
    ),
    Theorem(
        "random-few",
        "random keys",
        "refuted",
        "sharpens",
        claim="Random graphs have short paths, of length logarithmic in n",
        source="Zaheer et al. 2020, sec. 2",
        remark="With 3 random keys per row and this seed, 16 positions reach only themselves.",
        settle=lambda: prove(64 * [Random(256, 3, 0)], causal=False),
    ),
    Theorem(
        "random-many",
        "random keys",
        "proved",
        "confirms",
        claim="Random graphs have short paths, of length logarithmic in n",
        source="Zaheer et al. 2020, sec. 2",
        remark="With 12 random keys per row and this seed, four layers connect 256 positions.",
        settle=lambda: prove(4 * [Random(256, 12, 0)], causal=False),
    ),
    Theorem(
        "longformer-global",
        "Longformer",
        "proved",
        "confirms",
        claim="Global attention on a few positions gathers the whole sequence",
        source="Beltagy et al. 2020, sec. 3.1",
        remark="One global position connects every pair in two layers.",
        settle=lambda: prove(longformer, residual=False, causal=False),
    ),
    Theorem(
        "etc-global",
        "ETC",
        "proved",
        "confirms",
        claim="Long tokens reach one another through the global tokens",
        source="Ainslie et al. 2020, sec. 3.2",
        remark="In two layers, whatever the radius.",
        settle=lambda: prove(global_local, residual=False, causal=False),
    ),
    Theorem(
        "star-transformer",
        "Star-Transformer",
        "proved",
        "confirms",
        claim="Any two satellites are two steps apart, through the relay",
        source="Guo et al. 2019, sec. 3.1",
        remark="The ring adds nothing to that; it keeps neighbours one step apart.",
        settle=lambda: prove(relay_ring, residual=False, causal=False),
    ),
    Theorem(
        "sinks-alone",
        "StreamingLLM",
        "proved",
        "contradicts",
        claim="A token that every position attends to spreads information across the sequence",
        source="folklore",
        remark="A causal sink is no relay: it passes on only itself and the sinks before it.",
        settle=lambda: prove_invariant(only_sinks, from_sink_or_self),
    ),
)
