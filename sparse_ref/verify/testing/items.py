"""The tests that pytest collects of a declared function: one for each length."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import ReprExceptionInfo, ReprFileLocation, ReprTracebackNative

from ..._claims import Claim, claims_of
from ..._text import visible, visible_line
from .lengths import CheckLength, check_lengths


class NonconformityError(AssertionError):
    """A report that is not a pass, as text."""


class ConformityTest(pytest.Item):
    """The check of a function at one length. A failure shows the report, and no traceback."""

    def __init__(
        self,
        *,
        function: Any,
        claim: Claim,
        length: CheckLength,
        **options: Any,
    ):
        super().__init__(**options)
        self.extra_keyword_matches.add(f"n{length}")  # -k knows no "="
        self.function, self.claim, self.length = function, claim, length
        for mark in getattr(function, "pytestmark", ()):
            decorator = getattr(pytest.mark, mark.name)
            self.add_marker(decorator.with_args(*mark.args, **mark.kwargs))

    def runtest(self) -> None:
        """Check the function. What does not show at this length shows at the decisive one."""
        from ..attention_check import check

        options = self.check_options()
        report = check(self.function, self.claim.patterns, self.length.n, **options)
        kinds = {finding.kind for finding in report.findings}
        if kinds == {"error"} and self.length.is_optional:
            pytest.skip(visible_line(f"not checked: {report.findings[0].message}"))
        is_undecided = self.length.is_decisive and report.status == "UNTESTED"
        if report.status == "FAIL" or is_undecided:
            raise NonconformityError(str(report))

    def check_options(self) -> dict[str, Any]:
        """The options of the check at this length."""
        options: dict[str, Any] = {"ragged": False, **self.claim.options}
        if self.claim.lengths is None or not self.length.is_decisive:
            options["ragged"] = False  # other tests are those of ragged lengths
        if not self.length.is_decisive:
            options.pop("also", None)
        return options

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The report; of other errors, what is wrong with the declaration."""
        error = excinfo.value
        if isinstance(error, NonconformityError):
            text = str(error)
        elif isinstance(error, (TypeError, ValueError)):
            text = visible(f"{self.name}: {error}")
        else:
            return super().repr_failure(excinfo)
        first_line = text.split("\n")[0]
        path, line, _ = self.location
        crash = ReprFileLocation(path, (line or 0) + 1, first_line)
        traceback = ReprTracebackNative([f"{text}\n"])
        return ReprExceptionInfo(reprtraceback=traceback, reprcrash=crash)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where the function is."""
        path, line = place_of(self.function)
        return path or self.path, line, self.name


def items_of(collector: Any, name: str, function: Any) -> list[ConformityTest] | None:
    """The tests of a function that a module has under a name; [] if it has it under another.

    None for a member of a class: methods have no q, k, v of their own.
    """
    if not isinstance(collector, pytest.Module):
        return None
    names = [key for key, value in vars(collector.obj).items() if value is function]
    if names[:1] != [name]:
        return []
    claims = claims_of(function)
    return [item for claim in claims for item in _items(collector, name, function, claim, claims)]


def _items(
    collector: Any, name: str, function: Any, claim: Claim, claims: tuple[Claim, ...]
) -> Iterator[ConformityTest]:
    """The tests of one claim; ids have its pattern if there are several."""
    build = partial(ConformityTest.from_parent, collector, function=function, claim=claim)
    prefix = f"{claim.text}-" if len(claims) > 1 else ""
    for length in check_lengths(claim):
        yield build(name=visible_line(f"{name}[{prefix}n={length}]"), length=length)


def place_of(function: Any) -> tuple[Path | None, int | None]:
    """(file, line from 0) of a function, as far as they are known."""
    try:
        inner = inspect.unwrap(function)
        file = inspect.getsourcefile(inner)
        _, line = inspect.getsourcelines(inner)
    except (OSError, TypeError, ValueError):
        return None, None
    return (Path(file) if file else None), line - 1
