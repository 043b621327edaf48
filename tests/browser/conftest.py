"""The explorer in a real browser, driven by Playwright: `make test-browser` runs these.

The browser is the one that CHROMIUM names, else the Chromium or Chrome of this machine; none is
downloaded.
"""

import os
import shutil

import pytest

ASKED = os.environ.get("SPARSE_REF_BROWSER") == "1"
NAMES = "chromium", "chromium-browser", "google-chrome", "chrome"


def pytest_report_header():
    """Say that these tests are left out, and what runs them."""
    return [] if ASKED else ["tests/browser is left out: `make test-browser` runs it"]


def pytest_ignore_collect(collection_path):
    """Leave the folder out unless it is asked for."""
    return None if ASKED else True


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    named = os.environ.get("CHROMIUM")
    path = named or next(filter(None, map(shutil.which, NAMES)), None)
    assert path, f"no browser: install Chromium, or name one by CHROMIUM; looked for {NAMES}"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


@pytest.fixture
def open_page(browser, tmp_path):
    """open_page(explorer, width=1280, height=900, dark=False, fragment="") -> Page.

    `page.evaluate("explorer.state")` reads the state. A test fails if its pages log an error.
    """
    pages, errors = [], []

    def open_(explorer, width=1280, height=900, dark=False, fragment="", **options):
        scheme = "dark" if dark else "light"
        size = {"width": width, "height": height}
        page = browser.new_page(viewport=size, color_scheme=scheme, **options)
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        file = explorer.save(tmp_path / f"page{len(pages)}.html")
        page.goto(f"{file.as_uri()}{fragment}")
        page.evaluate("window.explorer = document.getElementById('explorer').explorer; null")
        pages.append(page)
        return page

    yield open_
    for page in pages:
        page.close()
    assert not errors, errors
