"""`pytest --attention-mutants`: the user's own tests, run against mutants of their functions.

A test is run against mutants if it calls the function, passes with it, and passes with the right
attention of this library in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from _pytest.runner import runtestprotocol

from ..._claims import Claim, declarations
from ..._text import visible
from .alarm import Alarm
from .items import ConformityTest
from .lengths import check_lengths
from .mutations import Attention, Mutation, distinct_mutations
from .mutations.library import LENGTHS, Sizes
from .substitute import Substitute
from .target import declare_target
from .verdict import Outcome, show

MAX_LENGTH = 1024  # at which mutants are compared with the right attention
SLACK, FACTOR = 5.0, 10.0  # the time of a mutant: seconds, and times the time of the tests

substitutes: list[Substitute] = []


def prepare(config: Any) -> None:
    """From now on, each function that is declared gets a substitute; a named one gets it now."""
    if getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput"):
        raise pytest.UsageError("--attention-mutants runs in one process: leave out -n")
    substitutes.clear()
    declarations.substitute = substitute_function
    target, pattern = config.option.attention_target, config.option.attention_pattern
    if (target is None) != (pattern is None):
        raise pytest.UsageError("--attention-target and --attention-pattern need each other")
    if target is not None:
        try:
            declare_target(target, pattern)
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            text = visible(f"--attention-target {target}: {error}")
            raise pytest.UsageError(text) from error


def substitute_function(fn: Any, claim: Claim) -> Any:
    """What stands for a declared function; the function itself if there are no mutants of it."""
    try:
        substitute = Substitute(fn, claim)
    except ValueError:  # sets that depend on data
        return fn
    substitutes.append(substitute)
    return substitute.function()


def run(session: Any) -> bool | None:
    """Run the tests against the mutants of each function, and print what survives.

    None, which leaves the tests to pytest, if they could not be collected.
    """
    if session.testsfailed and not session.config.option.continue_on_collection_errors:
        return None
    own_items = [item for item in session.items if not isinstance(item, ConformityTest)]
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    outcomes = [
        Trial(session, substitute, own_items, reporter).outcome() for substitute in substitutes
    ]
    if not outcomes:
        reporter.write_line(
            "no function under @sparse_ref.conforms was imported: name one by "
            "--attention-target MODULE:FUNCTION and --attention-pattern"
        )
    for outcome in outcomes:
        show(reporter, outcome)
    survivors = sum(len(outcome.survivors) for outcome in outcomes)
    session.testsfailed = sum(len(outcome.failing) for outcome in outcomes)
    if session.config.option.attention_mutants_strict:
        session.testsfailed += survivors
    session.testscollected = sum(len(outcome.tests) for outcome in outcomes)
    return True


@dataclass(eq=False)
class Trial:
    """The tests of one function: first with it, then with the right attention, then mutants."""

    session: Any
    substitute: Substitute
    items: list[Any]
    reporter: Any
    seconds: float = 0.0

    def outcome(self) -> Outcome:
        """What the tests kill, and what survives."""
        fn = self.substitute.fn
        outcome = Outcome(getattr(fn, "__qualname__", repr(fn)), str(self.substitute.claim))
        tests = self._tests_that_call(outcome)
        outcome.tests = [item for item in tests if self._passes_with_right(item, outcome)]
        if not outcome.tests:
            return outcome
        decisive = check_lengths(self.substitute.claim)[0].n
        if max(np.atleast_1d(decisive)) > MAX_LENGTH:
            outcome.remark = f"mutants that show only at n > {MAX_LENGTH} are not among them"
        for mutation in self._progress(list(self._mutations())):
            self._try(mutation, outcome)
        self.substitute.attention = None
        return outcome

    def _tests_that_call(self, outcome: Outcome) -> list[Any]:
        """The tests that call the function and pass with it; failing ones are recorded."""
        calling = []
        self.substitute.attention = None
        for item in self.items:
            calls, start = self.substitute.calls, perf_counter()
            passed = self._passes([item])
            if self.substitute.calls == calls:
                continue
            if not passed:
                outcome.failing.append(item.nodeid)
                continue
            self.seconds += perf_counter() - start
            calling.append(item)
        return calling

    def _passes_with_right(self, item: Any, outcome: Outcome) -> bool:
        """Whether a test passes with the right attention; recorded if not."""
        self.substitute.attention = Attention(self.substitute.statement)
        passed = self._passes([item])
        if not passed:
            outcome.unsuitable.append(item.nodeid)
        return passed

    def _mutations(self) -> Iterable[Mutation]:
        """The mutations that compute something else than what is declared."""
        options: dict[str, Any] = dict(self.substitute.claim.options)
        d = options.get("d") or 16
        lengths = [length.n for length in check_lengths(self.substitute.claim)]
        short = [n for n in lengths if max(np.atleast_1d(n)) <= MAX_LENGTH]
        return distinct_mutations(
            self.substitute.statement,
            sorted({*LENGTHS, *short[:1]}, key=str),
            Sizes(3 if self.substitute.is_batched else 1, d, options.get("e") or d),
            dtype=options.get("dtype", "float32"),
            with_lse=self.substitute.returns_lse,
        )

    def _try(self, mutation: Mutation, outcome: Outcome) -> None:
        """Run the tests against one mutant, up to the first that fails."""
        self.substitute.attention = mutation.function(self.substitute.statement)
        seconds = self.session.config.option.attention_mutants_seconds
        limit = SLACK + FACTOR * self.seconds if seconds is None else seconds
        with Alarm(limit) as alarm:
            passed = self._passes(outcome.tests, alarm)
        if alarm.rang:
            outcome.undecided.append(mutation)
        elif passed:
            outcome.survivors.append(mutation)
        else:
            outcome.killed.append(mutation)

    def _passes(self, items: list[Any], alarm: Alarm | None = None) -> bool:
        """Whether all tests pass, run one after the other without a word."""
        for item, following in zip(items, [*items[1:], None]):
            reports = runtestprotocol(item, log=False, nextitem=following)
            if any(report.failed for report in reports) or (alarm is not None and alarm.rang):
                self.session._setupstate.teardown_exact(None)
                return False
        return True

    def _progress(self, mutations: list[Mutation]) -> Iterator[Mutation]:
        """The mutations, with a line that counts them on terminals."""
        for number, mutation in enumerate(mutations, 1):
            if self.reporter.isatty:
                line = f"mutant {number} of {len(mutations)}: {mutation.name}"
                self.reporter.rewrite(line[: self.reporter._tw.fullwidth - 1], erase=True)
            yield mutation
        if self.reporter.isatty:
            self.reporter.rewrite("", erase=True)
