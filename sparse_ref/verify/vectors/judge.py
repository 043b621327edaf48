"""Judge the outputs of an implementation: which cases pass, which known bugs the others match."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from os import PathLike
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from tqdm import tqdm

from ...sets.types import FloatArray
from ..calling.rounded_attention import BITS
from .comparison import AXES, compare
from .flags import results
from .index import read_index
from .outputs import Output, read_output, suite_arrays
from .regular_files import FileError
from .selection import globs, matching_ids
from .statement import Arrays, Entry
from .verdict import STATUSES, CaseVerdict, SuiteVerdict

LSE_BASES = ("natural", "base2")
MAX_UNKNOWN = 1000
LseBase = Literal["natural", "base2"]
Tolerance = dict[str, float]  # by precision


def check(
    folder: str | PathLike[str],
    outputs: str | PathLike[str],
    precision: str = "float32",
    *,
    only: str | Iterable[str] | None = None,
    lse: LseBase = "natural",
) -> SuiteVerdict:
    """The verdict on the outputs of an implementation, for the suite in `folder`.

    For each case, `outputs` contains ID.out.bin, float32 or float64 (H, n_q, e), and optionally
    ID.lse.bin, (H, n_q); or ID.npz with `out` and `lse`. Of a case with gradients it contains
    ID.dq.bin, ID.dk.bin and ID.dv.bin, and optionally the others.

    Parameters
    ----------
    folder, outputs : path
        The suite, and what the implementation wrote.
    precision : str
        What the implementation computes in, which sets the tolerance: float64, float32, bfloat16 or
        float16.
    only : str or iterable of str
        Judge only the cases whose ids match one of these globs, "lookback*,grouped*". What is not
        judged is not passed: the verdict says "12 of 100 cases".
    lse : "natural" or "base2"
        The base of the logarithm in the outputs.

    Both folders may come from anyone: only regular files in them are read, no more of these than
    the arrays of a case take, and nothing is unpickled or run.

    Raises ValueError for another precision or lse, if a glob matches no case, if `folder` is no
    suite of this version or changed since it was written, if a field of its index.json is not as
    `write` writes it, and if both folders are the same; OSError if one is missing or cannot be
    listed. A wrong output raises nothing, whatever its file is: it is in the verdict.
    """
    folder, outputs = Path(folder), Path(outputs)
    _check_choice("precision", precision, BITS)
    _check_choice("lse", lse, LSE_BASES)
    if not outputs.is_dir():
        raise FileNotFoundError(f"outputs must be a folder, got {outputs}")
    if os.path.realpath(outputs) == os.path.realpath(folder):
        raise ValueError(f"outputs must be another folder than the suite's, got {outputs} for both")
    index = read_index(folder)
    chosen = globs(only)
    ids = matching_ids([entry["id"] for entry in index["cases"]], chosen)
    files = _Files.of_folder(outputs, index["cases"])
    factor = np.log(2) if lse == "base2" else 1.0
    judge = _Judge(folder, outputs, files.known, precision, factor)
    entries = [entry for entry in index["cases"] if entry["id"] in ids]
    bar = tqdm(entries, desc="vectors", leave=False, delay=1, disable=None)
    with np.errstate(all="ignore"):  # whatever numbers an output has
        verdicts = tuple(judge.verdict(entry) for entry in bar)
    bugs = explanation(verdicts)
    return SuiteVerdict(
        precision,
        verdicts,
        bugs,
        () if bugs else suspects(verdicts),
        files.unknown,
        index["flags"],
        index["total"],
        chosen or tuple(index["only"]),
    )


def _check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Raise ValueError if a value is none of the choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


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
    """The ids of the cases that catch each bug, for all bugs that are caught or matched."""
    cases: dict[str, set[str]] = {}
    for verdict in verdicts:
        for flag in verdict.flags:
            cases.setdefault(flag, set()).add(verdict.id)
        for flag in verdict.matches:  # which may be caught in part only
            cases.setdefault(flag, set())
    return cases


def suspects(verdicts: Sequence[CaseVerdict]) -> tuple[str, ...]:
    """The flags of all failing cases and of no passing one."""
    failing = [set(verdict.flags) for verdict in verdicts if verdict.status == "fail"]
    passing = [set(verdict.flags) for verdict in verdicts if verdict.status in STATUSES[:2]]
    if not failing:
        return ()
    common = set.intersection(*failing)
    return tuple(sorted(common.difference(*passing)))


class _Files(NamedTuple):
    """The names in the folder of outputs: those of cases, and the first of the others."""

    known: frozenset[str]
    unknown: tuple[str, ...]

    @classmethod
    def of_folder(cls, outputs: Path, entries: Iterable[Entry]) -> _Files:
        """The names that belong to cases, and up to MAX_UNKNOWN that do not."""
        endings = ("npz", *(f"{name}.bin" for name in AXES))
        names = {f"{entry['id']}.{ending}" for entry in entries for ending in endings}
        known = set()

        def unknown_names() -> Iterator[str]:
            with os.scandir(outputs) as files:
                for file in files:
                    if file.name in names:
                        known.add(file.name)
                    else:
                        yield file.name

        unknown = nsmallest(MAX_UNKNOWN, unknown_names())
        return cls(frozenset(known), tuple(unknown))


@dataclass(frozen=True)
class _Judge:
    """Both folders, the precision, and the factor that turns the lse of outputs into natural."""

    folder: Path
    outputs: Path
    names: frozenset[str]
    precision: str
    lse_factor: float

    def verdict(self, entry: Entry) -> CaseVerdict:
        """The verdict on one case, read from both folders."""
        name, flags = entry["id"], tuple(entry["flags"])
        arrays = suite_arrays(self.folder, entry)
        try:
            output = read_output(self.outputs, entry, self.names)
        except (FileError, FileNotFoundError) as error:
            return CaseVerdict(name, "fail", str(error), flags)
        if output is None:
            return CaseVerdict(name, "missing", "", flags)
        if "lse" in output:
            output["lse"] = output["lse"] * self.lse_factor
        status, message = compare(entry, arrays, output, self.precision)
        if status != "fail":
            return CaseVerdict(name, status, message, flags)
        matches = tuple(self._matching_flags(entry, arrays, output))
        return CaseVerdict(name, status, message, flags, matches)

    def _matching_flags(self, entry: Entry, arrays: Arrays, output: Output) -> Iterator[str]:
        """The flags of the bugs that a wrong output matches; by its lse, if only that is wrong."""
        required = {name: output[name] for name in entry["outputs"]}
        optional = {name: x for name, x in output.items() if name not in required}
        is_right = compare(entry, arrays, required, self.precision).status != "fail"
        judged = optional if is_right else required
        flags = entry["flags"] + entry["flags_in_part"]
        for flag, bug_results in results(entry, arrays, flags):
            bugs = [bug.by_name() for bug in bug_results]
            if any(self._is_match(entry, arrays, bug, judged) for bug in bugs):
                yield flag

    def _is_match(self, entry: Entry, arrays: Arrays, bug: Arrays, output: Output) -> bool:
        """Whether an output is what a bug produces, to the error that such numbers have."""
        if not output.keys() <= bug.keys():
            return False
        wider = {name: _tolerance(entry, arrays, bug, name) for name in output}
        strict = {**entry, "expected": "valid", "tolerance": wider}  # NaN matches NaN only
        return compare(strict, bug, output, self.precision).status == "pass"


def _tolerance(entry: Entry, arrays: Arrays, bug: Arrays, name: str) -> Tolerance:
    """The tolerances of an array; larger as the numbers of a bug are larger than the right ones."""
    of_bug, of_right = _size(bug[name]), _size(arrays[name])
    factor = max(1.0, of_bug / of_right) if of_right else 1.0
    tolerance = entry["tolerance"][name]
    return {precision: factor * tolerance[precision] for precision in tolerance}


def _size(x: FloatArray) -> float:
    """The largest finite number, without its sign."""
    is_finite = np.isfinite(x)
    return float(np.abs(x).max(initial=0, where=is_finite))
