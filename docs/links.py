"""The links inside the built site lead somewhere: python docs/links.py [docs/_build/html]

Prints each broken one and exits with 1 if there are any. It reads files, and asks no network.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

Attributes = list[tuple[str, str | None]]
BUILT = Path(__file__).parent / "_build" / "html"


class Page(HTMLParser):
    """The ids of a page, and the addresses that it links to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Keep ids, links, images, scripts and styles."""
        self.places |= {value or "" for name, value in attrs if name in ("id", "name")}
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]


def broken_links(folder: Path) -> list[str]:
    """A line for each address of a page in the folder that leads to no file or no place."""
    paths = [path for path in folder.rglob("*.html") if "_static" not in path.parts]
    pages = {path.resolve(): Page(path.read_text("utf-8")) for path in paths}
    lines = []
    for path, page in sorted(pages.items()):
        name = path.relative_to(folder.resolve())
        addresses = dict.fromkeys(page.addresses)
        lines += [f"{name}: {a}" for a in addresses if not leads_somewhere(a, path, pages)]
    return lines


def leads_somewhere(address: str, page: Path, pages: dict[Path, Page]) -> bool:
    """Whether an address in a page is of another site, a file here, or a place in a page here."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return True
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    place = unquote(parts.fragment)
    if target not in pages:
        return target.is_file() and not place
    return not place or place in pages[target].places


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else BUILT
    lines = broken_links(folder)
    print(*lines, sep="\n")
    sys.exit(bool(lines))
