"""Files of figures about layers and counts: the same bytes twice, text as text, lines as lines."""

import re

import pytest

import sparse_ref as sr

FIGURES = {
    "reach": lambda: sr.plot.reach(sr.strided(3), 9, 2),
    "hops": lambda: sr.plot.hops(sr.Lookback(2), 12),
    "path": lambda: sr.plot.path(sr.strided(3), 1, 8, 9),
    "closed set": lambda: sr.plot.path(sr.Dilated(1, 2), 0, 3, 9),
    "degree": lambda: sr.plot.degree(sr.Causal(), 9),
    "cost": lambda: sr.plot.cost({"a $b$": sr.Causal()}, [2, 4]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_svg_is_the_same_in_every_run_and_its_text_is_text(name, tmp_path):
    files = [tmp_path / f"{run}.svg" for run in (1, 2)]
    for file in files:
        sr.plot.save(FIGURES[name](), file)
    text, other = (file.read_text() for file in files)
    assert text == other
    assert len(re.findall("<text", text)) > 5
    assert "<image" not in text


@pytest.mark.parametrize("suffix", ["pdf", "png"])
def test_other_files_are_the_same_in_every_run(suffix, tmp_path):
    files = [tmp_path / f"{run}.{suffix}" for run in (1, 2)]
    for file in files:
        sr.plot.save(FIGURES["path"](), file)
    assert files[0].read_bytes() == files[1].read_bytes()
