"""The command that proves: theorems of the book, and whatever steps are written down."""

from __future__ import annotations

import json
import re
import sys

from tqdm import tqdm

from ..catalogue import notation
from ..sets.factorized import Factorized
from ..sets.pattern import Pattern


def prove(arguments) -> int:
    """Theorems of the book, all where none is named; or that layers connect every pair j <= i: exit 1 where that is not proved."""
    from ..paths import prove as proved
    from ..paths.book.index import book

    known = {each.name: each for each in book()}
    if arguments.list:
        return _listed(known.values(), arguments.json)
    if not set(arguments.what) - set(known):
        options = arguments.order, arguments.n, arguments.seconds
        if arguments.no_residual or arguments.both_ways or any(x is not None for x in options):
            raise ValueError(
                "--no-residual, --order, --both-ways, -n and --seconds are for steps that are written down, "
                "not for theorems"
            )
        return _settled(
            [known[name] for name in arguments.what] or list(known.values()), arguments.json
        )
    verdict = proved(
        _steps(arguments.what),
        residual=not arguments.no_residual,
        order=arguments.order,
        causal=not arguments.both_ways,
        n=arguments.n,
        seconds=60.0 if arguments.seconds is None else arguments.seconds,
    )
    print(verdict.to_json() if arguments.json else verdict)
    return 0 if verdict else 1


def _steps(texts) -> Factorized | tuple[Pattern, ...]:
    """One text for all layers, as in "strided(8)", or one for each."""
    steps = []
    for text in texts:
        read = _read(text)
        if len(texts) == 1 and isinstance(read, Factorized):
            return read
        if not isinstance(read, Pattern):
            raise ValueError(f"each layer must be one pattern, got {text}")
        steps.append(read)
    return tuple(steps)


def _read(text: str):
    """What a text denotes. Where it is one word that is near the name of a theorem, that is told."""
    from ..paths.book.index import theorem

    try:
        return notation.read(text)
    except notation.ParseError as error:
        if not re.fullmatch(r"[\w-]+", text):
            raise
        try:
            theorem(text)
        except LookupError as other:
            raise ValueError(f"{error}\n{other}") from None
        raise ValueError(f"{text} is a theorem, and what it stands beside is none") from None


def _listed(theorems, as_json: bool) -> int:
    """Names and claims."""
    told = [each.texts() for each in theorems]
    width = max(len(each["name"]) for each in told)
    print(
        json.dumps(told)
        if as_json
        else "\n".join(
            f"{each['name']:{width}}  {each['expected']:7}  {each['family']}: {each['claim']}"
            for each in told
        )
    )
    return 0


def _settled(theorems, as_json: bool) -> int:
    """Each theorem's verdict; 1 where one is not the expected one."""
    told, wrong = [], 0
    bar = tqdm(theorems, disable=len(theorems) < 2, desc="prove", file=sys.stderr)
    for each in bar:
        verdict = each.settle()
        wrong += verdict.status != each.expected
        told.append(each.texts() | json.loads(verdict.to_json()))
        if not as_json:
            told_of = (
                f"{each.name}: {each.claim} ({each.source})\n{each.bears}: {each.remark}\n{verdict}"
            )
            bar.write(f"{told_of}\n[{verdict.seconds:.1f} s]\n", file=sys.stdout)
    print(
        json.dumps(told)
        if as_json
        else f"{len(theorems) - wrong} of {len(theorems)} theorems as expected"
    )
    return 1 if wrong else 0
