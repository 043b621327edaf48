"""The page's files joined: one script, one style, one document that loads nothing else."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any
from zlib import compress

from .._text import html_text
from .rule_facts import PageRule

IMPORT = re.compile(r'^import \{([^}]*)\} from "[./\w]*?(\w+)\.js";$', re.M)
EXPORT = re.compile(r"^export (const|function|class) (\w+)", re.M)
PAGE = files(__package__) / "page"
OPERATIONS = ("bigQuotient", "bigRemainder", "numberQuotient", "numberRemainder")
LOADER = """const unpack = (id) => {
  const packed = atob(document.getElementById(id).textContent);
  const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream);
};
const parts = [unpack("explorer-code").text(), unpack("explorer-data").json()];
Promise.all(parts).then(([code, data]) => {
  const script = document.createElement("script");
  script.textContent = code; // the policy allows this text by its hash
  document.body.append(script);
  document.getElementById("explorer").start(data);
});
"""
PAGE_START = """const root = document.getElementById("explorer");
root.start = (data) => $main.mount(root, data, FORMULAS);
"""
WIDGET_START = """export default {
  render: ({ model, el }) => $widget.render(model, el, FORMULAS),
};
"""


def page_script(rules: dict[str, PageRule]) -> str:
    """The script of a document, which gives its element a function that starts it."""
    return f"(() => {{\n{_script('main', rules)}{PAGE_START}}})();"


def widget_script(rules: dict[str, PageRule]) -> str:
    """The module of a widget in a notebook, which anywidget renders."""
    return f"{_script('widget', rules)}{WIDGET_START}"


def _script(entry: str, rules: dict[str, PageRule]) -> str:
    """A module with those that it imports, and the formulas of the rules."""
    formulas = ",\n".join(_formula(name, rule) for name, rule in rules.items())
    operations = ", ".join(f"{name}: ${name}" for name in OPERATIONS)
    lines = [
        _modules(entry),
        f"const {{ {operations} }} = $integers;",
        f"const FORMULAS = {{\n{formulas}\n}};\n",
    ]
    return "\n".join(lines)


@cache
def style() -> str:
    """The page's style: that of the whole, then that of each part."""
    names = sorted(name for name in _page_files() if name.endswith(".css"))
    names.sort(key=lambda name: name != "explorer.css")
    return "".join(map(_file, names))


def document(data: dict[str, Any], rules: dict[str, PageRule]) -> str:
    """A page in one file. Its policy allows this script and this style, and nothing else."""
    code = page_script(rules)
    policy = (
        f"default-src 'none'; script-src {_digest(LOADER)} {_digest(code)}; "
        f"style-src {_digest(style())}; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return _file("page.html").format(
        title=html_text(data["title"] or "sparse attention"),
        policy=policy,
        style=style(),
        code=pack(code),
        data=pack(json.dumps(data, separators=(",", ":"))),
        script=LOADER,
    )


def pack(text: str) -> str:
    """A text deflated, in base 64: a fourth of it, and nothing in it is markup."""
    return b64encode(compress(text.encode(), 9)).decode()


def _formula(name: str, rule: PageRule) -> str:
    """A rule's functions, by its name, which is an identifier."""
    code = rule.code
    return f"{name}: {{ fill: {code.fill},\ncolumns: {code.columns},\nholds: {code.holds} }}"


@cache
def _modules(entry: str) -> str:
    """A module and those that it needs, in an order in which each follows those that it imports."""
    order: list[str] = []

    def visit(name: str) -> None:
        for _, other in IMPORT.findall(_file(f"{name}.js")):
            visit(other)
        if name not in order:
            order.append(name)

    visit(entry)
    return "\n".join(_module(name) for name in order)


def _module(name: str) -> str:
    """A module as a function's scope: its imports are read from other scopes, its exports returned.

    Each module keeps its own names, as it does in a browser that loads it from a file.
    """
    text = _file(f"{name}.js")
    exports = EXPORT.findall(text)
    body = EXPORT.sub(r"\1 \2", IMPORT.sub(r"const {\1} = $\2;", text))
    names = ", ".join(name for _, name in exports)
    return f"const ${name} = (() => {{\n{body}return {{ {names} }};\n}})();"


@cache
def _file(name: str) -> str:
    """The text of a file of the page."""
    return _page_files()[name].read_text(encoding="utf-8")


@cache
def _page_files() -> dict[str, Traversable]:
    """The files of the page by their names, which differ in all of its folders."""
    return {file.name: file for file in _files_in(PAGE)}


def _files_in(folder: Traversable) -> Iterator[Traversable]:
    """The files of a folder and of the folders in it."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files_in(entry)
        else:
            yield entry


def _digest(text: str) -> str:
    """The hash by which a policy allows a text."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
