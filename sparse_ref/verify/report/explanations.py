"""Which explanation of a difference is reported: one for each head, and what else fits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..checks.finding import Finding
from ..naming.diagnosis import Diagnosis

DESCRIPTIONS = ("left edge", "right edge", "future", "documents")  # of a part of the difference
FACTS = ("nothing", "twice", "empty rows")  # true next to any other explanation
REASONS = ("kv map", "factor", "scale", "curve")  # findings that explain wrong numbers
CALL = re.compile(r"fn\(q .*?, (?=(?:raised|returned|must return|ran|was|wrote|gave)\b)", re.S)
ENDS_OF_CAUSE = re.compile(
    r"; |: error| \(random,| \(query|, at |, as if |, which |, so |, in \d|, masked "
    r"|(?<=\?\)): query head "
)
MAX_CAUSE = 120  # characters of a cause that is cut out of a finding


def first_explanations(
    diagnoses: Iterable[Diagnosis],
) -> tuple[list[Diagnosis], list[Diagnosis]]:
    """(what to report, what also fits): the first explanation of each head, and all others.

    Descriptions of a part of the difference are reported only for heads without an explanation.
    What also fits has another name than the explanation that is reported.
    """
    ranked = sorted(_merge_counts(diagnoses), key=_rank)
    explained = {h for x in ranked if x.kind not in DESCRIPTIONS for h in x.heads}
    first: list[Diagnosis] = []
    others: list[Diagnosis] = []
    names: dict[int, str] = {}
    for diagnosis in ranked:
        heads = diagnosis.heads
        if diagnosis.kind in DESCRIPTIONS:
            first += [] if explained.issuperset(heads) and heads else [diagnosis]
        elif diagnosis.kind in FACTS:
            first.append(diagnosis)
        elif not heads or not names.keys() >= set(heads):
            first.append(diagnosis)
            names |= dict.fromkeys(heads, diagnosis.name)
        elif not diagnosis.name or {names[h] for h in heads} != {diagnosis.name}:
            others.append(diagnosis)
    return first, others


def _merge_counts(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    """The diagnoses, those of one cause and name, which differ only in counts, as one."""
    merged: dict[tuple[str, ...], Diagnosis] = {}
    for diagnosis in diagnoses:
        kind, name, cause = diagnosis.kind, diagnosis.name, diagnosis.cause
        key = (kind, name, cause) if cause else (kind, name, cause, diagnosis.text)
        earlier = merged.setdefault(key, diagnosis)
        heads = tuple(sorted({*earlier.heads, *diagnosis.heads}))
        merged[key] = replace(earlier, heads=heads)
    return list(merged.values())


def _rank(diagnosis: Diagnosis) -> int:
    """How early a diagnosis is reported: specific faults before names, names before the rest."""
    kind, name = diagnosis.kind, diagnosis.name
    if kind in ("head modulo", "heads permuted", "alignment"):
        return 0
    if kind == "named":
        return 1 if name in ("Causal()", "Full()") else 3  # rounding often ends in these two
    if kind in ("transposed", "inverted", "shifted") or (kind.endswith("missing") and name):
        return 1
    return 2 if kind == "rounded" else 4


def finding_cause(findings: Sequence[Finding]) -> str:
    """The first finding in few words; if it is wrong numbers, the finding that explains these."""
    first = findings[0]
    reasons = [finding for finding in findings if finding.kind in REASONS]
    if first.kind == "numerics" and reasons:
        first = reasons[0]
    message = CALL.sub("", first.message, count=1)
    lines = message.strip().split("\n")
    if lines[0] != first.message:  # what fn said of itself is not cut at its punctuation
        return _short_text(lines[0])
    text = ENDS_OF_CAUSE.split(lines[0])[0]
    return _short_text(text.removeprefix("fn "))


def finding_text(finding: Finding, cause: str) -> str:
    """The finding in one entry of a list, without what the first line says word by word."""
    call = CALL.match(finding.message)
    message = CALL.sub("", finding.message, count=1)
    first, _, others = message.strip().partition("\n")
    if call and first == cause:
        place = f"{finding.kind}: in the call {call[0].removesuffix(', ')}"
        return f"{place}\n{others}" if others else place
    return str(finding)


def heads_in_words(heads: Sequence[int], count: int) -> str:
    """`all 8 heads`, `heads 0 to 2, 5` or `head 0`, of so many heads."""
    if len(heads) == count > 1 or not heads:
        return f"all {count} heads" if count > 1 else "head 0"
    runs: list[list[int]] = []
    for head in sorted(heads):
        if runs and head == runs[-1][-1] + 1:
            runs[-1].append(head)
        else:
            runs.append([head])
    return f"head{'s' * (len(heads) > 1)} {', '.join(map(_run_in_words, runs))}"


def _run_in_words(run: Sequence[int]) -> str:
    """Consecutive numbers: 3, or 3, 4, or 3 to 5."""
    if len(run) > 2:
        return f"{run[0]} to {run[-1]}"
    return ", ".join(map(str, run))


def _short_text(text: str) -> str:
    """The text, cut at a blank if it is long."""
    if len(text) <= MAX_CAUSE:
        return text
    return f"{text[: MAX_CAUSE - 3].rsplit(' ', 1)[0]} ..."
