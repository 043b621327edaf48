"""Statements about paths, in words and in TeX."""

from __future__ import annotations

import re
from itertools import pairwise

from .family import Layers

LETTERS = "abcdefgh"
SETS = "ABCDEFGH"


def connected(found: Layers, assumed, residual: bool, causal: bool, n: int | None) -> tuple[str, str]:
    """(words, TeX) of: these layers connect every pair."""
    between = [LETTERS[t] if t < len(LETTERS) else f"a_{t}" for t in range(len(found.steps) - 1)]
    path, (names, where) = ["j", *between, "i"], named(found.steps)
    hops = [f"{b} in {name}_{a}" for name, (b, a) in zip(names, pairwise(path))]
    links = [rf"{b} \in A^{{({m})}}_{{{a}}}" for m, (b, a) in enumerate(pairwise(path), 1)]
    if residual:
        hops = [f"({hop} or {b} = {a})" if between else f"{hop} or {b} = {a}" for hop, (b, a) in zip(hops, pairwise(path))]
        links = [rf"({link} \lor {b} = {a})" for link, (b, a) in zip(links, pairwise(path))]
    there = f"there {'is' if len(between) == 1 else 'are'} {', '.join(between)} with " if between else ""
    words, tex = for_all(assumed, causal, n if n is not None else found.own_length)
    exists = r"\exists\, " + ", ".join(between) + r":\ " if between else ""
    return f"{words}: {there}{_joined(hops)}{where}", f"{tex}{exists}" + r" \land ".join(links) + sets(found.steps)


def for_all(assumed, causal: bool, own) -> tuple[str, str]:
    """(words, TeX) of what a statement holds for."""
    pairs = "0 <= j <= i < n" if causal else "0 <= i, j < n"
    given = [*assumed, *([] if own is None or str(own) == "n" else [f"n = {own}"])]
    words = f"{', '.join(given)}{', every n' if own is None else ''} and all {pairs}".removeprefix(", ").removeprefix(" and ")
    return f"for {'all ' * bool(assumed)}{words}", r"\forall\, " + r",\ ".join(texed(x) for x in (*given, pairs)) + r":\ "


def named(steps) -> tuple[list[str], str]:
    """(the set of each layer as a row is named after it, what those that are no single word stand for)."""
    known: dict[str, str] = {}
    for text in dict.fromkeys(map(repr, steps)):
        known[text] = text if re.fullmatch(r"\w+\([^()]*\)", text) else SETS[sum(len(x) == 1 for x in known.values()) % len(SETS)]
    where = [f"{name} = {text}" for text, name in known.items() if len(name) == 1]
    return [known[repr(p)] for p in steps], f", where {_joined(where)}" if where else ""


def sets(steps) -> str:
    """The sets of the layers, in TeX."""
    return "".join(rf",\quad A^{{({m})}} = \text{{{p!r}}}" for m, p in enumerate(steps, 1))


def texed(text: str) -> str:
    """A condition in TeX."""
    for word, sign in (("<=", r"\le"), (">=", r"\ge"), ("!=", r"\ne"), ("==", "="), ("//", r"\div"), ("%", r"\bmod"), ("*", r"\,")):
        text = text.replace(word, sign)
    return text


def _joined(parts: list[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def text_of(function, value) -> str:
    """What a function says of itself; its value, where it says nothing."""
    said = (function.__doc__ or "").strip()
    return said or re.sub(r"\s+", " ", repr(value))


def in_layers(found: Layers, assumed, causal: bool, hops: str, exact: bool) -> tuple[str, str]:
    """(words, TeX) of: j reaches i through so many layers."""
    (name,), where = named(found.steps[:1])
    words, tex = for_all(assumed, causal, found.own_length)
    said = f"the shortest path from j to i takes {hops}" if exact else f"j reaches i through at most {hops}"
    return (f"{words}: {said} layers of {name}{where}",
            rf"{tex}\operatorname{{hops}}(j, i) {'=' if exact else chr(92) + 'le'} {texed(hops)}" + sets(found.steps))


def at_any_depth(found: Layers, assumed, causal: bool, holds: str) -> tuple[str, str]:
    """(words, TeX) of: j reaches i only where something holds."""
    names, where = named(found.steps)
    words, tex = for_all(assumed, causal, found.own_length)
    several = _joined(list(dict.fromkeys(names)))
    return (f"{words}: layers of {several} lead from j to i only where {holds}{where}",
            rf"{tex}j \rightsquigarrow i \implies {texed(holds)}" + sets(found.steps))
