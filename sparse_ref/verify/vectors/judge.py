"""Reading back what an implementation wrote: which cases pass, and which known bugs the others have the numbers of."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from .files import SCHEMA, VERSION
from .flags import results
from .read import OutputError, expected, output
from .tolerance import BITS, compared

STATUSES = ("pass", "acceptable", "fail", "missing")


@dataclass(frozen=True)
class Verdict:
    """Of one case: its status, "pass", "acceptable", "fail" or "missing"; why; its flags; and `matched`, those of them whose very
    numbers came back."""

    id: str
    status: str
    message: str
    flags: tuple[str, ...]
    matched: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdicts:
    """Of all cases. True if each passes or is acceptable.

    `bugs` are, by flag, the failing cases that have the very numbers of the bug: as few bugs as explain them, the one that explains
    most of them first. Where there are none, `suspects` are the flags that each failing case has and no passing one. `unknown` are
    files in the folder of outputs that belong to no case.
    """

    precision: str
    verdicts: tuple[Verdict, ...]
    bugs: dict[str, tuple[str, ...]]
    suspects: tuple[str, ...]
    unknown: tuple[str, ...]
    said: dict[str, str]

    @property
    def passed(self) -> bool:
        """Whether no case fails or is missing."""
        return not self.of("fail") and not self.of("missing")

    def __bool__(self):
        return self.passed

    def of(self, status: str) -> tuple[str, ...]:
        """The ids of the cases with this status."""
        return tuple(verdict.id for verdict in self.verdicts if verdict.status == status)

    def __str__(self):
        counts = ", ".join(f"{len(self.of(status))} {status}" for status in STATUSES)
        lines = [
            f"{'PASS' if self.passed else 'FAIL'}: {len(self.verdicts)} cases in {self.precision}: {counts}"
        ]
        lines += [
            f"{verdict.status:10} {verdict.id:20} {verdict.message}"
            for verdict in self.verdicts
            if verdict.status != "pass"
        ]
        lines += [f"unknown    {name:20} belongs to no case" for name in self.unknown]
        lines += [
            f"points to {flag}: {self.said[flag]}; its very numbers in {len(ids)} of {len(self.of('fail'))} failing cases"
            for flag, ids in self.bugs.items()
        ]
        lines += [
            f"perhaps {flag}: {self.said[flag]}; all that fails has this flag, with other numbers"
            for flag in self.suspects
        ]
        return "\n".join(lines)

    def to_json(self) -> str:
        """All of it, as JSON."""
        return json.dumps({"passed": self.passed, **asdict(self)}, indent=1)


def check(folder, outputs, precision: str = "float32") -> Verdicts:
    """What an implementation wrote to `outputs`, held against the suite in `folder`.

    Of each case it wrote ID.out.bin, float32 or float64 (H, n_q, e), and where it likes ID.lse.bin, (H, n_q); or ID.npz with
    `out` and `lse`. `precision` says what it computes in, and with it the tolerance: float64, float32, bfloat16 or float16.

    Raises ValueError for another precision, for a folder that is no suite of this version or was changed since it was written, and
    where both folders are the same; FileNotFoundError where one is not there. Whatever is wrong with an output is its verdict.
    """
    folder, outputs = Path(folder), Path(outputs)
    if precision not in BITS:
        raise ValueError(f"precision must be one of {', '.join(BITS)}, got {precision!r}")
    if not outputs.is_dir():
        raise FileNotFoundError(f"outputs must be a folder, got {outputs}")
    if outputs.resolve() == folder.resolve():
        raise ValueError(f"outputs must be another folder than the suite's, got {outputs} for both")
    index = _index(folder)
    entries = tqdm(index["cases"], desc="vectors", leave=False, delay=1)
    verdicts = tuple(_verdict(folder, outputs, entry, precision) for entry in entries)
    names = {
        f"{entry['id']}.{end}" for entry in index["cases"] for end in ("npz", "out.bin", "lse.bin")
    }
    unknown = tuple(sorted(file.name for file in outputs.iterdir() if file.name not in names))
    bugs = explained(verdicts)
    return Verdicts(precision, verdicts, bugs, suspected(verdicts, bugs), unknown, index["flags"])


def explained(verdicts) -> dict[str, tuple[str, ...]]:
    """The fewest bugs, taken greedily, that explain the failing cases which have a bug's very numbers."""
    left = {verdict.id: verdict for verdict in verdicts if verdict.matched}
    failing = {verdict.id for verdict in verdicts if verdict.status == "fail"}
    of = {
        flag: {verdict.id for verdict in verdicts if flag in verdict.flags}
        for verdict in verdicts
        for flag in verdict.flags
    }
    bugs = {}
    while left:
        best = max(
            of,
            key=lambda flag: (
                sum(flag in verdict.matched for verdict in left.values()),
                -len(of[flag] - failing),
            ),
        )
        bugs[best] = tuple(verdict.id for verdict in verdicts if best in verdict.matched)
        left = {name: verdict for name, verdict in left.items() if best not in verdict.matched}
    return bugs


def suspected(verdicts, bugs) -> tuple[str, ...]:
    """Where no bug is found, the flags that each failing case has and no passing one."""
    failing = [set(verdict.flags) for verdict in verdicts if verdict.status == "fail"]
    passing = {
        flag
        for verdict in verdicts
        if verdict.status in ("pass", "acceptable")
        for flag in verdict.flags
    }
    return tuple(sorted(set.intersection(*failing) - passing)) if failing and not bugs else ()


def _index(folder: Path) -> dict:
    """index.json, of this schema and version."""
    path = folder / "index.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"folder must be a suite that `sparse-ref vectors` wrote, got {folder}, which has no index.json"
        )
    index = json.loads(path.read_text())
    found = (index.get("schema"), index.get("version")) if isinstance(index, dict) else None
    if found != (SCHEMA, VERSION):
        raise ValueError(
            f"folder must be a suite of schema {SCHEMA!r}, version {VERSION}, got {found}"
        )
    return index


def _verdict(folder: Path, outputs: Path, entry: dict, precision: str) -> Verdict:
    """Of one case, read from both folders."""
    arrays = expected(folder, entry)
    try:
        found = output(outputs, entry)
    except OutputError as error:
        return Verdict(entry["id"], "fail", str(error), tuple(entry["flags"]))
    if found is None:
        return Verdict(entry["id"], "missing", "", tuple(entry["flags"]))
    status, message = compared(entry, arrays, *found, precision)
    matched = tuple(_matched(entry, arrays, *found, precision)) if status == "fail" else ()
    return Verdict(entry["id"], status, message, tuple(entry["flags"]), matched)


def _matched(entry, arrays, out, lse, precision: str):
    """The flags whose numbers an output has that is wrong; or its lse, where that alone is."""
    out_is_right = compared(entry, arrays, out, None, precision)[0] != "fail"
    entry = {**entry, "expected": "valid"}
    for flag, bugs in results(entry, arrays):
        written = [
            {"out": out if out_is_right else bug_out, "lse": bug_lse} for bug_out, bug_lse in bugs
        ]
        same = (
            compared(entry, bug, out, lse if out_is_right else None, precision) for bug in written
        )
        if flag in entry["flags"] and any(status == "pass" for status, _ in same):
            yield flag
