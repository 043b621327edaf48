"""A pattern value by itself: rows, masks, pictures, pairs, HTML; what is refused, and its mend."""

from dataclasses import dataclass

import numpy as np
import pytest
from strategies import brute

import sparse_ref as sr
from sparse_ref.sets.definitions import set_and_source
from sparse_ref.sets.require import patterns_of_heads, require_pattern

PATTERNS = [
    sr.Strided(3),
    sr.Local(2) | sr.Strided(3) - ~sr.Causal(),
    sr.Shifted(sr.Window(1), 2),
    sr.natten(8, 3),
    sr.Blockwise(sr.natten(4, 3), 2),
    sr.Documents((3, 5), sr.Causal()),
    sr.Random(8, 3, 0),
    sr.Listed.of_rows([[0, 7]] * 8),
]


@pytest.mark.parametrize("p", PATTERNS, ids=repr)
def test_mask_rows_pairs_and_picture_are_one_set(p):
    mask = p.mask(8)
    assert np.array_equal(mask, brute(p, 8))
    assert mask.dtype == bool
    assert mask.flags.writeable
    for i in range(8):
        assert p.row(i, 8).tolist() == [j for j in range(8) if (i, j) in p]
    assert p.picture(8) == sr.picture(p, 8)
    assert [[c == "█" for c in line] for line in p.picture(8).split("\n")] == mask.tolist()


def test_queries_and_keys_of_two_lengths():
    assert sr.Causal().mask((2, 3)).tolist() == [[True, False, False], [True, True, False]]
    assert sr.Causal().picture((2, 3)) == "█··\n██·"


def test_a_picture_is_a_string_that_shows_itself_in_monospace():
    picture = sr.Window(1).picture(3)
    assert isinstance(picture, str)
    assert repr(picture) == str(picture) == "██·\n███\n·██"
    assert picture._repr_html_().startswith('<pre style="font-family:monospace')
    assert repr(sr.difference(np.eye(2) > 0, np.ones((2, 2)) > 0)) == "█+\n+█"


@pytest.mark.parametrize(
    ("pair", "error", "message"),
    [
        (3, TypeError, r"contains pairs \(i, j\) of a query and a key, got 3: p\.row\(i, n\)"),
        ((1, 2, 3), TypeError, r"contains pairs \(i, j\)"),
        ([1, 2], TypeError, r"contains pairs \(i, j\)"),
        ((1, 2.5), TypeError, r"j must be an integer, got 2\.5"),
        ((True, 0), TypeError, "i must be an integer, got True"),
        ((-1, 0), ValueError, "i must be at least 0, got -1"),
    ],
    ids=str,
)
def test_only_pairs_of_integers_are_members(pair, error, message):
    with pytest.raises(error, match=message):
        _ = pair in sr.Causal()


def test_membership_at_any_length_and_at_its_own():
    assert (10**18, 10**18 - 7) in sr.Strided(7)
    assert (10**18, 10**18 - 8) not in sr.Strided(7)
    assert (0, 9) not in sr.natten(8, 3)
    with pytest.raises(IndexError, match=r"has rows 0 <= i < 8, got i = 9$"):
        _ = (9, 0) in sr.natten(8, 3)


def test_a_pattern_is_neither_iterated_nor_indexed():
    with pytest.raises(TypeError, match="'Strided' object is not iterable"):
        list(sr.Strided(4))
    with pytest.raises(TypeError, match="'Strided' object is not subscriptable"):
        _ = sr.Strided(4)[0]


def test_large_masks_and_pictures_name_what_serves_instead():
    with pytest.raises(ValueError, match=r"n must be at most 4096 .* got 4097: sparse_ref\.csr"):
        sr.Causal().mask(4097)
    with pytest.raises(ValueError, match=r"at most 256 .* sparse_ref\.plot\.mask"):
        sr.Causal().picture((3, 257))


@dataclass(frozen=True)
class Backward(sr.define.Rule):
    """A_i = { j : i - j = step }

    Made for this test.
    """

    step: int

    @staticmethod
    def formula(i, j, step):
        distance = i - j
        return distance == step

    @staticmethod
    def solution(i, n, step):
        return sr.define.span(i - step, i - step + 1)


@dataclass(frozen=True)
class BackwardTwice(Backward):
    """A_i = { j : i - j = step }"""


def test_a_plain_dataclass_keeps_the_notation():
    assert repr(Backward(3)) == "Backward(3)"
    assert repr(BackwardTwice(3)) == "BackwardTwice(3)"
    assert repr(Backward(3) | sr.Causal()) == "Backward(3) | Causal()"
    assert Backward(2).mask(4).tolist() == brute(Backward(2), 4).tolist()


def test_set_and_source_are_the_first_two_paragraphs():
    assert set_and_source(Backward) == ("A_i = { j : i - j = step }", "Made for this test")
    assert set_and_source(BackwardTwice) == ("A_i = { j : i - j = step }", "")
    assert Backward(1).definition().code.endswith("return distance == step")
    assert sr.Listed([0, 1], [0]).definition().set.startswith("A_i = { indices[t]")


MASK = np.tri(3, dtype=bool)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (sr.Causal, r"p must be a Pattern, got Causal without its parameters: write Causal\(\)$"),
        (sr.Strided, r"write Strided\(l\)$"),
        (sr.natten, r"write natten\(n, keys\)$"),
        ("Causal()", r"got the text 'Causal\(\)': sr\.parse\('Causal\(\)'\) reads a pattern$"),
        (MASK, r"boolean array of shape \(3, 3\): sr\.interop\.from_allowed_mask\(mask\)"),
        (sr.strided(3), r"2 steps, not one set: Merged\(strided\(3\)\)"),
        (sr.Branches((sr.Causal(),)), "1 branches, not one set: sr.multiplicity"),
        (3, "p must be a Pattern, got 3$"),
        (None, "p must be a Pattern, got None$"),
        (np.arange(3), r"p must be a Pattern, got array\("),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_pattern_is_refused_with_the_mend(value, message):
    with pytest.raises(TypeError, match=message):
        require_pattern("p", value)
    if not isinstance(value, sr.Factorized | sr.Branches):
        with pytest.raises(TypeError, match=message):
            sr.picture(value, 3)


def test_one_pattern_or_one_for_each_head():
    p, q = sr.Causal(), sr.Window(1)
    assert patterns_of_heads("pattern", p) == (p,)
    assert patterns_of_heads("pattern", p, 3) == (p, p, p)
    assert patterns_of_heads("pattern", [p, q]) == (p, q)
    assert patterns_of_heads("pattern", (p, q), 2) == (p, q)
    with pytest.raises(ValueError, match=r"^pattern must be one for each of heads = 3, got 2$"):
        patterns_of_heads("pattern", (p, q), 3)
    for value, message in (
        ((p, MASK), r"^pattern\[1\] must be a Pattern, got a boolean array"),
        ((p, sr.strided(3)), r"^pattern\[1\] strided\(3\) is 2 steps"),
        (sr.Strided, r"^pattern must be a Pattern, or a sequence .* write Strided\(l\)$"),
        (sr.strided(3), r"^pattern strided\(3\) is 2 steps"),
        ((), r"^pattern must be a Pattern, or a sequence with one for each head, got \(\)$"),
    ):
        with pytest.raises(TypeError, match=message):
            patterns_of_heads("pattern", value)


def test_steps_and_branches_are_iterable_and_draw_themselves():
    f = sr.strided(3)
    assert tuple(f) == f.steps
    assert len(f) == 2
    assert f.picture(4) == sr.picture(f, 4) == "█···  █···\n██··  ·█··\n███·  ··█·\n████  █··█"
    b = sr.Branches((sr.Causal(), sr.Window(0)))
    assert b.picture(2) == sr.picture(b, 2) == "█·  █·\n██  ·█"


@pytest.mark.parametrize(
    "value",
    [
        sr.strided(3),
        sr.Interleaved(sr.strided(3)),
        sr.Merged(sr.fixed(3)),
        sr.MultiHead(sr.fixed(3)),
        sr.Branches((sr.Causal(), sr.Window(0))),
        sr.Strided(3).picture(4),
    ],
    ids=lambda value: type(value).__name__,
)
def test_notebooks_show_pictures_in_monospace(value):
    html = value._repr_html_()
    assert "font-family:monospace" in html
    assert html.count("<pre") == html.count("</pre>")
    assert "█" in html


def test_a_listed_pattern_is_shown_at_its_own_length():
    html = sr.Listed.of_rows([[0], [1, 4], [2]])._repr_html_()
    assert "█····\n·█··█\n··█··<" in html
    large = sr.Listed.of_rows([[0]] * 1000)._repr_html_()
    assert large.count("█") == 16


def test_the_number_of_heads_is_checked():
    with pytest.raises(ValueError, match=r"^heads must be at least 1, got 0$"):
        patterns_of_heads("pattern", sr.Causal(), 0)
