"""axe-core finds no violation: in light and dark, narrow and wide, with each panel open."""

from functools import cache
from pathlib import Path

import pytest

import sparse_ref as sr

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
PANELS = "[role=tablist][aria-label=Panels] [role=tab]"
RUN = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    const place = (node) => `${node.target.join(" ")}: ${node.failureSummary}`;
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(place).join("; ")}`);
}"""


@cache
def axe_source():
    return AXE.read_text(encoding="utf-8")


def violations(page):
    """What axe-core finds, in words."""
    page.evaluate(axe_source())
    return page.evaluate(RUN)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_each_panel_has_no_violation(width, dark, open_page):
    page = open_page(sr.explore("strided(8)", 64), width=width, dark=dark)
    page.evaluate("explorer.set({ query: 20, key: 12, pins: [9] })")
    count = page.locator(PANELS).count()
    assert count > 0
    for number in range(count):
        tab = page.locator(PANELS).nth(number)
        name = tab.text_content()
        tab.click()
        assert violations(page) == [], name


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_second_expression_tiles_and_errors_have_no_violation(dark, open_page):
    page = open_page(sr.explore("Lookback(8) | Strided(16)", 64), dark=dark)
    page.evaluate("explorer.write('Lookback(9)', 'other')")
    page.evaluate("explorer.set({ isTiled: true })")
    assert violations(page) == []
    page.evaluate("explorer.write('Lokback(9)')")
    assert violations(page) == []


def test_a_violation_is_found(open_page):
    """Negative control: a button without a name."""
    page = open_page(sr.explore("Causal()", 8))
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert any("button-name" in violation for violation in violations(page))
