"""Colours judged by numbers: L* in grey, and distance in CIELAB for each colour vision."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sparse_ref.plot.drawing.colours import PARTS, part_colours
from sparse_ref.plot.drawing.style import NON_MEMBER_COLOUR, SEVERAL_PARTS_COLOUR

# Machado, Oliveira and Fernandes 2009, table 1, severity 1: of linear RGB
VISIONS = {
    "all cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ_OF_RGB = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(colour):
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(linear_rgb):
    """CIELAB of linear RGB, white at (100, 0, 0)."""
    t = XYZ_OF_RGB @ np.clip(linear_rgb, 0, 1) / XYZ_OF_RGB.sum(axis=1)
    x, y, z = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def least_distance(colours, vision):
    seen = [lab(np.array(VISIONS[vision]) @ linear(colour)) for colour in colours]
    return min(np.linalg.norm(a - b) for a, b in combinations(seen, 2))


def least_step_in_grey(colours):
    levels = np.sort([lab(linear(colour))[0] for colour in colours])
    return np.diff(levels).min()


PALETTES = {
    "light": [str(colour) for colour in PARTS],
    "dark": [colour.dark for colour in PARTS],
}
GROUNDS = {
    "light": [str(NON_MEMBER_COLOUR), str(SEVERAL_PARTS_COLOUR)],
    "dark": [NON_MEMBER_COLOUR.dark, SEVERAL_PARTS_COLOUR.dark],
}


@pytest.mark.parametrize("page", PALETTES)
def test_parts_differ_in_grey(page):
    assert len(PALETTES[page]) == 5
    assert least_step_in_grey(PALETTES[page]) > 9


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("page", PALETTES)
def test_parts_differ_for_every_colour_vision_also_from_no_part_and_several(page, vision):
    assert least_distance([*PALETTES[page], *GROUNDS[page]], vision) > 15


def test_the_simulation_finds_red_and_green_of_one_lightness_alike():
    """Negative control."""
    pair = "#c06000", "#858000"
    assert least_distance(pair, "all cones") > 30
    assert least_distance(pair, "deuteranopia") < 15
    assert least_step_in_grey(pair) < 8


def test_more_than_five_parts_have_rising_lightness():
    for count in (6, 9):
        colours = part_colours(count)
        for shades in (colours, [colour.dark for colour in colours]):
            levels = [lab(linear(shade))[0] for shade in shades]
            assert np.diff(levels).min() > 3
    assert part_colours(3) == list(PARTS[:3])
