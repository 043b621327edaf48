"""Hostile text for `sr.parse`: an audit hook sees every event of the interpreter while it is read,
and nothing runs, opens or imports.
"""

import sys
from itertools import product

import pytest
from withstood import withstands

import sparse_ref as sr
from sparse_ref.catalogue.notation import ParseError

# what Python itself raises while text is turned into a syntax tree, and while errors are formatted
HARMLESS = {"builtins.id", "compile", "object.__getattr__", "sys._getframe", "code.__new__"}
EXPRESSIONS = [
    "__import__('os').system('true')",
    "().__class__.__bases__[0].__subclasses__()",
    "(lambda: 0)()",
    "[x for x in (1,)]",
    "{**globals()}",
    "f'{1 + 1}'",
    "open('/etc/passwd').read()",
    "eval('1')",
    "exec('x = 1')",
    "Causal.__init__.__globals__",
    "Causal().contains(1, 2)",
    "Causal().__class__",
    "(x := 3)",
    "9 ** 9 ** 9",
    "1 << 10 ** 9",
    "'a' * 10 ** 9",
    "[0] * 10 ** 9",
    "await x",
    "yield",
    "*x",
    "print",
    "...",
    "x[0]",
    "x.y",
    "True",
    "None",
    "b'x'",
]
FRAMES = ["{}", "Local({})", "Causal() | {}"]
TEXTS = [frame.format(expression) for expression, frame in product(EXPRESSIONS, FRAMES)] + [
    "import os",
    "Causal(); import os",
    "Causal()\nimport os",
    "x = Causal()",
    "del Causal",
    "Causal() if True else Full()",
    "Local(" + "9" * 1900 + ")",
    "Local(0x" + "f" * 1500 + ")",
    "Local(1e400)",
    "-" * 1900 + "1",
    "Local(" * 300 + "1" + ")" * 300,
    "Ｃausal()",
    "Causal\u200b()",
    "Causal()\x00",
    "\ufeffCausal()",
    "# -*- coding: rot13 -*-\nPnhfny()",
]

events: list[str] = []
is_watched = False


def watch(event, _):
    """Note each event of the interpreter while text is read."""
    if is_watched:
        events.append(event)


@pytest.fixture(scope="module", autouse=True)
def hook():
    """An audit hook, which stays for good. The parser is used once before, and so imported."""
    with pytest.raises(ParseError):
        sr.parse("Stride(1)")
    sys.addaudithook(watch)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@withstands("notation")
def test_hostile_text_is_refused_and_nothing_runs(text):
    global is_watched
    events.clear()
    is_watched = True
    try:
        with pytest.raises(ParseError):
            sr.parse(text)
    finally:
        is_watched = False
    assert set(events) <= HARMLESS, set(events)
