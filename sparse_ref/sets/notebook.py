"""What a notebook shows of a pattern, or of what was made from one, as HTML."""

from __future__ import annotations

from collections.abc import Iterable

from .._text import html_text
from .definitions import Definition
from .glyphs import PRE


def html_card(notation: str, definitions: Iterable[Definition], picture: str) -> str:
    """A pattern's notation, the definitions that it is made of, and its picture."""
    paragraphs = "".join(map(html_definition, definitions))
    title = f"<b><code>{html_text(notation)}</code></b>"
    return f"<div>{title}{paragraphs}{PRE}{html_text(picture)}</pre></div>"


def html_definition(definition: Definition) -> str:
    """A set, its source and its formula."""
    set_, source, code = map(html_text, definition)
    paragraph = f"<p>{set_} &emsp; <i>{source}</i></p>" if source else f"<p>{set_}</p>"
    return paragraph + (f"<pre>{code}</pre>" if code else "")


def summary_table(title: str, numbers: dict[str, str]) -> str:
    """An HTML table with a caption and a row per label."""
    rows = (
        f"<tr><th style='text-align:left'>{html_text(label)}</th>"
        f"<td style='text-align:right;font-family:monospace'>{html_text(number)}</td></tr>"
        for label, number in numbers.items()
    )
    return f"<table><caption>{html_text(title)}</caption>{''.join(rows)}</table>"
