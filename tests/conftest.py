"""Hypothesis profiles: `fast` in `make test`, the same draws in every run; `deep` in
`make test-deep`, other draws in each. Failures print what replays them.
"""

import os
from pathlib import Path

import matplotlib
import pytest
from hypothesis import HealthCheck, settings

matplotlib.use("Agg")

settings.register_profile(
    "fast",
    max_examples=60,
    derandomize=True,  # the same examples in every run; the deep profile draws others
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "deep", settings.get_profile("fast"), max_examples=2000, derandomize=False
)
settings.load_profile(os.environ.get("SPARSE_REF_PROFILE", "fast"))

BROWSER = Path(__file__).parent / "browser"
TALLIES = pytest.StashKey[list]()


def pytest_addoption(parser):
    parser.addoption(
        "--rewrite-notebooks",
        action="store_true",
        help="keep the outputs of this run in the notebooks",
    )
    parser.addoption(
        "--count-cases",
        action="store_true",
        help="write how many cases of each attack this run repeated to docs/robustness.json",
    )


HAS_BROWSER = os.environ.get("SPARSE_REF_BROWSER") == "1"


def pytest_ignore_collect(collection_path):
    """Leave tests/browser out unless it is asked for, its conftest.py included."""
    is_browser = collection_path == BROWSER
    return True if is_browser and not HAS_BROWSER else None


def pytest_report_header():
    """The folder that is left out, and what runs it."""
    note = "tests/browser is left out: `make test-browser` runs it in Chromium"
    return [] if HAS_BROWSER else [note]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Keep the counts of a process of pytest-xdist that ended."""
    tallies = node.config.stash.setdefault(TALLIES, [])
    tallies.extend(getattr(node, "workeroutput", {}).get("tally", []))


def pytest_sessionfinish(session):
    """Write the counts, or hand them to the process that does."""
    if not session.config.getoption("--count-cases"):
        return
    import withstood  # reads the profile, which is loaded above

    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tally"] = withstood.tally()
    else:
        withstood.store(session.config.stash.get(TALLIES, []) + withstood.tally())
