"""Animations judged by the artists of each frame, and by their files: the same in every run."""

import gc
import re
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.animation import FuncAnimation
from PIL import Image

import sparse_ref as sr
from sparse_ref.plot.drawing import animation_files

P = sr.Local(2) | sr.Strided(3)


class Recorder(animation_files.GifWriter):
    """A writer that keeps what each frame shows, and draws nothing."""

    def grab_frame(self, **savefig_kwargs):
        ax = self.fig.axes[0]
        table = np.array(ax.images[0].get_array())
        self.frames.append((ax.get_title().split("\n")[-1], table, ax.get_xlim()))

    def finish(self):
        pass


def frames_of(animation, tmp_path):
    """(text, table, limits of x) of each frame."""
    recorder = Recorder()
    animation.save(str(tmp_path / "frames.gif"), writer=recorder)
    return recorder.frames


@pytest.mark.parametrize("n", [5, (3, 7), (7, 3)])
def test_over_queries_the_rows_light_up_one_by_one(n, tmp_path):
    mask = sr.dense(P, n)
    frames = frames_of(sr.plot.animate(P, n), tmp_path)
    assert len(frames) == len(mask)
    for i, (text, table, _) in enumerate(frames):
        expected = np.where(np.arange(len(mask))[:, None] < i, mask, 0)
        expected[i] = 2 * mask[i]
        assert np.array_equal(table, expected)
        keys = mask[i].sum()
        assert text == f"query {i}: {keys} {'key' if keys == 1 else 'keys'}"
    assert plt.gca().get_title().replace("\n", " ") == f"{P!r} {text}"


@pytest.mark.parametrize("residual", [True, False])
def test_over_layers_the_frames_are_the_panels_of_reach(residual, tmp_path):
    steps = (sr.Strided(3) - sr.Lookback(1), sr.Local(1))
    options = dict(layers=3, residual=residual)
    animation = sr.plot.animate(steps, 9, over="layers", **options)
    (first, *frames) = frames_of(animation, tmp_path)
    assert first[0] == "input: 9 pairs"
    assert np.array_equal(first[1], np.eye(9))
    panels = sr.plot.reach(steps, 9, **options)
    for (text, table, _), panel in zip(frames, panels, strict=True):
        assert np.array_equal(table, panel.images[0].get_array())
        assert text.replace("\n", " ") in panel.get_title().replace("\n", ": ")


def test_over_lengths_each_frame_is_a_mask(tmp_path):
    lengths = [4, 9, 33]
    frames = frames_of(sr.plot.animate(P, lengths, over="lengths", title="grow"), tmp_path)
    for n, (text, table, limits) in zip(lengths, frames, strict=True):
        assert np.array_equal(table, sr.dense(P, n))
        assert text == f"n = {n}"
        assert limits == (-0.5, n - 0.5)
    assert plt.gca().get_title() == "grow\nn = 33"


def test_over_lengths_a_function_gives_the_pattern(tmp_path):
    animation = sr.plot.animate(lambda n: sr.natten(n, 3), [6, 9], over="lengths")
    frames = frames_of(animation, tmp_path)
    for n, (_, table, _) in zip((6, 9), frames, strict=True):
        assert np.array_equal(table, sr.dense(sr.natten(n, 3), n))
    assert plt.gca().get_title().endswith(f"{sr.natten(9, 3)!r}\nn = 9")


def test_axes_stay_where_they_are_in_all_frames(tmp_path):
    places = set()

    class Surveyor(Recorder):
        def grab_frame(self, **savefig_kwargs):
            self.fig.canvas.draw()
            ax = self.fig.axes[0]
            places.add(ax.get_position().bounds)
            assert ax.get_tightbbox().y1 <= self.fig.bbox.y1

    for options in (dict(n=[3, 32], over="lengths"), dict(n=9)):
        places.clear()
        sr.plot.animate(P, **options).save(str(tmp_path / "frames.gif"), writer=Surveyor())
        assert len(places) == 1


def test_it_draws_on_the_axes_given(tmp_path):
    fig, axes = plt.subplots(1, 2)
    animation = sr.plot.animate(P, 4, ax=axes[1])
    assert isinstance(animation, FuncAnimation)
    assert not axes[0].images
    assert axes[1].images
    assert plt.get_fignums() == [fig.number]
    assert animation.event_source.interval == 250


def test_a_figure_keeps_its_animation_alive():
    sr.plot.animate(P, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gc.collect()
    plt.gcf().canvas.draw()


@pytest.mark.parametrize("suffix", ["gif", "html"])
def test_files_are_the_same_in_every_run(suffix, tmp_path):
    files = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        animation = sr.plot.animate(P, 3)
        path = sr.plot.save_animation(animation, tmp_path / name / f"rows.{suffix}")
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_a_gif_has_the_frames_in_their_colours_and_waits_at_the_end(tmp_path):
    animation = sr.plot.animate(sr.Causal(), 3, milliseconds=300)
    path = sr.plot.save_animation(animation, str(tmp_path / "rows.GIF"))
    with Image.open(path) as image:
        assert (image.format, image.n_frames, image.info["loop"]) == ("GIF", 3, 0)
        durations = []
        for frame in range(3):
            image.seek(frame)
            durations.append(image.info["duration"])
            colours = image.convert("RGB").getcolors(10**6)
            of_colour = {colour: count for count, colour in colours}
            assert len(of_colour) <= 64
            assert of_colour[(255, 255, 255)] > 10_000
            assert of_colour[(224, 123, 16)] > 1000 * (frame + 1)
    assert durations == [300, 300, 1300]


def test_a_page_loads_nothing_and_its_buttons_bear_glyphs(tmp_path):
    animation = sr.plot.animate(P, 3)
    page = sr.plot.save_animation(animation, tmp_path / "a&b.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "<title>a&amp;b</title>" in page
    assert page.count("data:image/png;base64,") == 3
    assert "http" not in page
    assert 'class="fa' not in page
    assert "\\xa0" not in page


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        (("causal", 4), {}, TypeError, "p must be a Pattern, got the text 'causal'"),
        ((3, 4), dict(over="layers", layers=1), TypeError, "p must be a Pattern or steps over lay"),
        (([P, 3], 4), dict(over="layers", layers=1), TypeError, "steps must be a Factorized, or"),
        ((None, [4, 5]), dict(over="lengths"), TypeError, "p must be a Pattern, got None"),
        ((str, [4, 5]), dict(over="lengths"), TypeError, r"p\(4\) must be a Pattern"),
        ((sr.natten(8, 3), [8, 9]), dict(over="lengths"), ValueError, "n = 8"),
        ((P, 0), {}, ValueError, "n must be at least 1 to be drawn, got 0"),
        ((P, 257), {}, ValueError, "n must be at most 256 over queries, got 257"),
        ((P, [4, 8]), {}, TypeError, r"n must be an integer"),
        ((P, 4), dict(over="rows"), ValueError, 'over must be "queries", "layers" or "lengths"'),
        ((P, 4), dict(over="layers"), TypeError, "layers must be an integer, got None"),
        ((P, 4), dict(over="layers", layers=65), ValueError, "layers must be at most 64, got 65"),
        ((P, 4), dict(layers=2), ValueError, 'layers needs over="layers", got layers=2 over \'que'),
        ((P, 4), dict(residual=False), ValueError, 'residual needs over="layers", got'),
        ((P, 4), dict(residual=1), TypeError, "residual must be True or False, got 1"),
        ((P, 4), dict(over="lengths"), TypeError, "n must be a sequence of integers, got 4"),
        ((P, [4]), dict(over="lengths"), ValueError, "n must be 2 to 256 lengths over lengths"),
        ((P, [4, 513]), dict(over="lengths"), ValueError, r"n\[1\] must be at most 512, got 513"),
        ((P, 4), dict(milliseconds=5), ValueError, "milliseconds must be at least 20, got 5"),
        ((P, 4), dict(title=5), TypeError, "title must be a string, got 5"),
        ((P, 4), dict(ax=5), TypeError, "ax must be one matplotlib Axes, got int"),
    ],
)
def test_errors_name_the_argument_and_open_no_figure(args, options, error, says):
    with pytest.raises(error, match=says):
        sr.plot.animate(*args, **options)
    assert plt.get_fignums() == []


def test_save_refuses_an_animation_and_names_what_writes_it(tmp_path):
    animation = sr.plot.animate(P, 3)
    says = "figure must not be an animation: sr.plot.save_animation(animation, path) writes it"
    with pytest.raises(TypeError, match=re.escape(says)):
        sr.plot.save(animation, tmp_path / "rows.png")
    assert not list(tmp_path.iterdir())


def test_files_have_an_ending_that_is_known(tmp_path):
    animation = sr.plot.animate(P, 3)
    with pytest.raises(ValueError, match=r"path must end in \.gif or \.html, got '.*rows\.mp4'"):
        sr.plot.save_animation(animation, tmp_path / "rows.mp4")
    with pytest.raises(TypeError, match="animation must be an animation of matplotlib, got Figure"):
        sr.plot.save_animation(plt.gcf(), tmp_path / "rows.gif")
    assert not list(tmp_path.iterdir())
