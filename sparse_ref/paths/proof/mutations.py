"""Mutations of layers, for negative controls: a true statement about layers is false for a mutant.

A mutation removes some keys, or adds some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from time import monotonic
from typing import NamedTuple

from ...patterns import Band, Window
from ...sets.pattern import Pattern
from .family import Family, Layers
from .small_cases import SHORT_LENGTH, Failures, first_failure, lengths_to_try, single_length
from .verdict import Counterexample

MAX_DISTANCE = 8  # keys at distances up to this are removed or added

PatternChange = Callable[[Pattern], Pattern]


class Mutation(NamedTuple):
    """A change of layers, and what it does, as "with distance 1 removed from layer 1"."""

    text: str
    change: Callable[[Layers], Layers]


def narrower(count: int, causal: bool) -> Iterator[Mutation]:
    """Mutations of `count` layers that remove keys.

    They remove one distance from one layer, or from all; then all keys but i itself; then all keys.
    """
    every_layer = range(count)
    places: dict[str, Sequence[int]] = {f"layer {m + 1}": (m,) for m in every_layer}
    places["every layer"] = every_layer
    for place, numbers in places.items():
        for distance in (*_distances(causal), 0):
            text = f"with distance {distance} removed from {place}"
            yield _mutation(text, numbers, partial(_without_distance, distance=distance))
    yield _mutation("with every key but i itself removed", every_layer, _only_self)
    yield _mutation("with every key removed", every_layer, _no_keys)


def wider(count: int, causal: bool) -> Iterator[Mutation]:
    """Mutations of `count` layers that add one distance to one layer."""
    for distance in _distances(causal):
        for m in range(count):
            text = f"with distance {distance} added to layer {m + 1}"
            yield _mutation(text, (m,), partial(_with_distance, distance=distance))


def counterexamples(
    family: Family,
    mutations: Iterable[Mutation],
    failures: Failures,
    deadline: float,
    *,
    n: int | None = None,
    longest: int = SHORT_LENGTH,
) -> Iterator[tuple[Mutation, Counterexample]]:
    """(mutation, counterexample) for small instances whose mutant makes the statement false.

    `failures(values, mutant, n)` are the pairs for which it is false. The search ends at the
    deadline.
    """
    for mutation in mutations:
        for values, layers in family.instances():
            mutant = mutation.change(layers)
            length = single_length(layers, values, n)
            lengths = lengths_to_try(mutant, length, longest)
            case = first_failure(
                mutant, lengths, partial(failures, values, mutant), length is None, deadline
            )
            if case is not None:
                yield mutation, case._replace(parameters=tuple(values.items()))
            if monotonic() > deadline:
                return


def _distances(causal: bool) -> list[int]:
    """Distances i - j, the nearest first; to both sides unless causal."""
    distances = []
    for distance in range(1, MAX_DISTANCE + 1):
        distances.append(distance)
        if not causal:
            distances.append(-distance)
    return distances


def _mutation(text: str, numbers: Sequence[int], change: PatternChange) -> Mutation:
    """The mutation that changes the layers of these numbers."""

    def change_layers(layers: Layers) -> Layers:
        steps = enumerate(layers.steps)
        mutated = [change(p) if m in numbers else p for m, p in steps]
        return layers._replace(steps=tuple(mutated))

    return Mutation(text, change_layers)


def _without_distance(p: Pattern, distance: int) -> Pattern:
    """The pattern without keys j = i - distance."""
    return p - Band(distance, -distance)


def _with_distance(p: Pattern, distance: int) -> Pattern:
    """The pattern with keys j = i - distance."""
    return p | Band(distance, -distance)


def _only_self(p: Pattern) -> Pattern:
    """The pattern with at most the key i itself."""
    return p & Window(0)


def _no_keys(p: Pattern) -> Pattern:
    """The pattern without keys."""
    return p - p
