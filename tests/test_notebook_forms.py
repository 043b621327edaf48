"""What a notebook shows: tuples of patterns, and what was read of a function."""

import numpy as np
import pytest

import sparse_ref as sr


@pytest.mark.parametrize(
    "patterns", [sr.openai_fixed(4, 1, num_verts=2), sr.longformer(1, dilation=(1, 2))], ids=repr
)
def test_a_tuple_of_patterns_shows_each_of_them(patterns):
    assert patterns == tuple(patterns)
    assert hash(patterns) == hash(tuple(patterns))
    assert repr(patterns) == repr(tuple(patterns))
    html = patterns._repr_html_()
    for number, p in enumerate(patterns):
        assert f"<p>{number}</p>{p._repr_html_()}" in html


def attention(keys):
    def fn(q, k, v):
        return sr.attend(q, k, v, sr.Lookback(keys), device="reference")

    return fn


def test_a_probe_shows_its_numbers_and_a_picture():
    html = sr.verify.probe(attention(3), 5)._repr_html_()
    for label, number in (("queries, keys", "5, 5"), ("keys attended to", "12")):
        row = html[html.index(label) :]
        assert row.index(number) < row.index("</tr>")
    assert "monospace" in html
    picture = sr.Lookback(3).picture(5)
    assert all(line in html for line in picture.split("\n"))


def test_a_large_probe_shows_no_picture():
    html = sr.verify.probe(attention(3), 65)._repr_html_()
    assert "█" not in html
    assert f"{np.minimum(np.arange(65) + 1, 3).sum():,}" in html
