"""The commands about sets: what there is, what it looks like, what it costs, and what others call it."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

from .. import patterns
from ..catalogue import notation
from ..catalogue.entries import catalogue
from ..catalogue.window_conventions import window_conventions
from ..picture import picture
from ..sets.branches import Branches
from ..sets.checks import lengths
from ..sets.definitions import first_line, set_and_source
from ..sets.factorized import Factorized
from ..sets.pattern import Pattern, leaves
from ..sets.rule import Rule


def list_(arguments) -> int:
    """Every pattern by name, with its source and its set, family by family."""
    examples = {entry.name: entry for entry in catalogue()}
    families: dict[str, dict[str, dict[str, str]]] = {}
    for name in dict.fromkeys([*examples, *notation.NAMES]):
        definition = notation.NAMES[name]
        is_set, source = set_and_source(definition)
        found = {
            "set": is_set,
            "source": source,
            "example": examples[name].text() if name in examples else "",
        }
        families.setdefault(first_line(sys.modules[definition.__module__]), {})[name] = found
    if arguments.json:
        print(
            json.dumps(
                {
                    name: {"family": title, **found}
                    for title, each in families.items()
                    for name, found in each.items()
                },
                indent=1,
            )
        )
        return 0
    print(
        "\n\n".join(
            "\n".join(
                [
                    title,
                    *(
                        f"  {name:22} {found['source']}\n      {found['set']}"
                        for name, found in each.items()
                    ),
                ]
            )
            for title, each in families.items()
        )
    )
    return 0


def rosetta(arguments) -> int:
    """What each source means by the same number, where it says window: the set, and the keys of a query far from the ends."""
    found = [
        {
            "source": each.source,
            "parameter": each.parameter,
            "pattern": repr(each.pattern),
            "keys": each.keys,
            "kind": each.kind,
        }
        for each in window_conventions(arguments.window, max(16, arguments.window))
    ]
    if arguments.json:
        print(json.dumps(found, indent=1))
        return 0
    table = [
        ("source", "parameter", f"its set for {arguments.window}", "keys", "kind"),
        *(map(str, row.values()) for row in found),
    ]
    table = [tuple(row) for row in table]
    widths = [max(map(len, column)) for column in zip(*table)]
    print(
        "\n".join(
            "  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip()
            for row in table
        )
    )
    return 0


def show(arguments) -> int:
    """A pattern by name or in notation: its set and source, its notation, the sets it is made of, and its picture."""
    entry = next((each for each in catalogue() if each.name == arguments.expression), None)
    text = entry.text() if entry else arguments.expression
    definition = notation.constructor(text)
    if not arguments.json and not isinstance(
        definition, type | None
    ):  # a function's pattern no longer knows its name
        print(text, *set_and_source(definition), "", sep="\n")
    for name, p in _parts(text):
        rules = dict.fromkeys(type(leaf) for leaf in leaves(p) if isinstance(leaf, Rule))
        drawn = picture(p, arguments.n or (entry.shape() if entry else p.own_length or 16))
        if arguments.json:
            print(
                json.dumps(
                    {
                        "pattern": repr(p),
                        "rows": [[c == "█" for c in line] for line in drawn.split("\n")],
                    }
                )
            )
        else:
            print(
                name + repr(p),
                *map(_definition, rules),
                drawn,
                "",
                sep="\n",
            )
    return 0


def _definition(rule: type[Rule]) -> str:
    """The set of a rule and its source."""
    return "\n    ".join(filter(None, set_and_source(rule)))


def plot(arguments) -> int:
    """Draw a pattern, or the steps of a factorized one over an image, to a file."""
    from matplotlib import pyplot

    from .. import plot as figures

    figure: Any
    value = notation.read(arguments.expression)
    if isinstance(value, (tuple, Branches)):
        kind = "one pattern a head" if isinstance(value, tuple) else "branches"
        raise ValueError(
            f"expression must be one pattern or its steps, got {kind}: draw them one by one"
        )
    if isinstance(value, Factorized) or arguments.image:
        figure = figures.factorization(value, arguments.image or _square(arguments.n))
    else:
        figure = figures.mask(value, arguments.n).axes.figure
    try:
        figure.savefig(arguments.output, bbox_inches="tight", dpi=150)
    finally:
        pyplot.close(figure)
    print(arguments.output)
    return 0


def _square(n) -> tuple[int, int]:
    """The square image of n positions."""
    side = math.isqrt(max(lengths(n)))
    if n != side * side or side == 0:
        raise ValueError(
            f"n must be a square, so that the steps can be drawn on an image, got {n}: give --image HxW"
        )
    return side, side


def stats(arguments) -> int:
    """How many keys a pattern has, a row and in all, beside dense causal attention, and how it lowers to tiles."""
    for found in [_cost(p, arguments.n) for _, p in _parts(arguments.expression)]:
        lines = (
            f"{name:11} {value:.4%}"
            if isinstance(value, float)
            else f"{name:11} {value:,}"
            if isinstance(value, int)
            else f"{name:11} {value}"
            for name, value in found.items()
        )
        print(json.dumps(found) if arguments.json else "\n".join(lines) + "\n")
    return 0


def _cost(p: Pattern, n) -> dict:
    """What `stats` prints of one pattern."""
    from .. import lower

    rows, (n_q, n_k) = lower.key_counts(lower.all_runs(p, n)), lengths(n)
    nnz, causal, tiles = int(rows.sum()), lower.nnz(patterns.Causal(), n), lower.plan(p, n)
    return {
        "pattern": repr(p),
        "n_q": n_q,
        "n_k": n_k,
        "nnz": nnz,
        "density": nnz / (n_q * n_k) if n_q * n_k else 0.0,
        "of_causal": nnz / causal if causal else 0.0,
        "least_keys": int(rows.min(initial=n_k)),
        "most_keys": int(rows.max(initial=0)),
        "empty_rows": int((rows == 0).sum()),
        "tiles": len(tiles.rows),
        "chunks": len(tiles.start),
        "full": tiles.full,
        "waste": tiles.waste,
        "bytes": tiles.nbytes,
    }


def _parts(expression: str) -> list[tuple[str, Pattern]]:
    """The pattern that the expression denotes; its steps, branches, or one a head, by name, where it denotes several."""
    value = notation.read(expression)
    if isinstance(value, Pattern):
        return [("", value)]
    kind, first = {Factorized: ("step", 1), Branches: ("branch", 0), tuple: ("head", 0)}[
        type(value)
    ]
    return [(f"{kind} {h}: ", p) for h, p in enumerate(value, first)]
