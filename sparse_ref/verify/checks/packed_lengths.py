"""Packed sequences of different lengths: is each as it is alone? Only for layout thd."""

from __future__ import annotations

import numpy as np

from ..calling.arrays import ProbeError
from ..calling.subject import Subject
from .differences import differing_rows, rounding_of
from .finding import Finding, Outcome, findings_in


def check_packed_lengths(subject: Subject, seed: int) -> Outcome:
    """Sequences of lengths n / 2, n and n / 3 in one call, compared with one call each.

    A remark says so if fn refuses these lengths. Nothing is called in other layouts.
    """
    if subject.form.layout != "thd":
        return Outcome([], [])
    rng = np.random.default_rng(seed)
    sequences = [subject.normal(rng) for _ in range(3)]
    n_q, n_k = subject.n
    for at, divisor in ((0, 2), (2, 3)):
        q, k, v = sequences[at]
        queries, keys = max(1, n_q // divisor), max(1, n_k // divisor)
        k, v = k[:, :keys], v[:, :keys]
        sequences[at] = q[:, :queries], k, v
    try:
        together, dtype, _ = subject.attend_varlen(sequences)
        alone = [subject.attend_varlen([sequence])[0][0] for sequence in sequences]
    except ProbeError as error:
        if error.kind == "timeout":
            raise
        return Outcome([], [f"not checked: packed sequences of other lengths: {error}"])
    lengths = ", ".join(str(q.shape[1]) for q, _, _ in sequences)
    findings: list[Finding] = []
    for number, (out, expected) in enumerate(zip(together, alone)):
        wrong = differing_rows(out, expected, rounding_of(expected, dtype))
        text = (
            f"sequence {number} of packed ones of {lengths} queries differs from the same "
            "sequence alone, in {} (offsets, or a mask of one length?)"
        )
        findings += findings_in("batch", wrong, text, "row")
    return Outcome(findings, [])
