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
