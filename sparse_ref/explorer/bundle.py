"""The page's files joined: one script, one style, one document that loads nothing else."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from .._text import html_text
from ..sets.rule import Rule
from .javascript import javascript

IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', re.M)
EXPORT = re.compile(r"^export (const|function|class) (\w+)", re.M)
ENTRY = "main"


def script(rules: dict[str, type[Rule]]) -> str:
    """The page's modules in one, with the formulas of the rules, and `mount` at its end."""
    formulas = ",\n".join(_formula(name, rule) for name, rule in rules.items())
    return f"{_modules()}\n{_OPERATIONS}const FORMULAS = {{\n{formulas}\n}};\n"


def style() -> str:
    """The page's style."""
    return _file("explorer.css")


def document(data: dict[str, Any], rules: dict[str, type[Rule]]) -> str:
    """A page in one file. Its policy allows this script and this style, and nothing else."""
    code = f"(() => {{\n{script(rules)}{_START}}})();"
    policy = (
        f"default-src 'none'; script-src {_digest(code)}; style-src {_digest(style())}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return _file("page.html").format(
        title=html_text(data["title"] or "sparse attention"),
        policy=policy,
        style=style(),
        data=data_text(data),
        script=code,
    )


_OPERATIONS = "const { bigQuotient, bigRemainder, numberQuotient, numberRemainder } = $integers;\n"
_START = (
    'const DATA = JSON.parse(document.getElementById("explorer-data").textContent);\n'
    '$main.mount(document.getElementById("explorer"), DATA, FORMULAS);\n'
)


def data_text(data: dict[str, Any]) -> str:
    """JSON that ends no element of HTML."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _formula(name: str, rule: type[Rule]) -> str:
    """A rule's functions, by its name."""
    code = javascript(rule)
    return f"{json.dumps(name)}: {{ fill: {code.fill},\nholds: {code.holds} }}"


@cache
def _modules() -> str:
    """The modules in an order in which each follows those that it imports."""
    order: list[str] = []

    def visit(name: str) -> None:
        for _, other in IMPORT.findall(_file(f"{name}.js")):
            visit(other)
        if name not in order:
            order.append(name)

    visit(ENTRY)
    return "\n".join(_module(name) for name in order)


def _module(name: str) -> str:
    """A module as a function's scope: its imports are read from other scopes, its exports returned.

    Each module keeps its own names, as it does in a browser that loads it from a file.
    """
    text = _file(f"{name}.js")
    exports = EXPORT.findall(text)
    body = EXPORT.sub(r"\1 \2", IMPORT.sub(r"const {\1} = $\2;", text))
    return (
        f"const ${name} = (() => {{\n{body}return {{ {', '.join(x for _, x in exports)} }};\n}})();"
    )


@cache
def _file(name: str) -> str:
    """A file of the page."""
    return (files(__package__) / "page" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """The hash by which a policy allows a text."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
