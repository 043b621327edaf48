"""The end of the page: an explorer of strided attention, in a frame that is part of the file."""

from __future__ import annotations

from ...explorer import explore

SIDE = 8  # of the image, and the stride


def section() -> str:
    """A frame with the explorer of the steps of strided attention."""
    page = explore(f"strided({SIDE})", SIDE * SIDE, l=(1, 2 * SIDE), title="Strided attention")
    return (
        "<h2>Play with them</h2><p>The same formulas, translated to JavaScript, draw this matrix. "
        "Drag the stride and the length, point at a query to read its keys and why it has them, "
        "walk through the layers, or type another pattern, such as <code>fixed(8, 2)</code> "
        "or <code>Lookback(8) | Strided(16)</code>. <code>sparse-ref explore</code> writes such a "
        f"page of any pattern.</p>{page.frame}"
    )
