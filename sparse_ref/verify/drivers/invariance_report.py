"""The verdict on what must not change the output of a layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from ..._text import html_text, json_text, visible, visible_line
from ..checks.finding import Finding

KINDS = (
    "error",
    "random",
    "future",
    "batch",
    "padding",
    "packing",
    "document",
    "cache",
    "crop",
    "implementation",
)


@dataclass(frozen=True, eq=False)
class InvarianceReport:
    """Whether a layer depends on the past of its own sequence, and only on it; true if so.

    Attributes
    ----------
    name : str
        Of the layer.
    n : int
        How many tokens were given.
    findings : tuple of Finding
        What is wrong. Its kind is "error", "random", "future", "batch", "padding", "packing" (rows
        are not those of the document alone), "document" (rows depend on another document), "cache",
        "crop" or "implementation".
    trials : tuple of str
        What was tried.
    """

    name: str
    n: int
    findings: tuple[Finding, ...]
    trials: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def status(self) -> str:
        """PASS or FAIL."""
        return "PASS" if self.passed else "FAIL"

    def __bool__(self) -> bool:
        return self.passed

    @property
    def verdict(self) -> str:
        """One line: what was tried, or the first finding."""
        if self.passed:
            return visible_line(f"PASS {self.name} - {', '.join(self.trials)} (n = {self.n})")
        return visible_line(f"FAIL {self.name} - {self.findings[0].message}")

    def lines(self) -> Iterator[str]:
        """What was tried, and each finding."""
        yield f"tried: {', '.join(self.trials)} (n = {self.n})"
        for finding in self.findings:
            yield f"- {finding_line(finding)}"

    def __str__(self) -> str:
        lines = [] if self.passed else map(visible_line, self.lines())
        return visible("\n".join([self.verdict, *lines]))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        lines = [] if self.passed else self.lines()
        parts = [f"<div>{html_text(line)}</div>" for line in lines]
        return f"<div><b>{html_text(self.verdict)}</b>{''.join(parts)}</div>"

    def to_json(self) -> str:
        """The report as JSON: name, status, passed, verdict, n, trials and findings."""
        content = {
            "name": self.name,
            "status": self.status,
            "passed": self.passed,
            "verdict": self.verdict,
            "n": self.n,
            "trials": self.trials,
            "findings": list(map(asdict, self.findings)),
        }
        return json_text(content)


def finding_line(finding: Finding) -> str:
    """Its kind and message; the first query is in the message."""
    return f"{finding.kind}: {finding.message}"
