"""Screenshots of the explorer to look at: python tests/browser/screenshots.py [FOLDER]

One for each panel at three widths, light and dark, in out/screenshots; with --docs, the picture of
the docs and the README.
"""

import sys
from pathlib import Path

from conftest import NAMES, START, browser_path
from playwright.sync_api import sync_playwright

import sparse_ref as sr

ROOT = Path(__file__).parents[2]
WIDTHS = (390, 1000, 1600)
TABS = "[role=tablist][aria-label=Panels] [role=tab]"
PAGE = sr.explore("Lookback(8) | Strided(16)", 96, title="A window and a stride")
STATE = {"query": 75, "key": 43, "colours": [True, True]}


def show(browser, folder, **options):
    """The page, opened."""
    page = browser.new_page(**options)
    page.goto(PAGE.save(folder / "page.html").as_uri())
    assert page.evaluate(START), f"the page did not start; browsers: {NAMES}"
    page.evaluate("(state) => explorer.set(state)", STATE)
    return page


def write_all(browser, folder):
    """A screenshot for each width, scheme and panel."""
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            size = {"width": width, "height": 900}
            page = show(browser, folder, viewport=size, color_scheme=scheme)
            for number in range(page.locator(TABS).count()):
                tab = page.locator(TABS).nth(number)
                tab.click()
                name = f"{width}-{scheme}-{tab.text_content().lower()}.png"
                page.screenshot(path=folder / name, full_page=True)
                print(folder / name)


def write_docs(browser, folder):
    """The picture of the docs."""
    size = {"width": 1180, "height": 960}
    page = show(browser, folder, viewport=size, color_scheme="light", device_scale_factor=1)
    target = ROOT / "docs" / "_static" / "explorer.png"
    page.screenshot(path=target)
    print(target)


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "--docs"]
    target_folder = Path(names[0]) if names else ROOT / "out" / "screenshots"
    target_folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        (write_docs if "--docs" in sys.argv else write_all)(chromium, target_folder)
