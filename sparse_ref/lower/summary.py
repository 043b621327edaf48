"""A lowered set in a notebook: a small table of labelled numbers."""

from __future__ import annotations

from html import escape


def summary_table(title: str, numbers: dict[str, str]) -> str:
    """An HTML table with a caption and a row per label."""
    rows = (
        f"<tr><th style='text-align:left'>{escape(label)}</th>"
        f"<td style='text-align:right;font-family:monospace'>{escape(number)}</td></tr>"
        for label, number in numbers.items()
    )
    return f"<table><caption>{escape(title)}</caption>{''.join(rows)}</table>"
