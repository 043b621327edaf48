"""Bits of HTML that the sections share."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from io import BytesIO


def figure(fig, alt: str) -> str:
    """A matplotlib figure as an image inside the page; the figure is closed."""
    import matplotlib.pyplot as plt

    data = BytesIO()
    fig.savefig(data, format="png", dpi=120, bbox_inches="tight")
    plt.close(fig)
    return f'<p><img alt="{escape(alt)}" src="data:image/png;base64,{b64encode(data.getvalue()).decode()}"></p>'


def table(head, rows) -> str:
    """A table; a cell that is a number is set flush right, and text that begins with < is taken as it is."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f"<table><tr>{top}</tr>{''.join('<tr>' + ''.join(map(_cell, row)) + '</tr>' for row in rows)}</table>"


def _cell(value) -> str:
    if isinstance(value, str):
        return f"<td>{value if value.startswith('<') else escape(value)}</td>"
    return (
        f'<td class="number">{value:,}</td>'
        if isinstance(value, int)
        else f'<td class="number">{value:.3g}</td>'
    )


def verdict(good: bool, said: str) -> str:
    """What was found, in a colour and with a sign of its own."""
    return f'<span class="{"good" if good else "bad"}">{"✓" if good else "✗"} {escape(said)}</span>'
