"""Tests of the tests: statements with one known fault are refuted, each by its own pair."""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.paths import prove, prove_hops, prove_invariant

WINDOW, DILATED = sr.Lookback(4), sr.Dilated(2, 2)

DISCONNECTED = {  # what is wrong: (layers from below, options of prove, the smallest (j, i, n))
    "strided: a window one key too narrow": ((sr.Lookback(4), sr.Strided(5)), {}, (0, 4, 5)),
    "strided: a stride one too long": (
        (sr.Lookback(4), sr.Strided(5)),
        dict(order=(2, 1)),
        (0, 4, 5),
    ),
    "strided: the window looks ahead": (
        (sr.Band(-1, 4), sr.Strided(4)),
        dict(residual=False),
        (0, 0, 1),
    ),
    "strided: without the position itself": (
        (sr.Band(4, -1), sr.Strided(4)),
        dict(residual=False),
        (0, 0, 1),
    ),
    "strided: counted from the left end": (
        (sr.Local(4), sr.Summary(4, 1)),
        dict(residual=False),
        (0, 0, 1),
    ),
    "strided: the strided step alone, twice": ((sr.Strided(4),) * 2, {}, (0, 1, 2)),
    "strided: the window alone, twice": ((sr.Local(4),) * 2, {}, (0, 9, 10)),
    "strided: the window drops its second key": (
        (sr.Local(4) - sr.Band(1, -1), sr.Strided(4)),
        {},
        (0, 1, 2),
    ),
    "fixed: no residual edge": ((sr.Block(4), sr.Summary(4)), dict(residual=False), (0, 0, 1)),
    "fixed: the layers exchanged": ((sr.Summary(4), sr.Block(4)), {}, (0, 4, 5)),
    "fixed: the summary one position too early": (
        (sr.Block(4), sr.SubBlock(4, 1, 2)),
        {},
        (3, 4, 5),
    ),
    "fixed: blocks that begin one later": (
        (sr.Chunk(4, 1) & sr.Causal(), sr.Summary(4)),
        {},
        (0, 1, 2),
    ),
    "fixed: a later head, twice": (2 * sr.openai_fixed(4, 1, num_verts=2)[1:], {}, (3, 4, 5)),
    "star: the centre sees all, and is not seen": (
        (sr.Global(1) - sr.Prefix(1),) * 2,
        dict(causal=False),
        (0, 1, 2),
    ),
    "star: the centre is seen, and sees nothing": (
        (sr.Prefix(1),) * 2,
        dict(causal=False),
        (1, 0, 2),
    ),
    "star: one layer": ((sr.Global(1),), dict(causal=False), (2, 1, 3)),
    "Longformer: a global position beyond the text": (
        (sr.Window(1) | sr.GlobalAt((6,)),) * 2,
        dict(causal=False),
        (3, 0, 4),
    ),
    "Llama 4: the layer that sees all sees its chunk": ((sr.llama4_chunked(4),) * 4, {}, (0, 4, 5)),
    "GPT-Neo: two local layers": ((WINDOW, WINDOW), {}, (0, 7, 8)),
    "LogSparse: a power of two is left out": (
        (sr.LogSparse() - sr.Band(4, -4),) * 3,
        {},
        (0, 7, 8),
    ),
    "LogSparse: a layer too few": ((sr.LogSparse(),) * 2, {}, (0, 7, 8)),
    "dilation: one for all layers": ((DILATED,) * 9, {}, (0, 1, 2)),
    "butterfly: a factor is left out": (
        (sr.Flip(1), sr.Flip(4)),
        dict(causal=False, n=8),
        (2, 0, 8),
    ),
    "butterfly: cut to the past": ((sr.butterfly(3) & sr.Causal(),) * 8, dict(n=8), (1, 2, 8)),
    "butterfly: its factors, cut to the past": (
        (sr.Flip(2) & sr.Causal(), sr.Flip(1) & sr.Causal()),
        dict(n=4),
        (1, 2, 4),
    ),
    "axial: one axis, twice": ((sr.axial((3, 3), 0),) * 2, dict(causal=False), (1, 0, 9)),
    "Swin: the same shift in each layer": (
        (sr.swin((4, 4), 2, shift=1),) * 4,
        dict(causal=False),
        (1, 0, 16),
    ),
    "LongNet: the longest segment is short": (
        (sr.DilatedSegment(8, 1, 0),) * 3,
        dict(causal=False, n=12),
        (8, 0, 12),
    ),
    "documents: a path between two": ((sr.Documents((2, 3)),) * 3, {}, (0, 2, 5)),
    "block diffusion: noise in the clean copy": (
        (sr.block_diffusion(4, 2),) * 3,
        dict(causal=False),
        (2, 0, 8),
    ),
}


@pytest.mark.parametrize("name", DISCONNECTED)
def test_a_wrong_pattern_does_not_connect(name):
    steps, options, pair = DISCONNECTED[name]
    verdict = prove(steps, **options)
    assert verdict.status == "refuted", verdict
    assert verdict.counterexample[:3] == pair, verdict
    assert verdict.negative_control == ""
    assert verdict.smt2() == {}


WRONG_HOPS = {
    "a window of w keys moves information by w": (
        lambda w: _least(w, 2, sr.Lookback(w)),
        lambda j, i, w: -((j - i) // w),
        lambda j, i, w: i - (i - j - 1) % w - 1,
        True,
        (0, 2, 3),
    ),
    "a window of w + 1 keys takes a layer more": (
        sr.Local,
        lambda j, i, l: -((j - i) // l) + (j < i),
        lambda j, i, l: i - (i - j - 1) % l - 1,
        True,
        (0, 1, 2),
    ),
    "LogSparse always takes the bit length": (
        sr.LogSparse(),
        lambda j, i: sr.define.rank(i - j, (1, 2, 4, 8, 16)),
        lambda j, i: i - 1,
        True,
        (0, 2, 3),
    ),
    "sinks shorten the way from all": (
        lambda w: sr.streaming(1, w),
        lambda j, i, w: (j < i) + 0,
        lambda j, i, w: j,
        False,
        (1, 2, 3),
    ),
    "strided attention alone is a window": (
        sr.Strided,
        lambda j, i, l: i - j,
        lambda j, i, l: i - 1,
        False,
        (0, 1, 2),
    ),
}


def _least(x, least, value):
    """The value, of an x of at least that."""
    if x < least:
        raise ValueError(f"must be at least {least}, got {x}")
    return value


@pytest.mark.parametrize("name", WRONG_HOPS)
def test_a_wrong_count_of_layers_is_refuted(name):
    step, hops, toward, exact, pair = WRONG_HOPS[name]
    verdict = prove_hops(step, hops, toward, exact=exact)
    assert verdict.status == "refuted", verdict
    assert verdict.counterexample[:3] == pair, verdict
    assert verdict.smt2() == {}


WRONG_BORDERS = {
    "chunks of l mix at 2 l": (
        lambda l: sr.Blockwise(sr.Lookback(2), l) & sr.Causal(),
        lambda j, i, l: j // l == i // l,
        True,
    ),
    "dilated windows with a head that is not": (
        lambda d: _least(d, 2, sr.Dilated(1, d) | sr.Window(1)),
        lambda j, i, d: j % d == i % d,
        False,
    ),
    "a prefix that reads the text": (
        lambda p: sr.Full() & sr.Prefix(p + 1),
        lambda j, i, p: (i >= p) | (j < p),
        False,
    ),
    "neighborhoods whose stride is shorter": (
        lambda k: sr.Neighborhood(3 * k, k, 1),
        lambda j, i, k: j // k == i // k,
        False,
    ),
    "documents packed one off": (
        sr.Documents((3, 4)),
        lambda j, i: (j < 4) & (i < 4) | (j >= 4) & (i >= 4),
        False,
    ),
}


@pytest.mark.parametrize("name", WRONG_BORDERS)
def test_a_border_that_is_crossed_is_found(name):
    steps, holds, causal = WRONG_BORDERS[name]
    verdict = prove_invariant(steps, holds, causal=causal)
    assert verdict.status == "refuted", verdict
    assert verdict.smt2() == {}
    found = verdict.counterexample
    p = steps(**dict(found.parameters)) if callable(steps) else steps
    assert sr.paths.hops((p,), found.n)[found.i, found.j] > 0
    assert not holds(np.int64(found.j), np.int64(found.i), **dict(found.parameters))


def test_there_are_at_least_twenty():
    assert len(DISCONNECTED) + len(WRONG_HOPS) + len(WRONG_BORDERS) >= 20


def test_an_induction_that_does_not_go_through_proves_nothing():
    """True statements, with a way that does not lead there: they stay unknown."""
    assert prove_hops(sr.Local, lambda j, i, l: i - j, lambda j, i, l: j).status == "unknown"
    verdict = prove_hops(sr.Local, lambda j, i, l: i - j, lambda j, i, l: i)
    assert verdict.status == "unknown"
    assert (
        "i attends to a = toward(j, i), and hops(j, a) < hops(j, i): fails at" in verdict.evidence
    )
    weak = prove_invariant(
        sr.Lookback(2) & sr.Block(2), lambda j, i: i <= j + 1
    )  # true, and no reason why
    assert weak.status == "unknown", weak
    assert prove_invariant(sr.Causal(), lambda j, i: j <= i).status == "unknown", (
        "it says nothing of pairs j <= i"
    )
