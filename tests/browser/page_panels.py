"""What tests of panels share: open one, read what was chosen, write into a box, pass a mask."""

import sparse_ref as sr


def panel_of(page):
    """The panel that is shown, whose labels others may have too."""
    return page.get_by_role("tabpanel")


def options_of(page):
    """What was chosen in the panel that is shown."""
    return page.evaluate("explorer.state.options[explorer.state.panel]")


def open_panel(open_page, p, n, panel, **options):
    """A page at its panel of this name."""
    page = open_page(sr.explore(p, n), **options)
    page.evaluate("(panel) => explorer.set({ panel })", panel)
    return page


def cells_of(mask):
    """The cells of a mask, 0 or 1, row by row: as the page has them."""
    return mask.astype(int).ravel().tolist()


def enter(box, text):
    """Write a text into a box, and press Enter."""
    box.fill(text)
    box.press("Enter")
