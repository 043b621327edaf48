"""Skipped, with the reason, where the packages are missing; failed, where SPARSE_REF_ORIGINALS=1
asks for all of them.
"""

from originals.conftest import pytest_make_collect_report  # noqa: F401
