"""The glossary's words as index entries of the pages that they lead to, so that search finds them.

Sphinx's search knows titles and index entries by their phrase, and a page's text by single words
only: without an entry, "sliding window" finds any page that has both words.
"""

import re
from collections import defaultdict
from pathlib import Path

GLOSSARY = Path(__file__).parent / "glossary.md"
LINK = re.compile(  # [label](page.md#anchor), or {doc}`label <page>`, which a notebook needs
    r"(?:\[|\{doc\}`)([^]<]*)(?:\]\(| <)([\w/-]+)(?:\.md)?#?([\w-]*)[)>]"
)
Entries = dict[str, dict[str, list[str]]]  # page: {anchor: words}; "" is the top of a page


def rows(text: str) -> list[tuple[list[str], str]]:
    """The glossary's rows: the field's words, and the cell next to them."""
    cells = re.findall(r"^\| (?!the field)(.+?) \| (.+) \|$", text, re.M)
    return [(words(first), second) for first, second in cells]


def words(cell: str) -> list[str]:
    """The phrases of a cell, without the sources in parentheses."""
    plain = re.sub(r"\([^)]*\)|`", "", cell)
    return [word.strip() for word in re.split("[,;:]", plain) if word.strip()]


def spellings(phrases: list[str]) -> list[str]:
    """The phrases, and those that have a hyphen also without it: "block-sparse", "block sparse"."""
    return [*phrases, *(phrase.replace("-", " ") for phrase in phrases if "-" in phrase)]


def entries(text: str) -> Entries:
    """The words of each page and anchor that the glossary links to, and of each name's own page."""
    found: Entries = defaultdict(lambda: defaultdict(list))
    for names_of_field, cell in rows(text):
        phrases = spellings(names_of_field)
        for label, page, anchor in LINK.findall(cell):
            found[page][anchor] += phrases
            for name in re.findall(r"`(\w+)`", label):
                found[f"_api/sparse_ref.{name}"][""] += phrases
        for name in re.findall(r"`sr\.([\w.]+)`", cell):
            found[f"_api/sparse_ref.{name}"][""] += phrases
    return found
