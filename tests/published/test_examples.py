"""Golden and algebra: methods that choose keys by data, drawn on data made from a seed."""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.cli import examples as commands
from sparse_ref.published.examples import EXAMPLES

NOT_CAUSAL = {"vsa", "quest", "sinkhorn"}  # the one query of quest is the last token
CAUSAL = [example for example in EXAMPLES if example.name not in NOT_CAUSAL]
STATIC = {"hca", "htransformer"}


def test_the_command_knows_every_example():
    assert tuple(example.name for example in EXAMPLES) == commands.NAMES


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_seed_gives_the_same_sets_again_and_another_seed_others(example):
    first, again, other = (
        [sr.dense(part.pattern, part.shape(example.n)) for part in example.parts(seed=seed)]
        for seed in (0, 0, 1)
    )
    assert all(map(np.array_equal, first, again))
    assert all(map(np.array_equal, first, other)) == (example.name in STATIC)


@pytest.mark.parametrize("example", CAUSAL, ids=lambda example: example.name)
def test_a_causal_example_shows_no_future(example):
    for part in example.parts():
        n_q, n_k = shape = part.shape(example.n)
        if n_q == n_k:
            assert not np.triu(sr.dense(part.pattern, shape), 1).any()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_says_what_it_is_and_where_it_is_from(example):
    title, source, *_ = example.paragraphs
    assert title.endswith(".")
    assert any(character.isdigit() for character in source)


def test_dsa_as_the_command_draws_it(capsys):
    assert sr.cli.main(["show", "dsa", "-n", "6", "--seed", "1"]) == 0
    printed = capsys.readouterr().out
    assert "A_i = the top_k best of { j <= i }" in printed
    assert "dsa, top_k = 4, on normal vectors from seed 1" in printed
    drawn = printed.split("all heads\n")[1].strip()
    assert drawn.split("\n")[:4] == ["█·····", "██····", "███···", "████··"]
    assert all(row.count("█") == 4 for row in drawn.split("\n")[4:])


def test_a_length_beyond_a_picture_is_refused_at_once(capsys, monkeypatch):
    monkeypatch.setattr(sr.published.dsa, "sets", lambda *_, **__: pytest.fail("sets are chosen"))
    assert sr.cli.main(["show", "dsa", "-n", "100000"]) == 2
    assert "-n must be at most 256 for a picture in text, got 100000" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("vsa", "a multiple of 4 above 0"),
        ("sinkhorn", "a multiple of 4 above 0"),
        ("routing", "at least 3"),
    ],
)
def test_a_length_that_the_sizes_do_not_fit_is_refused_by_its_rule(capsys, name, rule):
    assert sr.cli.main(["show", name, "-n", "2"]) == 2
    assert f"n must be {rule} for {name}, got 2" in capsys.readouterr().err


def test_a_rectangle_is_refused(capsys):
    assert sr.cli.main(["show", "dsa", "-n", "4x6"]) == 2
    assert "-n must be one number for keys chosen by data, got 4x6" in capsys.readouterr().err
