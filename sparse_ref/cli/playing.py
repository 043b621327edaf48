"""The command that plays puzzles in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from ..puzzles import book, find, show, solution
from ..puzzles.answer_calls import Fault
from ..puzzles.answer_text import CODE, read_answer
from ..puzzles.judge_answer import judge, require_hypothesis
from ..puzzles.puzzle import Puzzle
from ..puzzles.puzzle_pages import table_of
from ..puzzles.puzzle_session import Session, hint
from ..puzzles.puzzle_verdict import SOLVED, WRONG, Verdict
from .progress_file import default_file, read_states, write_states
from .streams import note, say

PROMPT, MORE = "> ", ". "
COMMANDS = (
    "hint, skip, solution or quit; anything else is your answer: an expression, or a function and "
    "an empty line"
)


class Game:
    """A session of puzzles whose states are saved in a file."""

    def __init__(self, path: Path):
        self.path = path
        self.session = Session(read_states(path))
        self.is_saved = True

    def judge(self, puzzle: Puzzle, text: str) -> Verdict:
        """The verdict on a typed answer, printed, and saved if it changes a state."""
        try:
            verdict = judge(puzzle, read_answer(puzzle, text))
        except Fault as fault:
            verdict = Verdict(puzzle, WRONG, mistake=str(fault))
        say(str(verdict))
        before = dict(self.session.states)
        self.session.record(verdict)
        if self.session.states != before:
            self.save()
        return verdict

    def save(self) -> None:
        """Write the states, with those of another game that are solved; report a failure once."""
        states = self.session.states
        try:
            others = read_states(self.path)
            solved = {name: state for name, state in others.items() if state == SOLVED}
            write_states(self.path, {**others, **states, **solved})
        except (OSError, ValueError) as error:
            if self.is_saved:
                note(f"progress is not saved: {error}; --progress FILE names another file")
            self.is_saved = False

    def next_puzzle(self, puzzle: Puzzle | None) -> Puzzle | None:
        """The first of the thirty after a puzzle that is not solved; None if all are."""
        puzzles = _thirty()
        start = puzzles.index(puzzle) + 1 if puzzle in puzzles else 0
        ordered = puzzles[start:] + puzzles[:start]
        unsolved = (p for p in ordered if p != puzzle and not self.is_solved(p))
        return next(unsolved, None)

    def is_solved(self, puzzle: Puzzle) -> bool:
        """Whether a puzzle is solved, now or before."""
        return self.session.states.get(puzzle.name) == SOLVED


def puzzles(arguments) -> int:
    """List the puzzles, show one, or check an answer: the mistake is named.

    On a terminal it asks for your answer: an expression, such as (i - 3 < j) & (j <= i), or a
    function that begins with def and ends with an empty line. --answer also takes a Python file.
    """
    game = Game(arguments.progress or default_file())
    if arguments.name is None:
        if arguments.answer is not None:
            raise ValueError("--answer needs the name of a puzzle")
        chosen = book() if arguments.all else _thirty()
        say(repr(table_of(chosen, game.session.states)))
        return 0
    puzzle = game.next_puzzle(None) if arguments.name == "next" else find(arguments.name)
    if puzzle is None:
        say("all puzzles are solved")
        return 0
    if arguments.solution:
        say(solution(puzzle.name))
        return 0
    if arguments.answer is not None:
        return int(not game.judge(puzzle, _text_of(arguments.answer)))
    say(repr(show(puzzle.name)))
    if sys.stdin is not None and sys.stdin.isatty():
        require_hypothesis()
        _play(game, puzzle)
    return 0


def _thirty() -> list[Puzzle]:
    """The puzzles that belong to no lesson."""
    return [puzzle for puzzle in book() if not puzzle.is_exercise]


def _text_of(answer: str) -> str:
    """An answer, or the text of the file that it names."""
    if answer.endswith(".py"):
        return Path(answer).read_text(encoding="utf-8")
    return answer


def _play(game: Game, puzzle: Puzzle) -> None:
    """Ask for answers, one puzzle after the other, until the reader ends it."""
    note(COMMANDS)
    current: Puzzle | None = puzzle
    while current is not None:
        if not _play_one(game, current):
            return
        current = game.next_puzzle(current)
        if current is not None:
            say("", repr(show(current.name)))
    say("all puzzles are solved")


def _play_one(game: Game, puzzle: Puzzle) -> bool:
    """Ask until one puzzle is solved or left out; False if the reader ends the game."""
    actions: dict[str, Callable[[], object]] = {
        "hint": lambda: say(hint(puzzle.name)),
        "solution": lambda: say(solution(puzzle.name)),
        "help": lambda: note(COMMANDS),
        "?": lambda: note(COMMANDS),
        "": lambda: None,
    }
    while True:
        text = _read()
        if text is None:
            return False
        word = text.lower()
        if word in ("quit", "exit"):
            return False
        if word == "skip":
            return True
        if word in actions:
            actions[word]()
            continue
        verdict = game.judge(puzzle, text)
        if verdict and not verdict.rest:
            return True


def _read() -> str | None:
    """What the reader types: a line, or code up to an empty line; None at the end of input."""
    try:
        lines = [input(PROMPT)]
        while lines[0].startswith(CODE) and lines[-1]:
            lines.append(input(MORE))
    except (EOFError, KeyboardInterrupt):
        say("")
        return None
    return "\n".join(lines).strip()
