"""A second opinion: cvc5 settles again what z3 has settled, from the exported scripts.

Source: Barbosa et al. 2022, "cvc5: A Versatile and Industrial-Strength SMT Solver".
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from threading import Timer
from time import monotonic

from .verdict import Obligation, Verdict, positive_seconds

# cvc5's options, and the share of the time that each try gets.
TRIES: tuple[tuple[float, dict[str, str]], ...] = (
    (0.5, {}),
    (0.25, {"nl-cov": "true"}),
    (0.25, {"nl-ext-tplanes": "true"}),
)
GRACE_SECONDS = 1.0  # beyond its limit, until the process is stopped
MISSING_TEXT = (
    "cvc5 is not installed, so z3 alone settles proofs: pip install 'sparse-ref[second-solver]'"
)


def is_installed() -> bool:
    """Whether cvc5 is there."""
    return find_spec("cvc5") is not None


def confirm(verdict: Verdict, *, seconds: float = 20.0) -> Verdict:
    """The verdict after cvc5 has settled again what z3 has settled for it

    Parameters
    ----------
    verdict : Verdict
        Of `prove`, `prove_hops` or `prove_invariant`.
    seconds : float
        The time limit of each obligation.

    `Verdict.solvers` becomes "z3 and cvc5"; or "z3 alone: ...", with the reason. If the solvers
    disagree, the verdict becomes "unknown". A verdict without obligations comes back as it is.

    Raises ImportError if cvc5 is missing.

    >>> import sparse_ref as sr
    >>> verdict = sr.paths.prove(sr.strided)
    >>> verdict.solvers
    'z3 alone'
    >>> sr.paths.confirm(verdict).solvers
    'z3 and cvc5'
    """
    seconds = positive_seconds(seconds)
    if not verdict.obligations:
        return verdict
    if not is_installed():
        raise ImportError(MISSING_TEXT)
    with SecondSolver() as cvc5:
        for obligation in verdict.obligations:
            answer = cvc5.answer(obligation.script, seconds)
            if answer == obligation.status:
                continue
            if answer in ("sat", "unsat"):
                return _disagreement(verdict, obligation, answer)
            reason = f"cvc5 gave up on {obligation.label} after {seconds:g} s"
            verdict = replace(verdict, solvers=f"z3 alone: {reason}")
            break
        else:
            verdict = replace(verdict, solvers="z3 and cvc5")
    return verdict


def _disagreement(verdict: Verdict, obligation: Obligation, answer: str) -> Verdict:
    """The verdict if one of the solvers must be wrong."""
    evidence = (
        f"the solvers disagree on {obligation.label}: z3 answers {obligation.status}, "
        f"cvc5 {answer}; one of them, or the script, is wrong: please report it"
    )
    return replace(verdict, status="unknown", evidence=evidence, negative_control="", solvers="")


class SecondSolver:
    """cvc5 in a process of its own, which is stopped when its time is up, and then started anew."""

    def __init__(self):
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> SecondSolver:
        return self

    def __exit__(self, *details) -> None:
        self.stop()

    def answer(self, script: str, seconds: float) -> str:
        """The answer "unsat", "sat" or "unknown" to a script, within some seconds."""
        deadline = monotonic() + seconds
        for share, options in TRIES:
            limit = min(share * seconds, deadline - monotonic())
            if limit <= 0:
                break
            answer = self._answer(script, options, limit)
            if answer in ("sat", "unsat"):
                return answer
        return "unknown"

    def _answer(self, script: str, options: dict[str, str], seconds: float) -> str:
        """What cvc5 prints with these options; "" if it was stopped."""
        process = self._running_process()
        milliseconds = str(max(1, round(1000 * seconds)))
        request = {"script": script, "options": {"tlimit-per": milliseconds, **options}}
        # cvc5 does not keep its limit everywhere, so a timer stops it a second later.
        timer = Timer(seconds + GRACE_SECONDS, process.kill)
        timer.start()
        line = ""
        try:
            with suppress(BrokenPipeError):
                print(json.dumps(request), file=process.stdin, flush=True)
                line = process.stdout.readline() if process.stdout else ""
        finally:
            timer.cancel()
        if not line:
            self.stop()
            return ""
        return json.loads(line)

    def _running_process(self) -> subprocess.Popen[str]:
        """The process, started if there is none."""
        if self.process is None:
            path = Path(__file__).with_name("cvc5_process.py")
            self.process = subprocess.Popen(
                [sys.executable, "-P", str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self.process

    def stop(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None
