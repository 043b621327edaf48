"""What a diagnosis does not claim, and how a report says what was called and with what."""

from functools import partial

import numpy as np
import pytest
from verify.implementations import masked, tri

import sparse_ref as sr
from sparse_ref.verify import check
from sparse_ref.verify.report.function_name import import_path
from sparse_ref.verify.report.python_text import pattern_text


class Layer:
    """Attention as a method, and as an object that can be called."""

    def attend(self, q, k, v):
        return masked(tri(q.shape[1]))(q, k, v)

    __call__ = attend

    @classmethod
    def of_all(cls, q, k, v):
        return cls()(q, k, v)


def shaped(q, k, v, keys):
    """A window of so many keys."""
    return masked(tri(q.shape[1], keys=keys))(q, k, v)


LAYER = Layer()
WINDOWED = partial(shaped, keys=3)


@pytest.mark.parametrize(
    ("fn", "name"),
    [
        (shaped, f"{__name__}:shaped"),
        (LAYER.attend, f"{__name__}:LAYER.attend"),
        (LAYER, f"{__name__}:LAYER"),
        (Layer.of_all, f"{__name__}:Layer.of_all"),
        (WINDOWED, f"{__name__}:WINDOWED"),
        (Layer().attend, "Layer.attend"),
        (Layer(), "Layer"),
        (partial(shaped, keys=4), f"partial({__name__}:shaped)"),
        (partial(LAYER.attend), f"partial({__name__}:LAYER.attend)"),
    ],
)
def test_what_was_called_is_told_by_the_name_that_imports_it_or_by_what_it_is(fn, name):
    assert import_path(fn) == name


def test_the_command_holds_every_option():
    report = check(WINDOWED, sr.Lookback(4), 12, also=[5, (3, 9)], d=8, align="none")
    assert report.command == (
        f"sparse-ref verify {__name__}:WINDOWED --pattern 'Lookback(4)' -n 12 --d 8 "
        "--align none --also 5 3x9"
    )
    report = check(lambda q, k, v: WINDOWED(q, k, v), sr.Lookback(4), 12, exhaustive=True, also=[5])
    assert "sr.Lookback(4), n=12, exhaustive=True, also=[5])  # fn: your lambda" in report.command
    report = check(WINDOWED, sr.Lookback(4), 12, gradients=shaped)
    assert report.command.startswith(
        "sr.verify.check(WINDOWED, sr.Lookback(4), n=12, gradients=shaped)  # from "
    )


@pytest.mark.parametrize(
    ("p", "lacking", "globally"),
    [
        (sr.Lookback(8), (22, 20), False),
        (sr.Causal(), (23, 4), False),
        (sr.Window(14), (12, 5), False),
        (sr.Lookback(4) | sr.Sinks(2), (20, 1), True),
        (sr.Window(3) | sr.Global(1), (0, 17), True),
        (sr.Window(3) | sr.Global(1), (17, 0), True),
    ],
)
def test_the_end_of_a_window_is_not_global(p, lacking, globally):
    mask = sr.dense(p, 24)
    mask[lacking] = False
    report = check(masked(mask), p, 24)
    assert any(each.kind == "globals missing" for each in report.diagnosis) is globally


def test_a_permutation_of_heads_is_not_claimed_from_some_rows():
    patterns = [sr.Lookback(20), sr.Strided(7)]
    masks = np.stack([sr.dense(p, 300) for p in patterns])[::-1].copy()
    assert "heads have the sets of heads 1, 0" in str(check(masked(masks), patterns, 300))
    masks[0, 8, 3] ^= True
    assert "have the sets of" not in str(check(masked(masks), patterns, 300))
    assert "have the sets of" not in str(
        check(masked(masks), patterns, 300, exhaustive=False, d=64)
    )


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (sr.Lookback(4), "sr.Lookback(4)"),
        (sr.Lookback(4) | ~sr.Causal(), "sr.Lookback(4) | ~sr.Causal()"),
        (sr.Blockwise(sr.Window(1), 4), "sr.Blockwise(sr.Window(1), 4)"),
        (sr.Documents((3, 4), sr.Causal()), "sr.Documents((3, 4), sr.Causal())"),
    ],
    ids=repr,
)
def test_a_pattern_in_python_can_be_pasted(p, text):
    assert pattern_text(p).text == text
    assert eval(text, {"sr": sr}) == p


@pytest.mark.parametrize("exhaustive", [True, False])
@pytest.mark.parametrize(
    ("has", "asked", "first_line"),
    [
        (
            sr.Window(3),
            sr.Window(3) | sr.Global(2),
            "FAIL fn - Global(2) is missing (Window(3), asked Window(3) | Global(2))",
        ),
        (
            sr.Lookback(9) - sr.Lookback(9),
            sr.Causal(),
            "FAIL fn - attends to nothing (asked Causal())",
        ),
        (
            ~sr.Lookback(9),
            sr.Lookback(9),
            "FAIL fn - inverted mask (~Lookback(9), asked Lookback(9))",
        ),
        (
            sr.Lookback(10),
            sr.Lookback(9),
            "FAIL fn - one key too many at the left edge (Lookback(10), asked Lookback(9))",
        ),
    ],
    ids=repr,
)
def test_the_first_line_has_the_likeliest_cause_at_any_n(has, asked, first_line, exhaustive):
    report = check(masked(sr.dense(has, 64)), asked, 64, exhaustive=exhaustive, d=64)
    assert str(report).split("\n")[0] == first_line


def test_the_set_is_named_when_it_is_checked_not_when_it_is_printed():
    report = check(masked(tri(12, keys=5)), sr.Lookback(4), 12)
    assert vars(report)["diagnosis"][0].name == "Lookback(5)"
