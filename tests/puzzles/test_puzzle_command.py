"""`sparse-ref puzzles`: the list, answers, the game in a terminal, and progress in a file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sparse_ref.cli import main, playing
from sparse_ref.cli.playing import Game
from sparse_ref.cli.progress_file import data_folder, read_states, write_states
from sparse_ref.puzzles import find
from sparse_ref.puzzles.puzzle_session import SESSION

RIGHT, WRONG = "(i - 3 < j) & (j <= i)", "(i - 4 < j) & (j <= i)"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The user's data directory; no terminal."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(SESSION, "hints", {})
    return tmp_path / "sparse-ref"


def test_the_list_shows_what_is_solved(capsys, folder):
    assert main(["puzzles", "last_three", "--answer", RIGHT]) == 0
    assert capsys.readouterr().out.startswith("last_three: solved")
    assert main(["puzzles"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["1", "causal", "Causal"]
    assert lines[1].split()[:3] == ["2", "solved", "last_three"]
    assert lines[-1].startswith("1 of ")
    assert json.loads((folder / "puzzles.json").read_text()) == {"states": {"last_three": "solved"}}


def test_puzzles_are_played_without_a_package_for_progress_bars():
    code = (
        "import sys\n"
        "sys.modules['tqdm'] = None\n"
        "from sparse_ref.cli import main\n"
        "sys.exit(main(['puzzles', '2', '--answer', 'i - j < 3']))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (1, "")
    assert "no right edge" in run.stdout


def test_a_wrong_answer_ends_with_1_and_the_mistake(capsys):
    assert main(["puzzles", "2", "--answer", WRONG]) == 1
    out = capsys.readouterr().out
    assert "one key too many at the left edge" in out
    assert "+███" in out
    assert main(["puzzles", "2", "--answer", "..."]) == 1
    assert "not answered yet" in capsys.readouterr().out
    assert main(["puzzles", "2", "--answer", "i +"]) == 1
    assert "not a Python expression" in capsys.readouterr().out


def test_a_question_and_a_solution_are_printed(capsys):
    assert main(["puzzles", "last_three"]) == 0
    assert "def last_three(i, j):" in capsys.readouterr().out
    assert main(["puzzles", "last_three", "--solution"]) == 0
    assert f"return {RIGHT}" in capsys.readouterr().out


def test_an_answer_may_be_a_file(tmp_path, capsys):
    file = tmp_path / "answer.py"
    file.write_text(f"def last_three(i, j):\n    return {RIGHT}\n")
    assert main(["puzzles", "last_three", "--answer", str(file)]) == 0
    assert main(["puzzles", "last_three", "--answer", str(tmp_path / "none.py")]) == 2
    assert "none.py" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "words"), [
    (["last_tree"], "did you mean 'last_three'?"),
    (["77"], "`sparse-ref puzzles` list them"),
    (["--answer", "1"], "--answer needs the name of a puzzle"),
])  # fmt: skip
def test_wrong_use_ends_with_2(arguments, words, capsys):
    assert main(["puzzles", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_the_next_puzzle_is_the_first_that_is_not_solved(capsys):
    main(["puzzles", "causal", "--answer", "j <= i"])
    capsys.readouterr()
    assert main(["puzzles", "next"]) == 0
    assert capsys.readouterr().out.startswith("2 · ")


class Terminal:
    """A standard input that a person types into."""

    def __init__(self, monkeypatch, lines):
        self.lines = iter(lines)
        monkeypatch.setattr(sys, "stdin", self)
        monkeypatch.setattr("builtins.input", self.read)

    def isatty(self):
        return True

    def read(self, prompt):
        try:
            return next(self.lines)
        except StopIteration:
            raise EOFError from None


def test_the_game_in_a_terminal(monkeypatch, capsys, folder):
    typed = ["", "help", "?", "Hint", "hint", WRONG, RIGHT, "span(i - 2, i + 1)", "Skip",
             "solution", "quit", "never read"]  # fmt: skip
    terminal = Terminal(monkeypatch, typed)
    assert main(["puzzles", "last_three"]) == 0
    assert next(terminal.lines) == "never read"
    out = capsys.readouterr().out
    order = ["2 · ", "1 of 2: ", "2 of 2: ", "one key too many", "solved", "3 · ", "4 · ",
             "return (j <= i) & ((i - j) % 3 == 0)"]  # fmt: skip
    places = [out.index(words) for words in order]
    assert places == sorted(places)
    assert read_states(folder / "puzzles.json") == {"last_three": "solved"}


@pytest.mark.parametrize("answer", [RIGHT, WRONG])
def test_without_hypothesis_no_answer_is_judged_and_the_install_line_is_printed(
    answer, monkeypatch, capsys, folder
):
    monkeypatch.setattr("sparse_ref.puzzles.judge_answer.find_spec", lambda name: None)
    assert main(["puzzles", "last_three", "--answer", answer]) == 2
    Terminal(monkeypatch, ["never read"])
    assert main(["puzzles", "last_three"]) == 2
    out, err = capsys.readouterr()
    assert err.count("pip install 'sparse-ref[testing]'") == 2
    assert "not yet" not in out
    assert not (folder / "puzzles.json").exists()


@pytest.mark.parametrize("word", ["quit", "Quit", "exit"])
def test_a_game_is_left_by_a_word(word, monkeypatch):
    terminal = Terminal(monkeypatch, [word, "never read"])
    assert main(["puzzles", "last_three"]) == 0
    assert next(terminal.lines) == "never read"


def test_code_ends_with_an_empty_line_and_input_may_end_at_any_time(monkeypatch, capsys):
    lines = ["def last_three(i, j):", f"    return {RIGHT}", ""]
    Terminal(monkeypatch, lines)
    assert main(["puzzles", "last_three"]) == 0
    assert "last_three: solved" in capsys.readouterr().out


def test_the_game_ends_when_all_are_solved(monkeypatch, capsys, folder):
    main(["puzzles", "--all"])
    *rows, _ = capsys.readouterr().out.splitlines()
    names = [row.split()[1] for row in rows]
    write_states(folder / "puzzles.json", dict.fromkeys(names, "solved"))
    assert main(["puzzles", "next"]) == 0
    assert capsys.readouterr().out == "all puzzles are solved\n"
    Terminal(monkeypatch, [RIGHT, "skip"])
    assert main(["puzzles", "last_three"]) == 0
    assert capsys.readouterr().out.endswith("all puzzles are solved\n")


@pytest.mark.parametrize("text", [
    "{", "[]", '{"states": 3}', '{"states": {"causal": 1}}', "\0", "\xff", "[" * 200_000,
], ids=["open", "list", "number", "state", "zero", "latin", "deep"])  # fmt: skip
def test_a_file_of_another_form_is_left_as_it_is(text, tmp_path, capsys):
    file = tmp_path / "progress.json"
    file.write_text(text, encoding="latin-1")
    assert main(["puzzles", "causal", "--answer", "j <= i", "--progress", str(file)]) == 2
    assert "is not a file of progress" in capsys.readouterr().err
    assert file.read_text(encoding="latin-1") == text


def test_a_folder_is_no_file_of_progress(tmp_path, capsys):
    assert main(["puzzles", "--progress", str(tmp_path)]) == 2
    assert f"{tmp_path} is not a file of progress" in capsys.readouterr().err


def test_a_link_to_a_file_of_progress_stays_a_link(tmp_path):
    file, link = tmp_path / "progress.json", tmp_path / "link.json"
    link.symlink_to(file)
    assert main(["puzzles", "causal", "--answer", "j <= i", "--progress", str(link)]) == 0
    assert link.is_symlink()
    assert read_states(file) == {"causal": "solved"}


def test_a_game_goes_on_if_nothing_can_be_kept(monkeypatch, capsys):
    def fail(path, states):
        raise PermissionError(f"no right to write {path}")

    monkeypatch.setattr(playing, "write_states", fail)
    Terminal(monkeypatch, [WRONG, RIGHT, "span(i - 2, i + 1)"])
    assert main(["puzzles", "last_three"]) == 0
    out, err = capsys.readouterr()
    assert "last_three: solved" in out
    assert err.count("progress is not saved") == 1


def test_two_games_keep_what_both_have_solved(tmp_path):
    file = tmp_path / "progress.json"
    games = Game(file), Game(file)
    for game, name, text in zip(games, ("causal", "last_three"), ("j <= i", RIGHT)):
        assert game.judge(find(name), text)
    assert not games[1].judge(find("causal"), "j < i")
    assert read_states(file) == {"causal": "solved", "last_three": "solved"}


def test_a_long_expression_is_cut(capsys):
    assert main(["puzzles", "causal", "--answer", "(" * 10_000]) == 1
    assert len(capsys.readouterr().out) < 200


def test_states_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    file = tmp_path / "a" / "progress.json"
    write_states(file, {"causal": "solved"})
    assert read_states(file) == {"causal": "solved"}

    def fail(*paths):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_states(file, {})
    assert read_states(file) == {"causal": "solved"}
    assert [path.name for path in file.parent.iterdir()] == ["progress.json"]


@pytest.mark.parametrize(("platform", "variables", "end"), [
    ("linux", {"XDG_DATA_HOME": "/data"}, "/data/sparse-ref"),
    ("linux", {"XDG_DATA_HOME": ""}, "/home/me/.local/share/sparse-ref"),
    ("darwin", {}, "/home/me/Library/Application Support/sparse-ref"),
    ("win32", {"LOCALAPPDATA": ""}, "/home/me/AppData/Local/sparse-ref"),
])  # fmt: skip
def test_the_folder_follows_the_system_s_rule(platform, variables, end, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("HOME", "/home/me")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert data_folder() == Path(end)
