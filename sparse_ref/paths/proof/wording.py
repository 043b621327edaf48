"""Statements about paths, in words and in TeX."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import partial
from inspect import isroutine
from itertools import groupby, islice
from typing import NamedTuple

from ...sets.pattern import Pattern, leaves

Steps = Sequence[Pattern]
Names = Collection[str]
NamesAndLegend = tuple[list[str], str]

SHOWN_PARTS = 8  # of a pattern; beyond them it is shortened
SHOWN_PATHS = 3
NAMED_LAYERS = 3  # up to this many layers, the positions between have names
SET_LETTERS = "ABCDEFGHKLMPQRSTUVWXYZ"
POSITION_LETTERS = "abcdefgh"
NEGATIONS = {"<=": ">", ">=": "<", "<": ">=", ">": "<=", "==": "!="}
MIRRORS = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "!=": "!=", "==": "=="}
TEX_SIGNS = {
    "<=": r"\le ",
    ">=": r"\ge ",
    "!=": r"\ne ",
    "==": "=",
    "//": r"\div ",
    "%": r"\bmod ",
    "*": r"\,",
}


class Scope(NamedTuple):
    """The cases of a statement: the parameters that satisfy the assumptions, the pairs, the length.

    The length is None for every n. At a `point`, the parameters have these numbers.
    """

    assumptions: Sequence[str]
    causal: bool
    length: object
    point: Sequence[tuple[str, int]] = ()


class Statement(NamedTuple):
    """A statement in words, and in TeX."""

    words: str
    tex: str


def connection_statement(
    steps: Steps, scope: Scope, residual: bool, parameters: Names = ()
) -> Statement:
    """These layers connect every pair. `parameters` are names that are not free for positions."""
    words, tex = quantifier(scope)
    names, legend = name_layers(steps, parameters)
    if len(steps) > NAMED_LAYERS:
        layers = _count_layers(names) + (", residual edges included" if residual else "")
        return Statement(
            f"{words}: j reaches i through {layers}{legend}", tex + _tex_product(steps, residual)
        )
    between = position_names(len(steps) - 1, parameters)
    word_exists, tex_exists = _existence(between)
    links = _links(names, between, residual)
    all_words = _join_words([link.words for link in links])
    all_tex = r" \land ".join(link.tex for link in links)
    return Statement(
        f"{words}: {word_exists}{all_words}{legend}", tex + tex_exists + all_tex + tex_sets(steps)
    )


def reach_statement(function, scope: Scope) -> Statement:
    """The layers that a function gives connect every pair."""
    return plain_statement(scope, f"j reaches i through the layers that {source(function)} gives")


def plain_statement(scope: Scope, claim: str) -> Statement:
    """A claim in words."""
    words, tex = quantifier(scope)
    return Statement(f"{words}: {claim}", rf"{tex}\text{{{tex_words(claim)}}}")


def source(function) -> str:
    """The name of a function of layers, if it has one."""
    name = getattr(function, "__name__", "<lambda>")
    return "the function" if name == "<lambda>" else name


def path_failure_text(names: list[str], paths: list[list]) -> str:
    """The failure of every one of these paths; `names` are those of the positions between."""
    if not names:
        return "i does not attend to j"
    if len(paths) > SHOWN_PATHS:
        return "every path through j, i and 0 fails"
    texts = []
    for path in paths:
        positions = [f"{name} = {a!r}" for name, a in zip(names, path)]
        texts.append(", ".join(positions))
    return f"the path through {' or '.join(texts)} fails"


def _existence(between: list[str]) -> tuple[str, str]:
    """(words, TeX) of: there are these positions with ...; "" for no positions."""
    if not between:
        return "", ""
    verb = "is" if len(between) == 1 else "are"
    names = ", ".join(between)
    return f"there {verb} {names} with ", rf"\exists\, {names}:\ "


def _links(names: Names, between: Names, residual: bool) -> list[Statement]:
    """Each layer's link: its position attends to the one before, or with residual is the same."""
    links = []
    positions = ["j", *between, "i"]
    for m, name in enumerate(names, 1):
        key, query = positions[m - 1], positions[m]
        word_link = f"{key} in {name}_{query}"
        row = rf"A^{{({m})}}_{{{query}}}"
        tex_link = rf"{key} \in {row}"
        if residual:
            word_link += f" or {key} = {query}"
            tex_link += rf" \lor {key} = {query}"
        if residual and between:
            word_link, tex_link = f"({word_link})", f"({tex_link})"
        links.append(Statement(word_link, tex_link))
    return links


def _count_layers(names: list[str]) -> str:
    """The layers in words: "3 layers of A", or "3 layers, 2 of A and 1 of B"."""
    counts = [f"{len(list(group))} of {name}" for name, group in groupby(names)]
    if len(counts) == 1:
        return f"{len(names)} layers of {names[0]}"
    return f"{len(names)} layers, {_join_words(counts)}"


def _tex_product(steps: Steps, residual: bool) -> str:
    """TeX of: j is in row i of the product of the layers."""
    texts = [set_text(p) for p in steps]
    names = dict(zip(dict.fromkeys(texts), letters(SET_LETTERS, len(texts))))
    factors = []
    for text, group in groupby(reversed(texts)):
        count = len(list(group))
        factor = rf"({names[text]} \cup I)" if residual else names[text]
        factors.append(f"{factor}^{{{count}}}" if count > 1 else factor)
    product = r" \circ ".join(factors)
    legend = [rf",\quad {name} = \text{{{tex_words(text)}}}" for text, name in names.items()]
    return rf"j \in ({product})_i" + "".join(legend)


def letters(alphabet: str, count: int, unavailable: Names = ()) -> list[str]:
    """So many names that are available, single letters first."""
    numbered = (f"{alphabet[0]}_{t}" for t in range(1, count + 1))
    available = (name for name in (*alphabet, *numbered) if name not in unavailable)
    return list(islice(available, count))


def position_names(count: int, unavailable: Names = ()) -> list[str]:
    """Names for the positions between j and i: a, b, c, ..."""
    return letters(POSITION_LETTERS, count, unavailable)


def hops_statement(steps: Steps, scope: Scope, hops: str, exact: bool) -> Statement:
    """The shortest path from j to i has length `hops` if exact; otherwise at most that."""
    (name,), legend = name_layers(steps[:1])
    words, tex = quantifier(scope)
    claim = (
        f"the shortest path from j to i through layers of {name} has length {hops}"
        if exact
        else f"j reaches i through layers of {name}, at most {hops} of them"
    )
    sign = "=" if exact else r"\le"
    equation = rf"\operatorname{{hops}}(j, i) {sign} {tex_condition(hops)}"
    return Statement(f"{words}: {claim}{legend}", tex + equation + tex_sets(steps))


def invariant_statement(steps: Steps, scope: Scope, holds: str) -> Statement:
    """j reaches i, through any number of layers, only if `holds`."""
    names, legend = name_layers(steps)
    words, tex = quantifier(scope)
    sets = _join_words(list(dict.fromkeys(names)))
    implication = rf"j \rightsquigarrow i \implies {tex_condition(holds)}"
    return Statement(
        f"{words}: layers of {sets} lead from j to i only if {holds}{legend}",
        tex + implication + tex_sets(steps),
    )


def quantifier(scope: Scope) -> tuple[str, str]:
    """(words, TeX) of the cases that a statement is for."""
    conditions = list(scope.assumptions)
    if scope.length is not None and str(scope.length) != "n":
        conditions.append(f"n = {scope.length}")
    pairs = "0 <= j <= i < n" if scope.causal else "0 <= i, j < n"
    cases = [*conditions, "every n"] if scope.length is None else conditions
    all_of = "all " if scope.assumptions else ""
    words = f"{', '.join(cases)} and all {pairs}" if cases else f"all {pairs}"
    tex = r",\ ".join(tex_condition(x) for x in (*conditions, pairs))
    numbers = ", ".join(f"{name} = {x}" for name, x in scope.point)
    at_words = f"at {numbers}, " if numbers else ""
    at_tex = rf"{tex_condition(numbers)}:\ " if numbers else ""
    return f"{at_words}for {all_of}{words}", rf"{at_tex}\forall\, {tex}:\ "


def name_layers(steps: Steps, unavailable: Names = ()) -> NamesAndLegend:
    """(the name of each layer's set, a legend of the letters that stand for long ones)."""
    texts = list(dict.fromkeys(map(set_text, steps)))
    long_texts = [text for text in texts if not re.fullmatch(r"\w+\([^()]*\)", text)]
    available = letters(SET_LETTERS, len(long_texts), unavailable)
    letter_of = dict(zip(long_texts, available))
    legend = [f"{letter} = {text}" for text, letter in letter_of.items()]
    names = [letter_of.get(set_text(p), set_text(p)) for p in steps]
    return names, f"; {_join_words(legend)}" if legend else ""


def tex_sets(steps: Steps) -> str:
    """The sets of the layers, in TeX."""
    layers_of: dict[str, list[str]] = {}
    for m, p in enumerate(steps, 1):
        layers_of.setdefault(tex_words(set_text(p)), []).append(rf"A^{{({m})}}")
    return "".join(
        rf",\quad {' = '.join(names)} = \text{{{text}}}" for text, names in layers_of.items()
    )


def tex_words(text: str) -> str:
    """Words inside TeX, their special characters escaped."""
    text = re.sub(r"([&_%#${}])", r"\\\1", text)
    return text.replace("~", r"\textasciitilde{}").replace("^", r"\textasciicircum{}")


def set_text(p: Pattern) -> str:
    """The notation of a pattern, shortened if it has many parts."""
    parts = leaves(p)
    if len(parts) <= SHOWN_PARTS:
        return repr(p)
    return f"{parts[0]!r}, {parts[1]!r}, ..., {parts[-1]!r} ({len(parts)} patterns)"


def function_text(function, value: str) -> str:
    """The docstring of a function; its value if it has none."""
    # The docstring of a partial, or of a callable object, is that of its class.
    has_own_docstring = isroutine(function) and not isinstance(function, partial)
    docstring = (function.__doc__ or "").strip() if has_own_docstring else ""
    return docstring or value


def tex_condition(text: str) -> str:
    """A condition in TeX; words stay words."""
    if re.search(r"[a-z]{2} [a-z]", text):
        return rf"\text{{{tex_words(text)}}}"
    for sign, tex in TEX_SIGNS.items():
        text = text.replace(sign, tex)
    return re.sub(r"(?<![\\\w])([A-Za-z]\w+)", r"\\mathit{\1}", text)


def readable_condition(text: str) -> str:
    """A condition without Not, and with the number on the right."""
    match = re.fullmatch(r"Not\((.+) (<=|>=|<|>|==) (.+)\)", text)
    if match:
        left, sign, right = match.groups()
        text = f"{left} {NEGATIONS[sign]} {right}"
    match = re.fullmatch(r"(-?\d+) (<=|>=|<|>|!=|==) (.+)", text)
    if match:
        left, sign, right = match.groups()
        text = f"{right} {MIRRORS[sign]} {left}"
    return text


def _join_words(parts: list[str]) -> str:
    """a, b and c."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
