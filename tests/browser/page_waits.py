"""Waiting for a page's state: Playwright's way evaluates text, which the page's policy forbids."""

from time import monotonic

SECONDS = 5.0


def until(page, condition):
    """Wait until a JavaScript condition is true; an assertion names one that never is."""
    end = monotonic() + SECONDS
    while not page.evaluate(condition):
        assert monotonic() < end, f"never: {condition}"
        page.wait_for_timeout(20)
