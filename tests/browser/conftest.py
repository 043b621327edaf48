"""The explorer in a real browser, driven by Playwright: `make test-browser` runs these.

The browser is the one that CHROMIUM names, else the Chromium or Chrome of this machine; none is
downloaded.
"""

import os
import shutil

import pytest
from site_server import SITE, served

NAMES = "chromium", "chromium-browser", "google-chrome", "chrome"


def browser_path():
    """The browser of this machine."""
    named = os.environ.get("CHROMIUM")
    path = named or next(filter(None, map(shutil.which, NAMES)), None)
    assert path, f"no browser: install Chromium, or name one by CHROMIUM; looked for {NAMES}"
    return path


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = browser_path()
        yield playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


START = """async () => {
    const root = document.getElementById("explorer");
    for (let tries = 0; !root.explorer && tries < 1000; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
    window.explorer = root.explorer;
    return Boolean(root.explorer);
}"""  # the page's policy allows no wait_for_function, which evaluates a text in it


@pytest.fixture
def errors():
    """The errors that the test's pages logged; a test fails if there are any at its end."""
    errors = []
    yield errors
    assert not errors, errors


def watch(page, errors):
    """Keep what a page logs as an error, throws or asks."""
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: errors.append(dialog.message) or dialog.dismiss())
    page.console_errors = errors


@pytest.fixture
def open_blank(browser, errors):
    """A page as a notebook is one: other content, and no policy of ours."""
    page = browser.new_page()
    watch(page, errors)
    page.set_content("<!doctype html><title>A notebook</title><p id=neighbour><button>Run</button>")
    yield page
    page.close()


@pytest.fixture
def open_page(browser, errors, tmp_path):
    """open_page(explorer, width=1280, height=900, dark=False, fragment="") -> Page.

    `page.evaluate("explorer.state")` reads the state. A test fails if its pages log an error:
    `page.console_errors` lists them.
    """
    pages = []

    def open_(explorer, width=1280, height=900, dark=False, fragment="", **options):
        scheme = "dark" if dark else "light"
        size = {"width": width, "height": height}
        page = browser.new_page(viewport=size, color_scheme=scheme, **options)
        watch(page, errors)
        file = explorer.save(tmp_path / f"page{len(pages)}.html")
        page.goto(f"{file.as_uri()}{fragment}")
        assert page.evaluate(START), errors
        pages.append(page)
        return page

    yield open_
    for page in pages:
        page.close()


@pytest.fixture(scope="session")
def site():
    """The address of the built documentation on this machine."""
    with served() as address:
        yield address


READY = """() => [...document.querySelectorAll("span.math, div.math")]
    .every((node) => node.querySelector("mjx-container svg"))"""


@pytest.fixture
def open_site(browser, errors, site):
    """open_site("learn.html", width=1280, dark=False, as_file=False) -> Page, formulas shown.

    `page.requests` lists what it asked for. A test fails if its pages log an error, or ask for
    anything outside the site.
    """
    pages = []

    def open_(name, width=1280, dark=False, as_file=False):
        base = SITE.as_uri() if as_file else site
        scheme = "dark" if dark else "light"
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        watch(page, errors)
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.base = base
        page.goto(f"{base}/{name}")
        page.wait_for_function(READY)
        pages.append(page)
        return page

    yield open_
    for page in pages:
        elsewhere = [url for url in page.requests if not url.startswith((page.base, "data:"))]
        page.close()
        assert not elsewhere, elsewhere
