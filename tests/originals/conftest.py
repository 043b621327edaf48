"""Originals: implementations that other people wrote recover the sets defined here. `make
test-originals` installs them.

A file whose package is missing skips itself and says so; where SPARSE_REF_ORIGINALS=1 asks for all
of them, it fails.
"""

import os

import pytest

ALL = os.environ.get("SPARSE_REF_ORIGINALS") == "1"


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Nothing skips itself unseen where every original was asked for."""
    report = yield
    if ALL and report.skipped:
        report.outcome, report.longrepr = (
            "failed",
            f"SPARSE_REF_ORIGINALS=1 lets no original be missing: {report.longrepr[2]}",
        )
    return report
