"""Files judged by their bytes: the same in every run, text as text, nothing left behind."""

import os
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest

import sparse_ref as sr

SCRIPT = """
import sys, matplotlib
matplotlib.use("Agg")
import sparse_ref as sr
parts = {"window": sr.Window(1), "random": sr.Random(16, 2, 0), "global": sr.Global(1)}
for suffix in ("svg", "pdf", "png"):
    sr.plot.save(sr.plot.parts(parts, 16, overlap=True), f"{sys.argv[1]}/parts.{suffix}")
    sr.plot.save(sr.plot.mask(sr.Causal(), 80), f"{sys.argv[1]}/long.{suffix}")
"""


def test_files_are_the_same_from_run_to_run(tmp_path):
    runs = []
    for seed in ("0", "1"):
        folder = tmp_path / seed
        folder.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed, "NUMBA_DISABLE_JIT": "1"}
        command = [sys.executable, "-c", SCRIPT, str(folder)]
        subprocess.run(command, env=environment, check=True)
        runs.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert len(runs[0]) == 6
    assert runs[0] == runs[1]


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_a_figure_made_again_gives_the_same_file_without_a_date(suffix, tmp_path):
    first, second = (
        sr.plot.save(sr.plot.mask(sr.Causal(), 8), tmp_path / f"{name}{suffix}") for name in "ab"
    )
    assert first == tmp_path / f"a{suffix}"
    data = first.read_bytes()
    assert data == second.read_bytes()
    assert b"Date" not in data
    assert b"date" not in data


def test_text_is_text_in_svg(tmp_path):
    im = sr.plot.mask(sr.Causal(), 8, title="a & b <c>")
    root = ElementTree.parse(sr.plot.save(im, tmp_path / "m.svg")).getroot()
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"a & b <c>", "query i", "key j", "0"} <= texts


@pytest.mark.parametrize(
    "choose",
    [
        lambda panels: panels,
        lambda panels: list(panels),
        lambda panels: panels[0],
        lambda panels: panels[0].images[0],
        lambda panels: panels[0].figure,
        lambda panels: panels.reshape(1, -1),
    ],
)
def test_whatever_a_figure_returns_saves_the_whole_figure(choose, tmp_path):
    panels = sr.plot.heads([sr.Causal(), sr.Full()], 3)
    drawn = sr.plot.save(choose(panels), tmp_path / "a.SVG")
    assert ">head 1</tspan>" in drawn.read_text() or ">head 1</text>" in drawn.read_text()


def test_a_subfigure_saves_the_figure_around_it(tmp_path):
    whole = plt.figure()
    left, right = whole.subfigures(1, 2)
    right.text(0.5, 0.5, "right")
    sr.plot.factorization(sr.strided(2), (2, 2), fig=left)
    assert ">right</text>" in sr.plot.save(left, tmp_path / "a.svg").read_text()


def test_saving_changes_no_setting(tmp_path):
    before = dict(plt.rcParams)
    sr.plot.save(sr.plot.mask(sr.Causal(), 4), str(tmp_path / "a.pdf"), dpi=50)
    assert dict(plt.rcParams) == before


@pytest.mark.parametrize("dpi", [50, 100])
def test_dpi_is_that_of_the_pixels(dpi, tmp_path):
    im = sr.plot.mask(sr.Causal(), 8)
    height, width = plt.imread(sr.plot.save(im, tmp_path / "a.png", dpi=dpi)).shape[:2]
    inches = im.figure.get_tightbbox().padded(0.1)
    assert abs(height - dpi * inches.height) < 3
    assert abs(width - dpi * inches.width) < 3


@pytest.mark.parametrize(
    ("drawn", "name", "options", "error", "says"),
    [
        ("figure", "a.gif", {}, ValueError, r"path must end in .svg, .pdf, .png, got '.*a.gif'"),
        ("figure", "svg", {}, ValueError, "path must end in .svg"),
        ("figure", "a.png", {"dpi": 0}, ValueError, "dpi must be at least 1, got 0"),
        ("figure", "no/a.png", {}, FileNotFoundError, "No such file"),
        ("text", "a.png", {}, TypeError, "figure must be a Figure, or an artist .* got str"),
        ("none", "a.png", {}, TypeError, "got list"),
        ("line", "a.png", {}, TypeError, "got Line2D"),
    ],
)
def test_errors_name_the_argument_and_leave_no_file(drawn, name, options, error, says, tmp_path):
    choices = {
        "figure": plt.figure(),
        "text": "mask",
        "none": [],
        "line": plt.Line2D([0, 1], [0, 1]),
    }
    with pytest.raises(error, match=says):
        sr.plot.save(choices[drawn], tmp_path / name, **options)
    assert not list(tmp_path.iterdir())


def test_arrays_of_axes_need_not_be_flat(tmp_path):
    _, panels = plt.subplots(2, 2)
    assert sr.plot.save(np.array(panels), tmp_path / "a.png").exists()
