"""The command that proves: theorems of the book, or steps in the notation of patterns."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from .._text import visible
from ..catalogue import notation
from ..sets.factorized import Factorized
from ..sets.pattern import Pattern
from .proof_files import ProofFiles
from .streams import note, say, say_json

if TYPE_CHECKING:  # `sparse-ref show` starts without the rooms of paths
    from ..paths.book.theorem import Theorem
    from ..paths.proof.verdict import Verdict

DEFAULT_SECONDS = 60.0
STEPS_NAME = "steps"  # of files about steps


def prove(arguments) -> int:
    """Prove that layers connect every pair j <= i, or check theorems of the book, by default all.

    Exit 1 if a statement about steps is not proved, or a theorem does not end as expected.
    """
    from .. import paths
    from ..paths.book.index import book

    theorems = {theorem.name: theorem for theorem in book()}
    files = None if arguments.smt2 is None else ProofFiles(arguments.smt2)
    if arguments.list:
        return _print_list(list(theorems.values()), arguments.json)
    if set(arguments.what) <= set(theorems):
        _refuse_options(arguments)
        names = arguments.what or list(theorems)
        return _settle([theorems[name] for name in names], arguments.json, files)
    seconds = DEFAULT_SECONDS if arguments.seconds is None else arguments.seconds
    verdict = paths.prove(
        _steps(arguments.what),
        residual=not arguments.no_residual,
        order=arguments.order,
        causal=not arguments.both_ways,
        n=arguments.n,
        seconds=seconds,
    )
    verdict = _confirm(verdict)
    say(verdict.to_json() if arguments.json else str(verdict))
    _write_files(files, {STEPS_NAME: verdict})
    return 0 if verdict else 1


def _confirm(verdict: Verdict) -> Verdict:
    """The verdict after cvc5 has settled it again, if cvc5 is installed."""
    from .. import paths
    from ..paths.proof.second_solver import MISSING_TEXT, is_installed

    if is_installed():
        return paths.confirm(verdict)
    if verdict.obligations:
        _note(MISSING_TEXT)
    return verdict


@cache
def _note(text: str) -> None:
    """Print a line for the reader, once."""
    note(text)


def _write_files(files: ProofFiles | None, verdicts: dict[str, Verdict]) -> None:
    """Write the files of these verdicts by name, if any are asked for, and how to check them."""
    if files is None:
        return
    for name, verdict in verdicts.items():
        files.write(verdict.smt2(name))
    note(files.summary())


def _refuse_options(arguments) -> None:
    """Raise ValueError if an option is given that is about steps."""
    is_given = [value is not None for value in (arguments.order, arguments.n, arguments.seconds)]
    if arguments.no_residual or arguments.both_ways or any(is_given):
        raise ValueError(
            "--no-residual, --order, --both-ways, -n and --seconds are for steps, not for theorems"
        )


def _steps(texts: Sequence[str]) -> Factorized | tuple[Pattern, ...]:
    """One text for all layers, such as "strided(8)", or one pattern per layer."""
    steps: list[Pattern] = []
    for text in texts:
        value = _read(text)
        if len(texts) == 1 and isinstance(value, Factorized):
            return value
        if not isinstance(value, Pattern):
            raise ValueError(f"each layer must be one pattern, got {text}")
        steps.append(value)
    return tuple(steps)


def _read(text: str):
    """The value that a text denotes. The error for a single word also names similar theorems."""
    from ..paths.book.index import theorem

    try:
        return notation.read(text)
    except notation.ParseError as error:
        if not re.fullmatch(r"[\w-]+", text):
            raise
        try:
            theorem(text)
        except LookupError as unknown:
            raise ValueError(f"{error}\n{unknown}") from None
        raise ValueError(
            f"{text} is a theorem: theorems and patterns cannot be mixed in one command"
        ) from None


def _print_list(theorems: Sequence[Theorem], as_json: bool) -> int:
    """Print names and claims."""
    if as_json:
        say_json([theorem.texts() for theorem in theorems])
        return 0
    width = max(len(theorem.name) for theorem in theorems)
    for theorem in theorems:
        head = f"{theorem.name:{width}}  {theorem.expected:7}"
        say(f"{head}  {theorem.family}: {theorem.claim}")
    return 0


def _settle(theorems: Sequence[Theorem], as_json: bool, files: ProofFiles | None) -> int:
    """Print the verdict on each theorem; 1 if one is not as expected."""
    from tqdm import tqdm

    results = []
    is_silent = None if len(theorems) > 1 else True  # None: unless on a terminal
    bar = tqdm(theorems, disable=is_silent, desc="prove", file=sys.stderr)
    for theorem in bar:
        verdict = _confirm(theorem.settle())
        results.append((theorem, verdict))
        if not as_json:
            bar.write(visible(_result_text(theorem, verdict)), file=sys.stdout)
    as_expected = sum(verdict.status == theorem.expected for theorem, verdict in results)
    if as_json:
        entries = []
        for theorem, verdict in results:
            entries.append(theorem.texts() | json.loads(verdict.to_json()))
        say_json(entries)
    else:
        say(_solvers_text([verdict for _, verdict in results]))
        say(f"{as_expected} of {len(theorems)} theorems as expected")
    _write_files(files, {theorem.name: verdict for theorem, verdict in results})
    return 0 if as_expected == len(theorems) else 1


def _solvers_text(verdicts: Sequence[Verdict]) -> str:
    """How many verdicts rest on which solvers."""
    solvers = Counter(verdict.solvers.partition(":")[0] for verdict in verdicts)
    texts = [f"{count} by {name}" for name, count in solvers.items() if name]
    if solvers[""]:
        texts.append(f"{solvers['']} by paths that were checked, without a solver")
    return f"settled: {', '.join(texts)}"


def _result_text(theorem: Theorem, verdict: Verdict) -> str:
    """A theorem, its verdict and what that does to the claim."""
    return (
        f"{theorem.name}: {theorem.claim} ({theorem.source})\n"
        f"{theorem.bears}: {theorem.remark}\n"
        f"{verdict}\n"
        f"[{verdict.seconds:.1f} s]\n"
    )
