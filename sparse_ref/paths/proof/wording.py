"""Statements about paths, in words and in TeX."""

from __future__ import annotations

import re
from functools import partial
from inspect import isroutine
from itertools import groupby, islice, pairwise

from ...sets.pattern import leaves

MANY = 8  # parts of a pattern that are told
FEW_LAYERS = 3  # whose positions between are named


def connected(steps, assumed, residual: bool, causal: bool, own, taken=()) -> tuple[str, str]:
    """(words, TeX) of: these layers connect every pair. `taken` are the names of parameters."""
    (words, tex), (names, where) = for_all(assumed, causal, own), named(steps, taken)
    if len(steps) > FEW_LAYERS:
        each = [f"{len(list(same))} of {name}" for name, same in groupby(names)]
        through = (
            f"{len(steps)} layers of {names[0]}"
            if len(each) == 1
            else f"{len(steps)} layers, {_joined(each)}"
        )
        through += ", residual edges included" * residual
        return f"{words}: j reaches i through {through}{where}", tex + _product(steps, residual)
    between = letters("abcdefgh", len(steps) - 1, taken)
    hops = [
        (name, m, b, a)
        for m, (name, (b, a)) in enumerate(zip(names, pairwise(["j", *between, "i"])), 1)
    ]
    said = [f"{b} in {name}_{a}" + f" or {b} = {a}" * residual for name, _, b, a in hops]
    links = [
        rf"{b} \in A^{{({m})}}_{{{a}}}" + rf" \lor {b} = {a}" * residual for _, m, b, a in hops
    ]
    if residual and between:
        said, links = [f"({x})" for x in said], [f"({x})" for x in links]
    there = (
        f"there {'is' if len(between) == 1 else 'are'} {', '.join(between)} with "
        if between
        else ""
    )
    exists = r"\exists\, " + ", ".join(between) + r":\ " if between else ""
    return f"{words}: {there}{_joined(said)}{where}", f"{tex}{exists}" + r" \land ".join(
        links
    ) + sets(steps)


def _product(steps, residual: bool) -> str:
    """TeX of: j is among what i hears of through these layers."""
    texts = [text_of_set(p) for p in steps]
    known = dict(zip(dict.fromkeys(texts), letters("ABCDEFGHKLMPQRSTUVWXYZ", len(texts))))
    runs = [(known[text], len(list(same))) for text, same in groupby(reversed(texts))]
    layer = r"({0} \cup I)" if residual else "{0}"
    product = r" \circ ".join(
        layer.format(name) + (f"^{{{many}}}" if many > 1 else "") for name, many in runs
    )
    return rf"j \in ({product})_i" + "".join(
        rf",\quad {name} = \text{{{escaped(text)}}}" for text, name in known.items()
    )


def letters(alphabet: str, count: int, taken=()) -> list[str]:
    """So many names that are not taken, single letters first."""
    numbered = (f"{alphabet[0]}_{t}" for t in range(1, count + 1))
    return list(islice((x for x in (*alphabet, *numbered) if x not in taken), count))


def in_layers(steps, assumed, causal: bool, own, hops: str, exact: bool) -> tuple[str, str]:
    """(words, TeX) of: j reaches i through so many layers."""
    (name,), where = named(steps[:1])
    words, tex = for_all(assumed, causal, own)
    said = (
        f"the shortest path from j to i through layers of {name} has length {hops}"
        if exact
        else f"j reaches i through layers of {name}, at most {hops} of them"
    )
    sign = "=" if exact else r"\le"
    return (
        f"{words}: {said}{where}",
        rf"{tex}\operatorname{{hops}}(j, i) {sign} {texed(hops)}" + sets(steps),
    )


def at_any_depth(steps, assumed, causal: bool, own, holds: str) -> tuple[str, str]:
    """(words, TeX) of: j reaches i only where something holds."""
    names, where = named(steps)
    words, tex = for_all(assumed, causal, own)
    several = _joined(list(dict.fromkeys(names)))
    return (
        f"{words}: layers of {several} lead from j to i only where {holds}{where}",
        rf"{tex}j \rightsquigarrow i \implies {texed(holds)}" + sets(steps),
    )


def for_all(assumed, causal: bool, own) -> tuple[str, str]:
    """(words, TeX) of what a statement holds for; `own` is the one length, where there is one."""
    pairs = "0 <= j <= i < n" if causal else "0 <= i, j < n"
    given = [*assumed, *([] if own is None or str(own) == "n" else [f"n = {own}"])]
    words = f"{', '.join(given)}{', every n' if own is None else ''} and all {pairs}".removeprefix(
        ", "
    ).removeprefix(" and ")
    return f"for {'all ' * bool(assumed)}{words}", r"\forall\, " + r",\ ".join(
        texed(x) for x in (*given, pairs)
    ) + r":\ "


def named(steps, taken=()) -> tuple[list[str], str]:
    """(the set of each layer as a row is named after it, what those that are no single word stand for)."""
    texts = list(dict.fromkeys(map(text_of_set, steps)))
    long = [text for text in texts if not re.fullmatch(r"\w+\([^()]*\)", text)]
    known = dict(zip(texts, texts)) | dict(
        zip(long, letters("ABCDEFGHKLMPQRSTUVWXYZ", len(long), taken))
    )
    where = [f"{known[text]} = {text}" for text in long]
    return [known[text_of_set(p)] for p in steps], f"; {_joined(where)}" if where else ""


def sets(steps) -> str:
    """The sets of the layers, in TeX."""
    texts = {m: escaped(text_of_set(p)) for m, p in enumerate(steps, 1)}
    same = {text: [m for m in texts if texts[m] == text] for text in texts.values()}
    return "".join(
        r",\quad " + " = ".join(rf"A^{{({m})}}" for m in layers) + rf" = \text{{{text}}}"
        for text, layers in same.items()
    )


def escaped(text: str) -> str:
    """Words inside TeX."""
    text = re.sub(r"([&_%#${}])", r"\\\1", text)
    return text.replace("~", r"\textasciitilde{}").replace("^", r"\textasciicircum{}")


def text_of_set(p) -> str:
    """The notation of a pattern, cut short where it has many parts."""
    parts = leaves(p)
    return (
        repr(p)
        if len(parts) <= MANY
        else f"{parts[0]!r}, {parts[1]!r}, ..., {parts[-1]!r} ({len(parts)} patterns)"
    )


def text_of(function, value) -> str:
    """What a function says of itself; its value, where it says nothing."""
    said = (
        (function.__doc__ or "").strip()
        if isroutine(function) and not isinstance(function, partial)
        else ""
    )
    return said or repr(value)


def texed(text: str) -> str:
    """A condition in TeX; words stay words."""
    if re.search(r"[a-z]{2} [a-z]", text):
        return rf"\text{{{escaped(text)}}}"
    for word, sign in (
        ("<=", r"\le "),
        (">=", r"\ge "),
        ("!=", r"\ne "),
        ("==", "="),
        ("//", r"\div "),
        ("%", r"\bmod "),
        ("*", r"\,"),
    ):
        text = text.replace(word, sign)
    return re.sub(r"(?<![\\\w])([A-Za-z]\w+)", r"\\mathit{\1}", text)


def _joined(parts: list[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
