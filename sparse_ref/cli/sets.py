"""The commands about patterns: the list, a picture, the cost, and what other sources call them."""

from __future__ import annotations

import math
import sys
from dataclasses import asdict
from typing import Any, NamedTuple

from .. import patterns
from ..catalogue import notation
from ..catalogue.entries import catalogue
from ..catalogue.selection_conventions import selection_conventions
from ..catalogue.window_conventions import window_conventions
from ..picture import picture
from ..sets.branches import Branches
from ..sets.checks import lengths
from ..sets.definitions import first_line, set_and_source
from ..sets.factorized import Factorized
from ..sets.pattern import Pattern, leaves
from ..sets.rule import Rule
from . import examples
from .figure_arguments import figure_length
from .streams import say, say_json

DEFAULT_WINDOW = 4
SELECTION_HEAD = (
    *("method", "counts the forced?", "forced", "own token always in?"),
    *("later keys left out", "one set per", "pool that is not full"),
)


def list_(arguments) -> int:
    """List every pattern by name, with its source and its set, by family."""
    families = _families()
    if arguments.json:
        by_name = {
            name: {"family": title, **facts}
            for title, family in families.items()
            for name, facts in family.items()
        }
        say_json(by_name, indent=1)
        return 0
    say("\n\n".join(_family_text(title, family) for title, family in families.items()))
    return 0


def _families() -> dict[str, dict[str, dict[str, str]]]:
    """Set, source and example of every pattern: by family, then by name."""
    examples = {entry.name: entry.text() for entry in catalogue()}
    families: dict[str, dict[str, dict[str, str]]] = {}
    for name in dict.fromkeys([*examples, *notation.NAMES]):
        definition = notation.NAMES[name]
        is_set, source = set_and_source(definition)
        title = first_line(sys.modules[definition.__module__])
        facts = {"set": is_set, "source": source, "example": examples.get(name, "")}
        families.setdefault(title, {})[name] = facts
    return families


def _family_text(title: str, family: dict[str, dict[str, str]]) -> str:
    """A title, and two lines per pattern."""
    lines = [title]
    for name, facts in family.items():
        lines += [f"  {name:22} {facts['source']}", f"      {facts['set']}"]
    return "\n".join(lines)


def rosetta(arguments) -> int:
    """Compare what sources mean by a window of one size, or by a top-k.

    Of a window: the set, and its keys in the middle. Of a top-k: what is forced and what it counts.
    """
    if arguments.selection:
        _refuse("--window", arguments.window, "--selection")
        return _rosetta_of_selection(arguments)
    window = DEFAULT_WINDOW if arguments.window is None else arguments.window
    conventions = window_conventions(window, max(16, window))
    rows = [
        {
            "source": convention.source,
            "parameter": convention.parameter,
            "pattern": repr(convention.pattern),
            "keys": convention.keys,
            "kind": convention.kind,
        }
        for convention in conventions
    ]
    if arguments.json:
        say_json(rows, indent=1)
        return 0
    head = ("source", "parameter", f"its set for {window}", "keys", "kind")
    cells = [tuple(map(str, row.values())) for row in rows]
    say(_columns([head, *cells]))
    return 0


def _refuse(option: str, value: Any, place: str) -> None:
    """Refuse an option that has no meaning with another one, or with this pattern."""
    if value is not None:
        raise ValueError(f"{option} has no meaning for {place}, got {value}")


def _rosetta_of_selection(arguments) -> int:
    """What the top-k of each source counts, forces and leaves out."""
    rows = [asdict(convention) for convention in selection_conventions()]
    if arguments.json:
        say_json(rows, indent=1)
        return 0
    cells = [tuple(row[field] for field in row if field != "source") for row in rows]
    say(_columns([SELECTION_HEAD, *cells]))
    return 0


def _columns(rows: list[tuple[str, ...]]) -> str:
    """Rows of texts in columns."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = []
    for row in rows:
        cells = [text.ljust(width) for text, width in zip(row, widths)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def show(arguments) -> int:
    """Draw a pattern, by name or in notation, in text: with its set, its source and its parts.

    Methods that choose keys by data, such as dsa, moba and nsa_paper, are drawn on a seed's data.
    """
    if arguments.expression in examples.NAMES:
        return examples.show_example(arguments.expression, arguments)
    _refuse("--seed", arguments.seed, "a set that is not chosen by data")
    entry = next((entry for entry in catalogue() if entry.name == arguments.expression), None)
    text = entry.text() if entry else arguments.expression
    definition = notation.constructor(text)
    is_function = not isinstance(definition, type | None)
    if is_function and not arguments.json:  # the pattern it returns does not know its name
        say(text, *set_and_source(definition), "")
    for part in _parts(text):
        n = arguments.n or (entry.shape() if entry else part.pattern.own_length or 16)
        glyphs = picture(part.pattern, n)
        if arguments.json:
            say_json({"pattern": repr(part.pattern), "rows": examples.rows_of(glyphs)})
            continue
        rules = [type(leaf) for leaf in leaves(part.pattern) if isinstance(leaf, Rule)]
        definitions = map(_definition, dict.fromkeys(rules))
        say(f"{part.prefix}{part.pattern!r}", *definitions, glyphs, "")
    return 0


def _definition(rule: type[Rule]) -> str:
    """The set of a rule and its source."""
    return "\n    ".join(filter(None, set_and_source(rule)))


def plot(arguments) -> int:
    """Draw a pattern to a file: as a matrix, heads side by side, steps on an image above matrices.

    Files are the same, byte for byte, in every run.
    """
    from matplotlib import pyplot

    from .. import plot as figures

    with pyplot.style.context(["dark_background"] if arguments.dark else []):
        drawn = _figure(arguments)
        figure = pyplot.gcf()
        try:
            figures.save(drawn, arguments.output)
        finally:
            pyplot.close(figure)
    say(str(arguments.output))
    return 0


def _figure(arguments) -> Any:
    """What `sr.plot` draws of an expression."""
    from .. import plot as figures

    value = notation.read(arguments.expression)
    title = arguments.expression if arguments.title is None else arguments.title
    n, block = figure_length(arguments.n, arguments.image), arguments.block
    if isinstance(value, Factorized) or arguments.image:
        _refuse("--block", block, "the steps on an image")
        if isinstance(value, tuple | Branches):
            kind = "one pattern per head" if isinstance(value, tuple) else "branches"
            raise ValueError(
                f"expression must be one pattern or its steps to be drawn on an image, got {kind}"
            )
        shape = arguments.image or _square(n)
        return figures.factorization(value, shape, titles=[title])
    if isinstance(value, tuple):
        return figures.heads(value, n, block=block, title=title)
    return figures.mask(value, n, block=block, title=title)


def _square(n) -> tuple[int, int]:
    """The shape of a square image of n positions."""
    side = math.isqrt(max(lengths(n)))
    if n != side * side or side == 0:
        raise ValueError(
            "n must be a square, so that the steps can be drawn on an image, "
            f"got {n}: give --image HxW"
        )
    return side, side


LEGEND = {
    "n_q": "queries",
    "n_k": "keys",
    "nnz": "attended pairs (i, j)",
    "density": "of all n_q x n_k pairs are attended",
    "of_causal": "attended pairs, compared with dense causal attention",
    "least_keys": "keys of the row with the fewest",
    "most_keys": "keys of the row with the most",
    "empty_rows": "rows without keys",
    "tiles": "tiles of query rows in the plan",
    "chunks": "chunks of key columns, all tiles together",
    "full": "of the chunks are attended in full",
    "waste": "of the computed pairs are masked",
    "bytes": "size of the plan",
}


def stats(arguments) -> int:
    """Count the keys of a pattern, compared with dense causal attention, and its cost in tiles."""
    for part in _parts(arguments.expression):
        cost = _cost(part.pattern, arguments.n)
        if arguments.json:
            say_json(cost)
        else:
            say(*(_cost_line(name, value) for name, value in cost.items()), "")
    return 0


def _cost_line(name: str, value) -> str:
    """A name, its number and what it counts."""
    if isinstance(value, str):
        return f"{name:11} {value}"
    number = f"{value:.4%}" if isinstance(value, float) else f"{value:,}"
    return f"{name:11} {number:15}  {LEGEND[name]}"


def _cost(p: Pattern, n) -> dict[str, Any]:
    """The numbers that `stats` prints of one pattern."""
    from .. import lower

    n_q, n_k = lengths(n)
    keys = lower.row_counts(p, n)
    nnz = int(keys.sum())
    causal = lower.nnz(patterns.Causal(), n)
    plan = lower.plan(p, n)
    return {
        "pattern": repr(p),
        "n_q": n_q,
        "n_k": n_k,
        "nnz": nnz,
        "density": nnz / max(n_q * n_k, 1),
        "of_causal": nnz / max(causal, 1),
        "least_keys": int(keys.min(initial=n_k)),
        "most_keys": int(keys.max(initial=0)),
        "empty_rows": int((keys == 0).sum()),
        "tiles": len(plan.rows),
        "chunks": len(plan.start),
        "full": plan.full,
        "waste": plan.waste,
        "bytes": plan.nbytes,
    }


PARTS: dict[type, tuple[str, int]] = {  # what they are called, and the number of the first
    Factorized: ("step", 1),
    Branches: ("branch", 0),
}


class Part(NamedTuple):
    """One of the patterns that an expression denotes, and its place, as `step 1: `."""

    prefix: str
    pattern: Pattern


def _parts(expression: str) -> list[Part]:
    """The pattern that an expression denotes; or its steps, its branches, or the heads."""
    value = notation.read(expression)
    if isinstance(value, Pattern):
        return [Part("", value)]
    kind, first = PARTS.get(type(value), ("head", 0))
    return [Part(f"{kind} {number}: ", p) for number, p in enumerate(value, first)]
