"""Pieces of HTML that the sections share."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from io import BytesIO

from ..._text import html_text

Cell = str | int | float


def figure(fig, alt: str) -> str:
    """A matplotlib figure as an image inside the page; the figure is closed."""
    import matplotlib.pyplot as plt

    data = BytesIO()
    fig.savefig(data, format="png", dpi=120, bbox_inches="tight")
    plt.close(fig)
    text = b64encode(data.getvalue()).decode()
    return f'<p><img alt="{html_text(alt)}" src="data:image/png;base64,{text}"></p>'


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A table; numbers are flush right, and a text that begins with < is HTML already."""
    names = "".join(f"<th>{html_text(name)}</th>" for name in head)
    lines = [f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows]
    return f"<table><tr>{names}</tr>{''.join(lines)}</table>"


def _cell(value: Cell) -> str:
    """A cell of a table."""
    if isinstance(value, str):
        return f"<td>{value if value.startswith('<') else html_text(value)}</td>"
    number = f"{value:,}" if isinstance(value, int) else f"{value:.3g}"
    return f'<td class="number">{number}</td>'


def verdict(is_good: bool, text: str) -> str:
    """A verdict in its colour and with its sign."""
    kind, sign = ("good", "✓") if is_good else ("bad", "✗")
    return f'<span class="{kind}">{sign} {html_text(text)}</span>'
