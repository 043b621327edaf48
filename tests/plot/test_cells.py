"""Tables of cells in files: rectangles in vectors, no cell lost to the frame or between pixels."""

from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from matplotlib.colors import to_rgb

import sparse_ref as sr
from sparse_ref.plot.drawing.cells import layers_of, rectangles_of
from sparse_ref.plot.drawing.style import MEMBER_COLOUR, NON_MEMBER_COLOUR

tables = arrays(
    np.int64, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.integers(0, 2)
)


@given(tables)
def test_rectangles_cover_each_cell_once_in_its_label(table):
    cover = np.full(table.shape, -1)
    for left, right, label, top, bottom in rectangles_of(table):
        assert (cover[top:bottom, left:right] == -1).all()
        cover[top:bottom, left:right] = label
    assert np.array_equal(cover, table)


@given(tables, st.booleans())
def test_layers_one_over_another_show_the_table(table, is_opaque):
    palette = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1 if is_opaque else 0.5]])
    colours = palette[table]
    picture = np.zeros(colours.shape)
    for layer in layers_of(colours):
        for left, right, _, top, bottom in layer.rectangles:
            picture[top:bottom, left:right] = layer.colour
    assert np.array_equal(picture, colours)


def test_few_equal_rows_are_one_rectangle():
    table = np.zeros((5, 4), int)
    table[1:4, 1:3] = 1
    assert (1, 3, 1, 1, 4) in list(rectangles_of(table))


def file_of(im, form):
    data = BytesIO()
    im.figure.savefig(data, format=form)
    return data.getvalue()


@pytest.mark.parametrize(("n", "is_vector"), [(5, True), (64, True), (65, False), (600, False)])
def test_up_to_64_cells_a_side_are_vectors_in_svg_and_pdf(n, is_vector):
    im = sr.plot.mask(sr.Local(4) | sr.Strided(8), n)
    if n == 600:
        im.colorbar.ax.remove()  # matplotlib draws its colours as an image
    svg = file_of(im, "svg")
    assert (b"<image" not in svg) == is_vector
    assert (b"/Subtype /Image" not in file_of(im, "pdf")) == is_vector
    if is_vector:
        assert MEMBER_COLOUR.encode() in svg
        assert NON_MEMBER_COLOUR.encode() in svg
    assert np.array_equal(im.get_array() > 0, sr.dense(sr.Local(4) | sr.Strided(8), n)) or n == 600


def test_blocks_of_parts_are_vectors_in_their_paler_colours():
    ax = sr.plot.parts({"all": sr.Causal()}, 256, block=64)[-1]
    im = ax.images[0]
    colours = {tuple(colour) for colour in im.to_rgba(im.get_array()).reshape(-1, 4)}
    assert len(colours) == 3
    svg = file_of(im, "svg")
    assert b"<image" not in svg
    for colour in colours:
        assert "#{:02x}{:02x}{:02x}".format(*(round(255 * c) for c in colour[:3])).encode() in svg


def pixels_of(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3] / 255


def edge_strips(im):
    """The pixels within three of each edge of the axes, away from corners: (3 + 3, length, 3)."""
    pixels = pixels_of(im.figure)
    left, bottom, right, top = np.round(im.axes.bbox.extents).astype(int)
    height = len(pixels)
    first, last = height - top, height - bottom
    third = (right - left) // 3
    rows, columns = slice(first + third, last - third), slice(left + third, right - third)
    yield pixels[first - 3 : first + 3, columns]
    yield pixels[last - 3 : last + 3, columns]
    yield pixels[rows, left - 3 : left + 3].swapaxes(0, 1)
    yield pixels[rows, right - 3 : right + 3].swapaxes(0, 1)


def shows(strip, colour):
    """Whether a line of the strip has the colour, or nearly, in nine pixels of ten."""
    near = np.abs(strip - np.array(to_rgb(colour))).max(axis=-1) < 0.06
    return (near.mean(axis=1) > 0.9).any()


@pytest.mark.parametrize("dpi", [100, 150, 200, 300])
@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_a_global_row_and_column_are_not_under_the_frame(style, dpi):
    """BigBird's first and last block of 64, each one of 256 cells, at n = 16,384."""
    with plt.style.context([style, {"figure.dpi": dpi}]):
        im = sr.plot.mask(sr.bigbird(16_384, 64, 3, 0), 16_384)
    assert im.get_array().shape == (256, 256)
    full = im.cmap(1.0)[:3]
    for strip in edge_strips(im):
        assert shows(strip, full)


def test_without_a_global_row_the_edges_do_not_show_one():
    """Negative control."""
    p = sr.Blockwise(sr.Window(1) | sr.Random(256, 3, 0), 64)
    im = sr.plot.mask(p, 16_384)
    assert not any(shows(strip, im.cmap(1.0)[:3]) for strip in edge_strips(im))


@pytest.mark.parametrize("row", range(200, 207))
def test_a_row_narrower_than_a_pixel_is_blended_not_dropped(row):
    mask = np.zeros((500, 500), bool)
    mask[row] = True
    _, ax = plt.subplots(figsize=(2, 2))
    im = sr.plot.mask(mask, ax=ax)
    assert im.axes.bbox.height < 200
    pixels = pixels_of(im.figure)
    middle = pixels[:, int(ax.bbox.x0 + ax.bbox.width / 2)]
    inside = middle[len(pixels) - int(ax.bbox.y1) + 4 : len(pixels) - int(ax.bbox.y0) - 4]
    darkest = inside.mean(axis=1).min()
    ground = np.mean(to_rgb(NON_MEMBER_COLOUR))
    assert darkest < ground - 0.06
    assert im.get_interpolation() == "none"
