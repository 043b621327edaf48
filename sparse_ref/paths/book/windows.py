"""Windows: how far information moves in a number of layers, and which pairs dilation never joins.

Symbols:  w the keys to one side;  d the dilation;  s the sinks.
"""

from __future__ import annotations

from ...patterns import Causal, Dilated, Local, Lookback, Window, streaming
from ..proof.lemmas import prove_hops, prove_invariant
from ..proof.prove import prove
from .measures import distance, neighbour, one_residue
from .theorem import Theorem


def _steps(j, i, reach):
    """ceil((i - j) / reach), for j <= i."""
    return -((j - i) // reach)


def _back(j, i, reach):
    """The position `reach` before i, or j if that is nearer."""
    return (i - reach) * (i - j > reach) + j * (i - j <= reach)


def paper_hops(j, i, l):
    """ceil((i - j) / l)"""
    return _steps(j, i, l)


def code_hops(j, i, w):
    """ceil((i - j) / (w - 1))"""
    return _steps(j, i, w - 1)


def paper_step(j, i, l):
    """the position l before, or j itself"""
    return _back(j, i, l)


def code_step(j, i, w):
    """the position w - 1 before, or j itself"""
    return _back(j, i, w - 1)


def code_window(w):
    """w keys, i included, of which one at least is another."""
    if w < 2:
        raise ValueError(f"w must be at least 2, got {w}")
    return Lookback(w)


def symmetric(w):
    """w keys to either side."""
    if w < 1:
        raise ValueError(f"w must be at least 1, got {w}")
    return Window(w)


def symmetric_hops(j, i, w):
    """ceil(|i - j| / w)"""
    return _steps(0, distance(j, i), w)


def symmetric_step(j, i, w):
    """the position w nearer to j, or j itself"""
    d = distance(j, i)
    step = (d > w) * w + (d <= w) * d
    direction = 1 * (i < j) - 1 * (j < i)
    return i + step * direction


def dilation(w, d):
    """Every d-th position to both sides."""
    return Dilated(w, d)


def causal_dilation(w, d):
    """Every d-th position back."""
    return Dilated(w, d) & Causal()


def two_dilations(w, d):
    """The union of heads without dilation and heads with one."""
    if w < 1:
        raise ValueError(f"w must be at least 1, got {w}")
    return Window(w) | Dilated(w, d)


def sinks(s, w):
    """s sinks and a window of w keys, i included."""
    if w < 2:
        raise ValueError(f"w must be at least 2, got {w}")
    return streaming(s, w)


def sink_hops(j, i, s, w):
    """0 for j = i, 1 from a sink before i, ceil((i - j) / (w - 1)) from any other"""
    from_sink = (j < s) * (j < i)
    return from_sink + (j >= s) * _steps(j, i, w - 1)


def sink_step(j, i, s, w):
    """j itself if that is a sink, else the position w - 1 before, or j"""
    back = _back(j, i, w - 1)
    return (j < s) * j + (j >= s) * back


THEOREMS = (
    Theorem(
        "window",
        "sliding window, causal",
        "proved",
        "confirms",
        claim="A layer moves information forward by w positions, k layers by k w",
        source="Jiang et al. 2023 (Mistral 7B), sec. 2, positions i - w to i",
        remark="For the w + 1 keys that the text lists; the bound is tight for every pair.",
        settle=lambda: prove_hops(Local, paper_hops, paper_step, exact=True),
    ),
    Theorem(
        "window-code",
        "sliding window, causal",
        "proved",
        "contradicts",
        claim="k layers of a window of w see k w positions back",
        source="Jiang et al. 2023 (Mistral 7B), sec. 2; the code keeps w keys, i included",
        remark="The code's window moves information by w - 1: k layers reach k (w - 1) back.",
        settle=lambda: prove_hops(code_window, code_hops, code_step, exact=True),
    ),
    Theorem(
        "window-two-layers",
        "sliding window, causal",
        "refuted",
        "sharpens",
        claim="Enough layers of windows connect every pair",
        source="folklore",
        remark="No fixed number of layers connects the pairs beyond its reach.",
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
        settle=lambda: prove_hops(
            symmetric, symmetric_hops, symmetric_step, exact=True, causal=False
        ),
    ),
    Theorem(
        "longformer-dilated",
        "dilated windows",
        "proved",
        "sharpens",
        claim="With dilation d the receptive field is l d w",
        source="Beltagy et al. 2020, sec. 3.1",
        remark="It is that wide, but with one dilation in all heads residues modulo d never mix.",
        settle=lambda: prove_invariant(dilation, one_residue, causal=False),
    ),
    Theorem(
        "longformer-dilated-causal",
        "dilated windows",
        "proved",
        "sharpens",
        claim="With dilation d the receptive field is l d w",
        source="Beltagy et al. 2020, sec. 3.1, of the sets of sec. 4.1",
        remark="The same for causal heads; the model dilates only two heads, and the others mix.",
        settle=lambda: prove_invariant(causal_dilation, one_residue),
    ),
    Theorem(
        "longformer-some-dilated",
        "dilated windows",
        "proved",
        "confirms",
        claim="Some heads without dilation keep the local context",
        source="Beltagy et al. 2020, sec. 3.1",
        remark="They also connect the residues: every position reaches every other.",
        settle=lambda: prove_hops(two_dilations, distance, neighbour, causal=False),
    ),
    Theorem(
        "streaming",
        "StreamingLLM",
        "proved",
        "confirms",
        claim="Sinks stabilize a window, and do not lengthen the memory",
        source="Xiao et al. 2023, sec. 3.1",
        remark="From all other positions, paths are exactly as long as with only the window.",
        settle=lambda: prove_hops(sinks, sink_hops, sink_step, exact=True),
    ),
)
