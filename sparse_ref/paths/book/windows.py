"""Windows: how far information moves in a number of layers, and what a dilation of its own never hears of.

Symbols:  w the keys to one side;  d the dilation;  s the sinks.
"""

from __future__ import annotations

from ...patterns import Causal, Dilated, Local, Lookback, Window, streaming
from ..proof.lemmas import prove_closed, prove_hops
from ..proof.prove import prove
from .measures import distance, neighbour, one_residue
from .theorem import Theorem


def _steps(j, i, reach):
    """ceil((i - j) / reach), for j <= i."""
    return -((j - i) // reach)


def _back(j, i, reach):
    """The position that lies `reach` before i, or j where that is nearer."""
    return (i - reach) * (i - j > reach) + j * (i - j <= reach)


def paper(j, i, l):
    """ceil((i - j) / l)"""
    return _steps(j, i, l)


def code(j, i, w):
    """ceil((i - j) / (w - 1))"""
    return _steps(j, i, w - 1)


def down(j, i, l):
    """the position l before, or j itself"""
    return _back(j, i, l)


def code_down(j, i, w):
    """the position w - 1 before, or j itself"""
    return _back(j, i, w - 1)


def code_window(w):
    """w keys, i included, of which one at least is another."""
    if w < 2:
        raise ValueError(f"w must be at least 2, got {w}")
    return Lookback(w)


def two_sided(w):
    """w keys to either side."""
    if w < 1:
        raise ValueError(f"w must be at least 1, got {w}")
    return Window(w)


def both_ways(j, i, w):
    """ceil(|i - j| / w)"""
    return _steps(0, distance(j, i), w)


def nearer(j, i, w):
    """the position w nearer to j, or j itself"""
    step = (distance(j, i) > w) * w + (distance(j, i) <= w) * distance(j, i)
    return i - step * (j < i) + step * (i < j)


def dilated(w, d):
    """Every d-th position to both sides."""
    return Dilated(w, d)


def dilated_causal(w, d):
    """Every d-th position back."""
    return Dilated(w, d) & Causal()


def mixed(w, d):
    """Heads without dilation beside heads with one, taken together."""
    if w < 1:
        raise ValueError(f"w must be at least 1, got {w}")
    return Window(w) | Dilated(w, d)


def sinks(s, w):
    """s sinks and a window of w keys, i included."""
    if w < 2:
        raise ValueError(f"w must be at least 2, got {w}")
    return streaming(s, w)


def past_sinks(j, i, s, w):
    """0 for j = i, 1 from a sink before i, ceil((i - j) / (w - 1)) from any other"""
    return (j < s) * (j < i) + (j >= s) * _steps(j, i, w - 1)


def to_sink(j, i, s, w):
    """j itself where that is a sink, else the position w - 1 before, or j"""
    return (j < s) * j + (j >= s) * _back(j, i, w - 1)


THEOREMS = (
    Theorem(
        "window",
        "sliding window, causal",
        "proved",
        "confirms",
        claim="A layer moves information forward by w positions, k layers by k w",
        source="Jiang et al. 2023 (Mistral 7B), sec. 2, positions i - w to i",
        remark="Of the w + 1 keys that the text lists, and the bound is met everywhere.",
        settle=lambda: prove_hops(Local, paper, down, exact=True),
    ),
    Theorem(
        "window-code",
        "sliding window, causal",
        "proved",
        "contradicts",
        claim="k layers of a window of w see k w positions back",
        source="Jiang et al. 2023 (Mistral 7B), sec. 2; the codes keep w keys, i among them",
        remark="The codes' window moves information by w - 1, so that k layers reach k (w - 1), k positions fewer.",
        settle=lambda: prove_hops(code_window, code, code_down, exact=True),
    ),
    Theorem(
        "window-two-layers",
        "sliding window, causal",
        "refuted",
        "sharpens",
        claim="Windows connect everything, as layers are many",
        source="folklore",
        remark="Any fixed number of layers leaves out what lies beyond their reach.",
        settle=lambda: prove((Lookback(4),) * 2),
    ),
    Theorem(
        "longformer-window",
        "Longformer",
        "proved",
        "confirms",
        claim="l layers of a window of w in all have a receptive field of l w",
        source="Beltagy et al. 2020, sec. 3.1",
        remark="w / 2 to either side in each layer, and i itself.",
        settle=lambda: prove_hops(two_sided, both_ways, nearer, exact=True, causal=False),
    ),
    Theorem(
        "longformer-dilated",
        "dilated windows",
        "proved",
        "sharpens",
        claim="With dilation d the receptive field is l d w",
        source="Beltagy et al. 2020, sec. 3.1",
        remark="It is that wide, but with one dilation in all heads holds only every d-th position: residues never mix.",
        settle=lambda: prove_closed(dilated, one_residue, causal=False),
    ),
    Theorem(
        "longformer-dilated-causal",
        "dilated windows",
        "proved",
        "sharpens",
        claim="With dilation d the receptive field is l d w",
        source="Beltagy et al. 2020, sec. 3.1, of the sets of sec. 4.1",
        remark="The same where each looks back alone; there two heads are dilated, and the others mix the residues.",
        settle=lambda: prove_closed(dilated_causal, one_residue),
    ),
    Theorem(
        "longformer-some-dilated",
        "dilated windows",
        "proved",
        "confirms",
        claim="Some heads without dilation keep the local context",
        source="Beltagy et al. 2020, sec. 3.1",
        remark="And connect the residues: every position hears of every other.",
        settle=lambda: prove_hops(mixed, distance, neighbour, causal=False),
    ),
    Theorem(
        "streaming",
        "StreamingLLM",
        "proved",
        "confirms",
        claim="Sinks stabilize a window, and do not lengthen the memory",
        source="Xiao et al. 2023, sec. 3.1",
        remark="From all but the sinks, paths are exactly as long as with the window alone.",
        settle=lambda: prove_hops(sinks, past_sinks, to_sink, exact=True),
    ),
)
