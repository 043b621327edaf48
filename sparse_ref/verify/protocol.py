"""The protocol: what is asked of an implementation at one length, and how it is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..sets.pattern import Pattern
from ..sets.shifted import Shifted
from ..sets.types import FloatArray, Length
from .calling.arrays import ProbeError
from .calling.rounded_attention import bits_of
from .calling.subject import CallOptions, Subject
from .calling.trials import hint, with_batch
from .checks.alignment import alignment_findings
from .checks.assumptions import broken_assumptions, check_batch
from .checks.coverage import cut_keys, leak_coverage, set_coverage
from .checks.extreme_logits import extreme_findings
from .checks.finding import Finding
from .checks.ghosts import row_sum_findings
from .checks.gradients import VJP, gradient_findings
from .checks.key_heads import key_head_findings
from .checks.linearity import range_findings
from .checks.number_causes import number_cause_findings
from .checks.numbers import compare_numbers, number_findings, rounding_remarks
from .checks.packed_lengths import check_packed_lengths
from .checks.poison import poison_findings
from .checks.score_curve import score_findings
from .checks.sets import leak_findings, set_findings
from .checks.value_width import value_width_findings
from .meaning.meaning import Meaning
from .meaning.statement import Statement
from .naming.diagnosis import Diagnosis, diagnose
from .naming.large_names import RowSample, diagnose_sample
from .reading.evidence import Evidence, Leaks, read_every_pair
from .reading.leaks import read_leaks
from .reading.sample import Sampled, read_sample
from .report.report import Report

EXPLAINING = ("factor", "curve")  # kinds of causes that look like the next ones
EXPLAINABLE = {"ghost", "bias"}
CLEAR_LENGTH = 4  # positions, below which axes may be mistaken for others
MAX_PAIRS = 1 << 20  # of all heads, up to which every pair is read
CONFOUNDING = {"leak", "overflow", "ghost", "row sum", "curve", "scale", "nan"}  # of large logits


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of an implementation, beyond its pattern and its n.

    inputs : q (H, n_q, d) and k (G, n_k, d), for sets that depend on them.
    align : the alignment that was asked for.
    """

    meaning: Meaning = field(default_factory=Meaning)
    seed: int = 0
    gradients: VJP | None = None
    exhaustive: bool | None = None
    inputs: tuple[FloatArray, FloatArray] | None = None
    align: str | None = None

    def options(self) -> dict[str, Any]:
        """What differs from a question without options, as the parameters of `check`."""
        options = {**vars(self.meaning), "gradients": self.gradients, "align": self.align}
        options["exhaustive"] = self.exhaustive
        if self.inputs is not None:
            options["q"], options["k"] = self.inputs
        return options


def report_at(
    fn: Callable[..., Any],
    patterns: tuple[Pattern, ...],
    n: Length,
    options: CallOptions,
    question: Question,
) -> Report:
    """The report at one length; findings are kept as they come, for fn may fail later."""
    subject = Subject.new(fn, n, len(patterns), options)
    call = {**vars(options), **question.options()}
    report = Report(patterns, subject.n, question.seed, fn, call, form=subject.form)
    findings: list[Finding] = []
    try:
        with np.errstate(all="ignore"):  # outputs may be NaN or inf
            Judge(subject, question, report, findings).judge()
    except ProbeError as error:
        findings.append(Finding(error.kind, str(error)))
    report.remarks += [*call_remarks(subject), *cut_keys(patterns, subject.n[1])]
    is_given = "layout" not in options.choice
    layout = hint(subject) if findings and is_given else ""
    if layout:
        findings.insert(0, Finding("layout", layout))
        report.diagnosis = ()
    report.findings = tuple(findings)
    return report


def conforms_at(
    fn: Callable[..., Any],
    patterns: tuple[Pattern, ...],
    n: Length,
    options: CallOptions,
    question: Question,
) -> bool:
    """Whether random sums of all rows, and numbers in some, are right: a few calls.

    Raises ProbeError if fn does.
    """
    subject = Subject.new(fn, n, len(patterns), options)
    with np.errstate(all="ignore"):  # outputs may be NaN or inf
        return _conforms(subject, patterns, question)


def _conforms(subject: Subject, patterns: tuple[Pattern, ...], question: Question) -> bool:
    """`conforms_at` of a subject."""
    statement = statement_of(subject, patterns, question)
    evidence = read_sample(subject, patterns, statement, question.seed, reads_keys=False)
    conforming = evidence.conforming[evidence.totals.nonempty]
    if not conforming.all() or evidence.wrongly_nonzero.any():
        return False
    numbers = compare_numbers(subject, evidence, question.seed)
    return not list(number_findings(numbers, statement.scale))


def statement_of(subject: Subject, patterns: tuple[Pattern, ...], question: Question) -> Statement:
    """What is meant at this length."""
    offsets = {p.offset if isinstance(p, Shifted) else 0 for p in patterns}
    offset = offsets.pop() if len(offsets) == 1 else 0
    return Statement(question.meaning, subject.heads, subject.n, subject.d, offset)


@dataclass(eq=False)
class Judge:
    """The protocol, in steps, the same for small and for large n."""

    subject: Subject
    question: Question
    report: Report
    findings: list[Finding]

    def judge(self) -> None:
        """Fill the report and the findings."""
        subject, seed = self.subject, self.question.seed
        evidence = self._read_sets()
        leaks = self._read_leaks(evidence)
        broken = list(broken_assumptions(subject, seed))
        if broken:
            self.report.evidence, self.report.diagnosis = None, ()
            self.findings[:] = broken
            return
        if evidence.totals.has_wrong_sum().any():
            self.findings += row_sum_findings(subject, evidence)
        self._check_batch()
        self.findings += range_findings(subject, seed)
        if subject.kv_heads > 1:
            self.findings += key_head_findings(subject, evidence)
        self._compare_numbers(evidence, leaks)
        self._probe_extremes(evidence)
        vjp, has_rows = self.question.gradients, evidence.conforming[:, evidence.rows].any()
        if vjp is not None and has_rows:
            self.findings += gradient_findings(subject, evidence, vjp, seed)

    def _probe_extremes(self, evidence: Evidence) -> None:
        """Very large logits and wide values, unless their outputs have another cause."""
        if any(finding.kind in CONFOUNDING for finding in self.findings):
            return
        if self.question.meaning.sinks is not None and bits_of(evidence.totals.dtype) < 24:
            text = (
                "not checked: logits of 1e4, since sinks leave weights that half precision rounds"
            )
            self.report.remarks.append(text)
            return
        for probe in (extreme_findings, value_width_findings):
            outcome = probe(self.subject, evidence, self.question.seed)
            self.findings += outcome.findings
            self.report.remarks += outcome.remarks

    def _check_batch(self) -> None:
        """Whether each sequence of a batch has the output that it has by itself."""
        batched = with_batch(self.subject)
        if batched is None:
            return
        if batched.choice and max(batched.n) < CLEAR_LENGTH:
            return
        for batch_check in (check_batch, check_packed_lengths):
            outcome = batch_check(batched, self.question.seed)
            self.findings += outcome.findings
            self.report.remarks += outcome.remarks

    def _read_sets(self) -> Evidence:
        """The sets, their findings and what explains them."""
        subject, report, question = self.subject, self.report, self.question
        patterns = report.patterns
        statement = statement_of(subject, patterns, question)
        evidence: Evidence
        if self._is_exhaustive():
            every_pair = read_every_pair(subject, patterns, statement, question.inputs)
            evidence = every_pair
            counts = np.where(evidence.uneven[..., None], 0, evidence.multiplicity)
            report.diagnosis = diagnose(patterns, evidence.expected, evidence.actual, counts)
        else:
            evidence = read_sample(subject, patterns, statement, question.seed)
            report.remarks += set_coverage(evidence)
            report.diagnosis = _diagnose_sample(evidence)
        report.evidence = evidence
        self.findings += alignment_findings(evidence, patterns, subject.n, question.align)
        self.findings += set_findings(subject, evidence)
        return evidence

    def _is_exhaustive(self) -> bool:
        """Every pair if there are few or if the question says so; otherwise random sums."""
        n_q, n_k = self.subject.n
        if self.question.inputs is not None:
            return True
        if self.question.exhaustive is None:
            return self.subject.heads * n_q * n_k <= MAX_PAIRS
        return self.question.exhaustive

    def _read_leaks(self, evidence: Evidence) -> Leaks | None:
        """What masked keys do; None if q and k are given."""
        leaks = evidence.leaks
        if leaks is None and isinstance(evidence, Sampled):
            leaks = read_leaks(self.subject, evidence, self.question.seed)
            self.report.remarks += leak_coverage(evidence, leaks)
            self.findings += leak_findings(self.subject, evidence, leaks)
        if evidence.base.is_given:
            self.report.remarks.append("not checked: finite masks, since q and k are given")
        return leaks

    def _compare_numbers(self, evidence: Evidence, leaks: Leaks | None) -> None:
        """The numbers, why they are wrong, and what keys outside the sets do."""
        subject, report, seed = self.subject, self.report, self.question.seed
        statement = evidence.base.statement
        assert statement is not None
        report.numbers = compare_numbers(subject, evidence, seed)
        report.remarks += rounding_remarks(report.numbers)
        causes = list(number_cause_findings(subject, evidence, report.numbers, seed))
        if any(cause.kind in EXPLAINING for cause in causes):
            explained = EXPLAINABLE | ({"leak"} if evidence.is_sample else set())
            self.findings[:] = [x for x in self.findings if x.kind not in explained]
        self.findings[:0] = causes
        self.findings += number_findings(report.numbers, statement.scale)
        has_leaks = leaks is not None and leaks.leaks.any()
        is_given = evidence.base.is_given
        is_explained = causes or any(x.wrong and x.is_fitted for x in report.numbers)
        is_wrong = any(numbers.wrong for numbers in report.numbers)
        if is_wrong and not is_given and not is_explained:
            self.findings += score_findings(subject, statement, evidence.totals.dtype, seed)
        is_broken = any(numbers.broken for numbers in report.numbers)
        if not (is_wrong or is_broken or has_leaks or is_given):
            poison = poison_findings(subject, evidence, seed)
            self.findings += poison.findings
            report.remarks += poison.remarks


def call_remarks(subject: Subject) -> list[str]:
    """What a caller of fn should know: what it writes over, another dtype or byte order."""
    remarks = []
    facts, dtype = subject.facts, subject.form.dtype
    if facts.writes:
        remarks.append(f"note, no failure: fn writes over {', '.join(sorted(facts.writes))}")
    others = sorted(facts.out_dtypes - {dtype})
    if others:
        remarks.append(f"note, no failure: fn returns {', '.join(others)} for {dtype}")
    if facts.swapped:
        names = ", ".join(sorted(facts.swapped))
        remarks.append(f"note, no failure: fn returns {names}, of another byte order")
    return remarks


def _diagnose_sample(evidence: Sampled) -> tuple[Diagnosis, ...]:
    """What explains the heads whose rows mismatch."""
    sample = RowSample(evidence.rows, evidence.expected, evidence.actual, evidence.known)
    return diagnose_sample(evidence.patterns, evidence.sums, evidence.mismatched, sample)
