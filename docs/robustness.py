"""The page of what was attacked, written from the counts of deep runs: python docs/robustness.py

`make test-deep` and `make test-cuda-deep` write the counts; a test holds the page equal to them.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tests"))

from withstood import ATTACKS, stored_counts  # noqa: E402

INTRODUCTION = """\
# Robustness

A reference is trusted as long as nobody has seen it crash, lie or take the whole machine. It was
attacked, class by class, by programs with oracles of their own. What broke was mended; what
withstood is attacked again, by tests of the same kind, with at least as many cases.

```text
make test-deep        the random tests at full length, on the CPU: hours
make test-cuda-deep   the CUDA kernels, on Numba's simulator
```

`make test` runs the same tests with few cases each. The oracles import nothing of what they judge:
`tests/exact_sets.py` states every pattern again, by comprehension over Python's integers;
`tests/exact_attention.py` computes attention and gradients in longdouble, with the error that
rounding may cause for these data; `tests/paths/products.py` multiplies matrices.

`make mutants ROOM=lower` tests the tests: it draws single changes of an operator or a constant in a
room's source, and runs the room's tests with each. A survivor computes the same, or a test is
missing.

## What is attacked
"""

COUNTED = """
"Attack" is the number of cases of the attack, "repeated" that of the last deep run, in which
"wrong" counts the tests that failed. `docs/robustness.py` writes this table from
`docs/robustness.json`, which those two commands write. A row without a number was not counted yet.
"""

LIMITS = [  # (limit, test)
    (
        "`dense` and `mask` take at most 4096 queries or keys, a picture in text 256",
        "tests/lower/test_lower.py::test_bad_input_is_refused_by_name",
    ),
    (
        "The four steps of `strided` and `fixed` lower at n = 1,000,000 in less than 4 GB",
        "tests/lower/test_lower.py::test_strided_and_fixed_lower_at_a_million_in_little_memory",
    ),
    (
        "Expressions of depth 5 lower at n = 100,000 in at most 64 bytes per pair and per query of "
        "each leaf, and 200 MB, in 10 s of CPU time",
        "tests/lower/test_blow_up.py::"
        "test_random_expressions_of_depth_5_lower_in_the_memory_of_their_pairs",
    ),
    (
        "Every family of the catalogue lowers at n = 99,856 in at most 400 bytes per pair and per "
        "four queries",
        "tests/lower/test_large.py::"
        "test_a_family_lowers_at_100_000_in_memory_that_grows_with_its_pairs",
    ),
    (
        "Paths at one length take at most 32,768 positions",
        "tests/paths/test_extent.py::test_refusals",
    ),
    (
        "`verify.check` allocates no array of all pairs at n = 30,000",
        "tests/verify/test_large_n.py::test_no_array_of_every_pair_is_made",
    ),
    (
        "A function that hangs ends its check after `seconds`; what was found before stays",
        "tests/verify/test_large_n.py::"
        "test_what_hangs_raises_or_differs_late_loses_nothing_of_what_was_found",
    ),
    (
        "`sr.parse` reads at most 2000 characters",
        "tests/test_notation.py::test_refusals_point_at_the_column",
    ),
]


def tests_of() -> dict[str, list[str]]:
    """{attack: file::test} of every test that is decorated by `withstands`, from source."""
    tests: dict[str, list[str]] = {name: [] for name in ATTACKS}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, test in decorated_tests(file):
            tests[name].append(f"{file.relative_to(ROOT).as_posix()}::{test}")
    return tests


def decorated_tests(file: Path) -> Iterator[tuple[str, str]]:
    """(attack, test) of a file."""
    text = file.read_text()
    if "withstands(" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        for decorator in getattr(node, "decorator_list", []):
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "withstands":
                yield ast.literal_eval(decorator.args[0]), node.name


def row(name: str, tests: list[str]) -> str:
    """An attack, its judge, its numbers and its tests."""
    attack = ATTACKS[name]
    stored = stored_counts().get(name, {})
    counted = [stored[test] for test in tests if test in stored]
    repeated = f"{sum(entry['cases'] for entry in counted):,}" if counted else ""
    wrong = str(sum(entry["wrong"] for entry in counted)) if counted else ""
    files = dict.fromkeys(test.split("::")[0] for test in tests)
    names = ", ".join(f"`{file}`" for file in files)
    cells = attack.what, attack.judge, f"{attack.cases:,}", repeated, wrong, names
    return f"| {' | '.join(cells)} |"


def page() -> str:
    """The text of the page."""
    rows = [row(name, tests) for name, tests in tests_of().items()]
    limits = [f"| {limit} | `{test.split('::')[0]}` |" for limit, test in LIMITS]
    return "\n".join(
        [
            INTRODUCTION,
            "| what | judge | attack | repeated | wrong | tests |",
            "|---|---|--:|--:|--:|---|",
            *rows,
            COUNTED,
            "## Limits",
            "",
            "| limit | test |",
            "|---|---|",
            *limits,
            "",
        ]
    )


if __name__ == "__main__":
    (HERE / "robustness.md").write_text(page())
    print(HERE / "robustness.md")
