"""Parameters and positions at which a family is compared with what z3 read of it.

They are the numbers in its code and their neighbours, powers of two, and random numbers up to a
million: the same ones in each run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from random import Random
from typing import Any, NamedTuple

MAX_SMALL_PARAMETER = 4  # up to it, all parameters are tried
SEED = 20190423
MAX_SAMPLES = 160  # of parameters
MAX_CONSTANTS = 48  # of these, taken from code
MAX_PRODUCTS = 49
RANDOM_SAMPLES = 24
LARGEST = 2**20
TRIES = 24  # to complete a tuple of parameters at random
PAIRS = 20  # of random positions, of which one is before the other
MARKED = 16  # constants and parameters that are positions themselves
SQUARE = 4  # all pairs of the first positions are compared
MAX_WALKED = 128  # the largest parameter at which every path is checked
MAX_WALKS = 100
EXPONENTS = (3, 4, 5, 6, 7, 8, 10, 12, 16)  # of powers of two

Values = dict[str, int]
Numbers = Sequence[int]
Completion = Callable[[str, int], Values | None]


class Positions(NamedTuple):
    """Queries i and keys j, pair by pair."""

    i: list[int]
    j: list[int]


def special_numbers(constants: Sequence[int], random: Random) -> list[int]:
    """Constants, then their neighbours, then their doubles and squares, then powers of two."""
    if len(constants) > MAX_CONSTANTS:
        half = MAX_CONSTANTS // 2
        constants = [*constants[:half], *random.sample(constants[half:], half)]
    neighbours = [c + step for c in constants for step in (1, -1)]
    multiples = [number for c in constants for number in (2 * c, c * c, -c)]
    powers = [2**e + step for e in EXPONENTS for step in (0, 1, -1)]
    random_numbers = [large_number(random) for _ in range(RANDOM_SAMPLES)]
    small = range(MAX_SMALL_PARAMETER + 1)  # at which paths are checked at small lengths only
    numbers = [*constants, *neighbours, *small, *random_numbers, *multiples, *powers]
    return list(dict.fromkeys(numbers))


def large_number(random: Random) -> int:
    """A random number, each order of magnitude as likely as another."""
    return int(random.uniform(2, LARGEST ** (1 / 4)) ** 4)


def parameter_values(
    names: Sequence[str],
    constants: Sequence[int],
    accepts: Callable[[Values], bool],
    completion: Completion,
) -> list[Values]:
    """Parameters that are accepted, at most MAX_SAMPLES of them."""
    if not names:
        return [{}]
    random = Random(SEED)
    candidates = _candidates(names, constants, accepts, completion, random)
    distinct = {tuple(values.values()): values for values in islice(candidates, MAX_SAMPLES)}
    return list(distinct.values())


def _candidates(names, constants, accepts, completion, random) -> Iterator[Values]:
    """Tuples of constants, then each special number for each parameter."""
    special = special_numbers(constants, random)
    for numbers in tuples_of(constants, len(names)):
        values = dict(zip(names, numbers))
        if accepts(values):
            yield values
    for number in special:
        for name in names:
            tried = _complete(name, number, names, special, accepts, random)
            found = tried or completion(name, number)
            if found is not None:
                yield found


def tuples_of(constants: Numbers, count: int) -> Iterator[tuple[int, ...]]:
    """Tuples of two or more of the first constants that are not small, at most MAX_PRODUCTS."""
    if count < 2:
        return iter(())
    side = int(MAX_PRODUCTS ** (1 / count))
    large = [x for x in constants if x > MAX_SMALL_PARAMETER]
    return product(large[:side], repeat=count)


def _complete(name, number, names, special, accepts, random) -> Values | None:
    """Accepted parameters of which this one is the number; None if no try is accepted."""
    for _ in range(TRIES if len(names) > 1 else 1):
        pools = [range(5), special, [number], [large_number(random)]]
        values = {other: random.choice(random.choice(pools)) for other in names}
        values[name] = number
        if accepts(values):
            return values
    return None


def walkable_values(names: Sequence[str], constants: Sequence[int]) -> list[Values]:
    """Parameters of which one is a special number that is small enough to check every path."""
    special = special_numbers(constants, Random(SEED))[: 3 * len(constants)]
    numbers = [x for x in special if 0 <= x <= MAX_WALKED]
    walkable = [x for x in constants if x <= MAX_WALKED]
    tuples = dict.fromkeys(tuples_of(walkable, len(names)))
    for number in numbers:
        for place in range(len(names)):
            for other in (number, 1, 2):
                values = [other] * len(names)
                values[place] = number
                tuples[tuple(values)] = None
    return [dict(zip(names, numbers)) for numbers in islice(tuples, MAX_WALKS)]


def positions(
    values: Values, constants: Sequence[int], length: int | None, random: Random
) -> Positions:
    """Pairs of positions below the length: near 0, near parameters, and far out."""
    parameters = list(values.values())
    near = list(map(abs, [0, 1, *parameters, *parameters, *constants]))

    def place() -> int:
        multiple = random.randrange(4) * random.choice(near)
        far = large_number(random) if random.random() < 0.2 else 0
        step = random.choice((-1, 0, 1))
        return max(0, multiple + random.choice(near) + far + step)

    square = [(i, j) for i in range(SQUARE) for j in range(SQUARE)]
    marked = random.sample(near, min(MARKED, len(near)))
    pairs = [(x + place(), x) for x in marked]
    queries = marked + [place() for _ in range(PAIRS)]
    pairs += [(i, max(0, i - place())) for i in queries]
    pairs += [(place(), place()) for _ in range(PAIRS // 2)]
    if length is not None:
        pairs = [(i % length, j % length) for i, j in pairs]
        square = [(i, j) for i, j in square if i < length and j < length]
    i, j = zip(*square, *pairs)
    return Positions(list(i), list(j))


def is_walkable(values: Values) -> bool:
    """Whether every path can be checked at these parameters."""
    return all(abs(number) <= 2 * MAX_WALKED for number in values.values())


def is_small(numbers: Sequence[Any]) -> bool:
    """Whether sums and products of a few of the numbers stay in int64."""
    return all(abs(number) <= 2 * LARGEST for number in numbers)
