"""What was attacked, and how many cases of it the tests repeat: a count for each class of attack.

A test that repeats one is decorated, inside `@given` and `@parametrize`; each call that passes is a
case. `pytest --count-cases` writes the counts of the tests that it ran to `docs/robustness.json`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TypeVar

from hypothesis import settings
from hypothesis.errors import UnsatisfiedAssumption

F = TypeVar("F", bound=Callable)
ROOT = Path(__file__).parents[1]
COUNTS = ROOT / "docs" / "robustness.json"
IS_DEEP = settings.get_current_profile_name() == "deep"


@dataclass(frozen=True)
class Attack:
    """A class of attack: what was tried, what held as the judge, and how many cases it took.

    `cases` is the least number of cases that a deep run repeats.
    """

    name: str
    what: str
    judge: str
    cases: int


ATTACKS = {
    attack.name: attack
    for attack in (
        Attack(
            "lowering",
            "Lowering of random trees, n to 150: `csr`, `nnz`, `dense`, `plan`, `bsr`, `row`, "
            "`contains`, `repr`, hash",
            "sets by comprehension",
            10_516,
        ),
        Attack("long lowering", "The same at n = 500 to 3000", "sets by comprehension", 53),
        Attack(
            "huge integers",
            "Parameters, queries and keys up to 10^18",
            "sets by comprehension, in Python's integers",
            20,
        ),
        Attack(
            "kernels",
            "Kernels and gradients: four dtypes, d and e to 200, grouped heads, batches, strides, "
            "byte order, read-only arrays, threads",
            "softmax in longdouble, error budgets from the data",
            4_996,
        ),
        Attack(
            "hostile numbers",
            "NaN, infinities, largest and subnormal numbers anywhere, scales to 10^4, forward and "
            "backward",
            "bits of the rows that do not see them",
            13_047,
        ),
        Attack(
            "paths",
            "Finite paths: `reach`, `hops`, `shortest`, `distance`, `count`, `diameter`, "
            "`growth`, `why_not`, stars, Hamiltonian paths",
            "Boolean and integer products of matrices, dynamic programming",
            808,
        ),
        Attack(
            "proofs",
            "`prove` on random families, tried at other numbers",
            "Boolean products of matrices",
            973,
        ),
        Attack(
            "verdicts",
            "`verify.check` of random sets against random sets, and with one key flipped",
            "sets by comprehension",
            683,
        ),
        Attack("right styles", "Right implementations in odd styles", "they must pass", 38),
        Attack("long verdicts", "`verify.check` at n = 2100 to 3000", "known faults", 7),
        Attack("wrong implementations", "Wrong implementations", "they must fail", 69),
        Attack("wrong gradients", "Wrong gradients", "they must fail", 7),
        Attack(
            "CUDA",
            "CUDA kernels on Numba's simulator, threads in drawn order (`make test-cuda-deep`)",
            "softmax in longdouble",
            112,
        ),
        Attack(
            "odd arguments",
            "Odd arguments at the public functions",
            "TypeError, ValueError or IndexError that names them",
            98,
        ),
        Attack(
            "concurrency",
            "Calls from 8 threads, other threading layers, spawn, forkserver, interrupts",
            "bits of one caller, a time limit",
            1_600 + 150,
        ),
        Attack("notation", "Hostile texts for `sr.parse`", "an audit hook: nothing runs", 81),
        Attack(
            "number table",
            "Sums of 100,000 keys, cancelling values, logits of 10^4, d = 4096",
            "softmax in longdouble, a fixed largest error",
            7,
        ),
        Attack(
            "tampered arrays", "CSR, Plan and other arrays with a field tampered", "no signal", 61
        ),
        Attack(
            "deceptive families", "Families that branch on their parameters", "no false proof", 1
        ),
        Attack("second solver", "Proved theorems settled again by cvc5", "the same verdict", 1),
        Attack(
            "lowering memory", "Expressions of depth 5 at n = 100,000", "memory and time limits", 1
        ),
        Attack(
            "hostile files", "Files for `vectors --check` and the readers", "one clear error", 1
        ),
        Attack("hostile texts", "Terminal escapes, NUL, surrogates in reports", "shown escaped", 1),
        Attack("range", "Values and products near the ends of float32", "softmax in longdouble", 1),
    )
}

counts: Counter[tuple[str, str]] = Counter()
failures: set[tuple[str, str]] = set()


def withstands(name: str, cases: int = 1) -> Callable[[F], F]:
    """Count each call of a test that passes as so many cases of the attack `name`."""
    if name not in ATTACKS:
        raise ValueError(f"name must be one of {', '.join(ATTACKS)}, got {name!r}")

    def decorate(test: F) -> F:
        file = Path(test.__code__.co_filename).relative_to(ROOT).as_posix()
        key = name, f"{file}::{test.__qualname__}"

        @wraps(test)
        def counted(*args, **options):
            try:
                test(*args, **options)
            except UnsatisfiedAssumption:
                raise
            except Exception:
                failures.add(key)
                raise
            counts[key] += cases

        return counted  # type: ignore[return-value]

    return decorate


def examples(deep: int, fast: int = 20) -> settings:
    """Hypothesis settings: how many examples the deep profile draws, and how many the fast one."""
    return settings(max_examples=deep if IS_DEEP else fast)


def tally() -> list[list]:
    """[attack, test, cases, failed] of this process, as JSON keeps it."""
    keys = sorted({*counts, *failures})
    return [[*key, counts[key], key in failures] for key in keys]


def merge_tallies(tallies: list[list]) -> dict[str, dict[str, dict[str, int]]]:
    """{attack: {test: {"cases": ..., "wrong": ...}}} of the tallies of all processes."""
    merged: dict[str, dict[str, dict[str, int]]] = {}
    for name, test, cases, failed in tallies:
        entry = merged.setdefault(name, {}).setdefault(test, {"cases": 0, "wrong": 0})
        entry["cases"] += cases
        entry["wrong"] = max(entry["wrong"], int(failed))
    return merged


def stored_counts() -> dict[str, dict[str, dict[str, int]]]:
    """The counts that the last deep runs wrote."""
    return json.loads(COUNTS.read_text()) if COUNTS.exists() else {}


def store(tallies: list[list]) -> None:
    """Write the counts of a run; those of tests that it did not run stay."""
    stored = stored_counts()
    for name, tests in merge_tallies(tallies).items():
        stored.setdefault(name, {}).update(tests)
    COUNTS.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")
