"""Facts about whole numbers that are true of all of them, and help solvers with division.

Products of two terms are hard for every solver, and so are nested divisions by numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise, permutations
from typing import Any, NamedTuple

from .expressions import nodes_of
from .quotients import Quotient
from .terms import Symbols
from .z3_import import z3

MAX_QUOTIENTS = 12  # by one divisor; of more, pairs are not compared
STEPS = (1, 2)


class Facts(NamedTuple):
    """Facts about the terms of a query: of products by a term, and of divisions by numbers.

    `factors` are the pairs (a, a b) of the divisions.
    """

    products: list[Any]
    divisions: list[Any]
    factors: set[tuple[int, int]]


def facts_about(conditions: Iterable[Any], quotients: Iterable[Quotient]) -> Facts:
    """The facts about these quotients, and about the divisions by numbers in the conditions."""
    divisions = list(_divisions(nodes_of(conditions)))
    return Facts(
        list(_order_facts(quotients)),
        [_division_fact(*division) for division in divisions],
        {(a, product) for _, a, product in divisions},
    )


def general_facts(symbols: Symbols, facts: Iterable[Facts]) -> list[Any]:
    """The facts about any numbers, of which those are instances."""
    has_products = any(each.products for each in facts)
    factors = set().union(*(each.factors for each in facts))
    b, p, q, x = (symbols.constant(name) for name in "bpqx")
    order = [_order_fact(b, p, q, t) for t in STEPS] if has_products else []
    return order + [_division_fact(x, *pair) for pair in sorted(factors)]


def _order_fact(b, p, q, t: int):
    """Multiples of b >= 1 keep order: p >= q + t implies b p >= b q + b t."""
    premises = z3().And(b >= 1, p >= q + t)
    return z3().Implies(premises, b * p >= b * q + t * b)


def _division_fact(x, a: int, product: int):
    """x // (a b) = x // a // b."""
    return x / product == x / a / (product // a)


def _order_facts(quotients: Iterable[Quotient]) -> Iterator[Any]:
    """The order of the multiples of each divisor by its quotients, and by 0."""
    by_divisor: dict[int, list[Quotient]] = {}
    for each in quotients:
        by_divisor.setdefault(each.divisor.get_id(), []).append(each)
    for group in by_divisor.values():
        b = group[0].divisor
        values = [each.quotient for each in group]
        zero = z3().IntVal(0, b.ctx)
        for p in values:
            yield _order_fact(b, p, zero, 1)
            yield _order_fact(b, zero, p, 1)
        if len(values) <= MAX_QUOTIENTS:
            for p, q in permutations(values, 2):
                yield from (_order_fact(b, p, q, t) for t in STEPS)


def _divisions(nodes: Iterable[Any]) -> Iterator[tuple[Any, int, int]]:
    """(x, a, a b) for the numbers that divide one x in these expressions."""
    dividends: dict[int, Any] = {}
    divisors: dict[int, set[int]] = {}
    divisions = [node for node in nodes if z3().is_app_of(node, z3().Z3_OP_IDIV)]
    for x, divisor in (node.children() for node in divisions):
        if z3().is_int_value(divisor):
            dividends[x.get_id()] = x
            divisors.setdefault(x.get_id(), set()).add(divisor.as_long())
    for key, numbers in divisors.items():
        x = dividends[key]
        for a, product in pairwise(sorted(numbers)):
            if product % a == 0:
                yield x, a, product
