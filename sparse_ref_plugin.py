"""The hooks of pytest. They import nothing of the library until a test module uses it.

pytest loads this module in every project of an environment that has sparse_ref installed, where it
must cost nothing: that is why it is outside the package.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest

OPTIONS: dict[str, dict[str, Any]] = {
    "--attention-mutants": {
        "action": "store_true",
        "help": "run the tests against known wrong versions of the functions under "
        "@sparse_ref.conforms, and print which survive",
    },
    "--attention-target": {
        "metavar": "MODULE:FUNCTION",
        "help": "a function without @sparse_ref.conforms; needs --attention-pattern",
    },
    "--attention-pattern": {
        "metavar": "PATTERN",
        "help": "what that function is declared to be: a pattern, then options of conforms, "
        'as in "Lookback(256), heads=8, layout=bhnd"',
    },
    "--attention-mutants-strict": {
        "action": "store_true",
        "help": "fail if a mutant survives",
    },
    "--attention-mutants-seconds": {
        "type": float,
        "metavar": "SECONDS",
        "help": "the time for one mutant; ten times that of the tests and 5 seconds by default",
    },
}


def pytest_addoption(parser: Any) -> None:
    """The options of mutants."""
    group = parser.getgroup("sparse_ref", "tests of attention")
    for name, settings in OPTIONS.items():
        group.addoption(name, **settings)


def pytest_configure(config: Any) -> None:
    """Before test modules are imported: functions that they declare get a substitute."""
    if config.getoption("attention_mutants"):
        from sparse_ref.verify.testing.session import prepare

        prepare(config)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: Any, name: str, obj: Any) -> Any:
    """The tests of a function that is declared; None for all else."""
    claims = sys.modules.get("sparse_ref._claims")
    if claims is None or not claims.claims_of(obj):
        return None
    from sparse_ref.verify.testing.items import items_of

    return items_of(collector, name, obj)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: Any) -> Any:
    """The tests against mutants, in place of the tests, if that is asked for."""
    config = session.config
    if not config.getoption("attention_mutants") or config.option.collectonly:
        return None
    from sparse_ref.verify.testing.session import run

    return run(session)
