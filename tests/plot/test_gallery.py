"""Kept images: each line of the gallery draws what docs/_static/gallery shows.

`python docs/gallery.py` draws them anew.
"""

import sys
from pathlib import Path

import pytest
from matplotlib.testing.compare import compare_images
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
import gallery

TOLERANCE = 8  # root mean square of differences of 0 to 255: fonts are drawn unlike elsewhere
FIGURES = gallery.figures()
BY_NAME = {figure.name: figure for figure in FIGURES}


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_line_draws_the_kept_image(figure, tmp_path):
    drawn = tmp_path / figure.path.name
    drawn.write_bytes(gallery.image(figure))
    kept = figure.path
    if figure.image == "gif":
        kept, drawn = (
            last_frame(path, tmp_path / f"{path.parent.name}.png") for path in (kept, drawn)
        )
    assert compare_images(str(kept), str(drawn), TOLERANCE) is None


def last_frame(path, target):
    """The last frame of an animation, as a file of its own."""
    with Image.open(path) as frames:
        frames.seek(frames.n_frames - 1)
        frames.convert("RGB").save(target)
    return target


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_images_are_small(figure):
    assert figure.path.stat().st_size < 120_000


def test_the_page_is_what_the_entries_say():
    assert (gallery.HERE / "gallery.md").read_text() == gallery.page()


def test_no_image_is_kept_for_nothing():
    kept = {path.stem for path in gallery.IMAGES.iterdir()}
    assert kept == {figure.name for figure in FIGURES}


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_each_image_has_a_text_for_those_who_do_not_see_it(figure):
    assert len(figure.alt) >= 40


def test_the_slopes_are_those_that_the_text_names():
    *lines, causal = gallery.value(BY_NAME["cost"])
    slopes = {line.get_label().split(": n^")[0]: line.get_label()[-4:] for line in lines}
    assert slopes == {
        "window of 256": "1.09",
        "strided by the root of n": "1.49",
        "LogSparse": "1.12",
    }
    assert causal.get_label().startswith("causal")


def test_the_lines_of_degree_go_from_and_to_the_counts_that_the_text_names():
    keys, readers = gallery.value(BY_NAME["degree"])
    counts = keys.get_ydata()
    assert (counts[0], counts.max()) == (1, 67)
    assert readers.get_ydata()[:4].tolist() == [1024, 1023, 1022, 1021]
    assert readers.get_ydata()[-1] == 1


def test_the_marks_at_the_bars_are_as_many_as_the_text_names():
    ax = gallery.value(BY_NAME["selection-query"])
    marks = {line.get_marker(): len(line.get_xdata()) for line in ax.lines}
    assert (marks["D"], marks["o"], marks["X"]) == (3, 3, 2)
    (hidden,) = [patch for patch in ax.patches if patch.get_hatch()]
    assert hidden.get_x() == 19.5


def test_the_path_goes_where_the_text_says():
    path = gallery.value(BY_NAME["path"])
    assert path.get_xdata().tolist() == [1, 2, 22]


def test_the_closed_set_of_the_path_that_is_missing_is_the_odd_positions():
    closed = gallery.value(BY_NAME["path-none"])
    assert sorted(closed.get_xdata()) == sorted(2 * list(range(1, 24, 2)))
