"""The verdict on a case, and on a suite: what passes, what fails, and the likely bugs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from ..._text import json_text, visible, visible_line

STATUSES = ("pass", "acceptable", "fail", "missing")


@dataclass(frozen=True)
class CaseVerdict:
    """The verdict on one case.

    status : "pass", "acceptable", "fail" or "missing".
    message : why.
    flags : the bugs that the case catches.
    matches : the bugs whose output this one is exactly.
    """

    id: str
    status: str
    message: str
    flags: tuple[str, ...]
    matches: tuple[str, ...] = ()


@dataclass(frozen=True)
class SuiteVerdict:
    """The verdicts on all cases. True if each passes or is acceptable.

    Attributes
    ----------
    bugs : dict of str to tuple of str
        By flag, the failing cases that match the bug exactly: as few bugs as explain them, first
        the one that explains most of them.
    suspects : tuple of str
        If there are no `bugs`, the flags of all failing cases and of no passing one.
    unknown : tuple of str
        Files in the folder of outputs that belong to no case, at most 1000 of them.
    descriptions : dict of str to str
        By flag, the bug in a line.
    total : int
        How many cases there are, these among them.
    only : tuple of str
        The globs that chose these cases; () if all are judged.
    """

    precision: str
    verdicts: tuple[CaseVerdict, ...]
    bugs: dict[str, tuple[str, ...]]
    suspects: tuple[str, ...]
    unknown: tuple[str, ...]
    descriptions: dict[str, str]
    total: int
    only: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no case fails or is missing."""
        return not self.ids("fail") and not self.ids("missing")

    def __bool__(self) -> bool:
        return self.passed

    def ids(self, status: str) -> tuple[str, ...]:
        """The ids of the cases with this status."""
        return tuple(verdict.id for verdict in self.verdicts if verdict.status == status)

    def __str__(self) -> str:
        lines = [self._summary(), *self._case_lines(), *self._bug_lines()]
        return visible("\n".join(map(visible_line, lines)))

    def _summary(self) -> str:
        """The verdict, and how many cases have each status."""
        word = "PASS" if self.passed else "FAIL"
        counts = ", ".join(f"{len(self.ids(status))} {status}" for status in STATUSES)
        cases = f"{len(self.verdicts)} cases"
        if self.only:
            cases = f"{len(self.verdicts)} of {self.total} cases (--only {','.join(self.only)})"
        return f"{word}: {cases} in {self.precision}: {counts}"

    def _case_lines(self) -> Iterator[str]:
        """A line for each case that does not pass, and for each unknown file."""
        for verdict in self.verdicts:
            if verdict.status != "pass":
                yield f"{verdict.status:10} {verdict.id:22} {verdict.message}"
        for name in self.unknown:
            yield f"unknown    {name:22} belongs to no case"

    def _bug_lines(self) -> Iterator[str]:
        """A line for each likely bug."""
        failing = len(self.ids("fail"))
        for flag, ids in self.bugs.items():
            yield (
                f"points to {flag}: {self.descriptions[flag]}; "
                f"{len(ids)} of the {failing} failing outputs match this bug exactly"
            )
        for flag in self.suspects:
            yield (
                f"perhaps {flag}: {self.descriptions[flag]}; "
                "only cases that catch this bug fail, but no output matches it exactly"
            )

    def to_json(self) -> str:
        """All of it, as JSON."""
        return json_text({"passed": self.passed, **asdict(self)}, indent=1)
