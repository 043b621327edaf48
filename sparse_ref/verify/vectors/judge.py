"""Judge the outputs of an implementation: which cases pass, which known bugs the others match."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ...sets.types import FloatArray
from ..calling.rounded_attention import BITS
from .files import SCHEMA, VERSION
from .flags import results
from .outputs import OutputError, read_output, suite_arrays
from .statement import Arrays, Result
from .tolerance import Entry, compare

STATUSES = ("pass", "acceptable", "fail", "missing")


@dataclass(frozen=True)
class CaseVerdict:
    """The verdict on one case.

    status : "pass", "acceptable", "fail" or "missing".
    message : why.
    flags : the bugs that the case catches.
    matches : those of them that the output matches exactly.
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
        Files in the folder of outputs that belong to no case.
    descriptions : dict of str to str
        By flag, the bug in a line.
    """

    precision: str
    verdicts: tuple[CaseVerdict, ...]
    bugs: dict[str, tuple[str, ...]]
    suspects: tuple[str, ...]
    unknown: tuple[str, ...]
    descriptions: dict[str, str]

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
        return "\n".join(lines)

    def _summary(self) -> str:
        """The verdict, and how many cases have each status."""
        word = "PASS" if self.passed else "FAIL"
        counts = ", ".join(f"{len(self.ids(status))} {status}" for status in STATUSES)
        return f"{word}: {len(self.verdicts)} cases in {self.precision}: {counts}"

    def _case_lines(self) -> Iterator[str]:
        """A line for each case that does not pass, and for each unknown file."""
        for verdict in self.verdicts:
            if verdict.status != "pass":
                yield f"{verdict.status:10} {verdict.id:20} {verdict.message}"
        for name in self.unknown:
            yield f"unknown    {name:20} belongs to no case"

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
        return json.dumps({"passed": self.passed, **asdict(self)}, indent=1)


def check(
    folder: str | PathLike[str],
    outputs: str | PathLike[str],
    precision: str = "float32",
) -> SuiteVerdict:
    """The verdict on the outputs of an implementation, for the suite in `folder`.

    For each case, `outputs` contains ID.out.bin, float32 or float64 (H, n_q, e), and optionally
    ID.lse.bin, (H, n_q); or ID.npz with `out` and `lse`. `precision` is what the implementation
    computes in, which sets the tolerance: float64, float32, bfloat16 or float16.

    Raises ValueError for another precision, if `folder` is no suite of this version or changed
    since it was written, and if both folders are the same; FileNotFoundError if one is missing.
    A wrong output raises nothing: it is in the verdict.
    """
    folder, outputs = Path(folder), Path(outputs)
    if precision not in BITS:
        raise ValueError(f"precision must be one of {', '.join(BITS)}, got {precision!r}")
    if not outputs.is_dir():
        raise FileNotFoundError(f"outputs must be a folder, got {outputs}")
    if outputs.resolve() == folder.resolve():
        raise ValueError(f"outputs must be another folder than the suite's, got {outputs} for both")
    index = _read_index(folder)
    entries = tqdm(index["cases"], desc="vectors", leave=False, delay=1)
    verdicts = tuple(_case_verdict(folder, outputs, entry, precision) for entry in entries)
    bugs = explanation(verdicts)
    return SuiteVerdict(
        precision,
        verdicts,
        bugs,
        () if bugs else suspects(verdicts),
        _unknown_files(outputs, index["cases"]),
        index["flags"],
    )


def explanation(verdicts: Sequence[CaseVerdict]) -> dict[str, tuple[str, ...]]:
    """The fewest bugs, taken greedily, that explain all failing cases that match a bug exactly."""
    failing = {verdict.id for verdict in verdicts if verdict.status == "fail"}
    caught_by = _cases_by_flag(verdicts)
    unexplained = [verdict for verdict in verdicts if verdict.matches]

    def rank(flag: str) -> tuple[int, int]:
        """More matches first; then fewer cases that catch the bug and yet do not fail."""
        matches = sum(flag in verdict.matches for verdict in unexplained)
        return matches, -len(caught_by[flag] - failing)

    bugs = {}
    while unexplained:
        best = max(caught_by, key=rank)
        bugs[best] = tuple(verdict.id for verdict in verdicts if best in verdict.matches)
        unexplained = [verdict for verdict in unexplained if best not in verdict.matches]
    return bugs


def _cases_by_flag(verdicts: Sequence[CaseVerdict]) -> dict[str, set[str]]:
    """The ids of the cases that catch each bug."""
    cases: dict[str, set[str]] = {}
    for verdict in verdicts:
        for flag in verdict.flags:
            cases.setdefault(flag, set()).add(verdict.id)
    return cases


def suspects(verdicts: Sequence[CaseVerdict]) -> tuple[str, ...]:
    """The flags of all failing cases and of no passing one."""
    failing = [set(verdict.flags) for verdict in verdicts if verdict.status == "fail"]
    passing = [set(verdict.flags) for verdict in verdicts if verdict.status in STATUSES[:2]]
    if not failing:
        return ()
    common = set.intersection(*failing)
    return tuple(sorted(common.difference(*passing)))


def _unknown_files(outputs: Path, entries: Collection[Entry]) -> tuple[str, ...]:
    """The files in the folder of outputs that belong to no case."""
    endings = ("npz", "out.bin", "lse.bin")
    known = {f"{entry['id']}.{ending}" for entry in entries for ending in endings}
    names = {file.name for file in outputs.iterdir()}
    return tuple(sorted(names - known))


def _read_index(folder: Path) -> dict[str, Any]:
    """index.json, of this schema and version."""
    path = folder / "index.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"folder must be a suite that `sparse-ref vectors` wrote, got {folder}, which has no "
            "index.json"
        )
    index = json.loads(path.read_text())
    version = (index.get("schema"), index.get("version")) if isinstance(index, dict) else None
    if version != (SCHEMA, VERSION):
        raise ValueError(
            f"folder must be a suite of schema {SCHEMA!r}, version {VERSION}, got {version}"
        )
    return index


def _case_verdict(folder: Path, outputs: Path, entry: Entry, precision: str) -> CaseVerdict:
    """The verdict on one case, read from both folders."""
    name, flags = entry["id"], tuple(entry["flags"])
    arrays = suite_arrays(folder, entry)
    try:
        output = read_output(outputs, entry)
    except OutputError as error:
        return CaseVerdict(name, "fail", str(error), flags)
    if output is None:
        return CaseVerdict(name, "missing", "", flags)
    status, message = compare(entry, arrays, *output, precision)
    if status != "fail":
        return CaseVerdict(name, status, message, flags)
    matches = tuple(_matching_flags(entry, arrays, *output, precision))
    return CaseVerdict(name, status, message, flags, matches)


def _matching_flags(
    entry: Entry, arrays: Arrays, out: FloatArray, lse: FloatArray | None, precision: str
) -> Iterator[str]:
    """The flags of the bugs that a wrong output matches; by its lse, if only that is wrong."""
    out_is_right = compare(entry, arrays, out, None, precision).status != "fail"
    strict = {**entry, "expected": "valid"}  # NaN matches NaN only

    def is_match(result: Result) -> bool:
        bug = {"out": out if out_is_right else result.out, "lse": result.lse}
        judged_lse = lse if out_is_right else None
        return compare(strict, bug, out, judged_lse, precision).status == "pass"

    for flag, bug_results in results(strict, arrays):
        if flag in entry["flags"] and any(is_match(result) for result in bug_results):
            yield flag
