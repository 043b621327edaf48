"""The verdict of property tests, whose lengths are often too short to tell patterns from others."""

import sparse_ref as sr


def assert_right(fn, pattern, n, **options):
    """Nothing is wrong at n alone; the pattern counts queries as fn does."""
    report = sr.verify.check(fn, pattern, n, align="none", ragged=False, **options)
    assert report.status != "FAIL", report
