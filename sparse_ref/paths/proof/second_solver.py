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

from .verdict import Obligation, Verdict, positive_seconds

Options = dict[str, str]

# cvc5's options, and the share of the time that each try gets.
TRIES: tuple[tuple[float, Options], ...] = (
    (0.5, {}),
    (0.25, {"nl-cov": "true"}),
    (0.25, {"nl-ext-tplanes": "true"}),
)
PATIENCE = 10  # on a busy machine, so many seconds may pass for one of the process
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
        The time limit of each obligation, of cvc5's own time: other work does not count.

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
    unsettled = []
    with SecondSolver() as cvc5:
        for obligation in verdict.obligations:
            answer = cvc5.answer(obligation.script, seconds)
            if answer == "unknown":
                unsettled.append(obligation.label)
            elif answer != obligation.status:
                return _disagreement(verdict, obligation, answer)
    if unsettled:
        reason = f"cvc5 gave up on {', '.join(unsettled)} after {seconds:g} s"
        return replace(verdict, solvers=f"z3 alone: {reason}")
    return replace(verdict, solvers="z3 and cvc5")


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
        for share, options in TRIES:
            answer = self._answer(script, options, share * seconds)
            if answer in ("sat", "unsat"):
                return answer
        return "unknown"

    def _answer(self, script: str, options: Options, seconds: float) -> str:
        """What cvc5 prints with these options; "" if it was stopped."""
        process = self._running_process()
        request = dict(script=script, options=options, seconds=seconds)
        timer = Timer(PATIENCE * (seconds + 1), process.kill)
        timer.start()
        line = ""
        try:
            with suppress(BrokenPipeError):
                print(json.dumps(request), file=process.stdin, flush=True)
                line = process.stdout.readline() if process.stdout else ""
        finally:
            timer.cancel()
        if line.endswith("\n"):
            return json.loads(line)
        self.stop()
        return ""

    def _running_process(self) -> subprocess.Popen[str]:
        """The process, started if there is none."""
        if self.process is None:
            path = Path(__file__).with_name("cvc5_process.py")
            command = [sys.executable, "-P", str(path)]
            self.process = subprocess.Popen(
                command,
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
