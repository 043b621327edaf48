"""Random families of layers: what is proved of all parameters holds at drawn ones, and each
counterexample is one, by products of matrices of sets by comprehension.
"""

import exact_sets
import numpy as np
from hypothesis import assume, event, given
from hypothesis import strategies as st
from products import reached
from withstood import examples, withstands

import sparse_ref as sr

MAX_PARAMETER = 12
RULES = {
    "Block": 1,
    "Causal": 0,
    "Chunk": 1,
    "Global": 1,
    "Local": 1,
    "Lookback": 1,
    "Prefix": 1,
    "Sinks": 1,
    "Strided": 1,
    "Window": 1,
    "Band": 2,
    "Dilated": 2,
    "Summary": 2,
}
NUMBERS = st.tuples(st.integers(0, 2), st.integers(0, 3))  # (a, b) is a l + b
RULE = st.sampled_from(sorted(RULES)).flatmap(
    lambda name: st.tuples(st.just(name), *[NUMBERS] * RULES[name])
)
TREE = st.recursive(
    RULE,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("|||&-"), inner, inner),
        st.tuples(st.just("Shifted"), inner, NUMBERS),
    ),
    max_leaves=3,
)
STRIDED = (("Local", (1, 0)), ("Strided", (1, 0)))
FIXED = (("Block", (1, 1)), ("Summary", (1, 1), (0, 1)))
LAYERS = st.lists(TREE, min_size=1, max_size=3).map(tuple)
# one layer of a pair that is known to connect, changed or not
NEAR = st.tuples(st.sampled_from([STRIDED, FIXED]), TREE, st.integers(0, 2)).map(
    lambda drawn: tuple(
        ("|", layer, drawn[1]) if m == drawn[2] else layer for m, layer in enumerate(drawn[0])
    )
)


def built(tree, l):
    """The pattern of a tree at a number, or at a term."""
    head, *parts = tree
    if head in ("|", "&", "-"):
        left, right = (built(part, l) for part in parts)
        return {"|": left.__or__, "&": left.__and__, "-": left.__sub__}[head](right)
    if head == "Shifted":
        (a, b) = parts[1]
        return sr.Shifted(built(parts[0], l), a * l + b)
    return getattr(sr, head)(*[a * l + b for a, b in parts])


def unreached(layers, l, n, residual, causal):
    """[i, j] = the statement is false of the pair at these numbers; None if they are refused."""
    try:
        steps = [built(tree, l) for tree in layers]
    except ValueError:
        return None
    pairs = np.tri(n, dtype=bool) if causal else np.ones((n, n), bool)
    return pairs & ~reached([exact_sets.mask(p, n) for p in steps], residual)


@examples(1_000, fast=6)
@given(LAYERS | NEAR, st.booleans(), st.sampled_from([True, True, False]), st.data())
@withstands("proofs")
def test_no_verdict_on_a_random_family_is_false(layers, residual, causal, data):
    def family(l):
        return tuple(built(tree, l) for tree in layers)

    options = dict(residual=residual, causal=causal)
    assume(any(unreached(layers, l, 1, **options) is not None for l in range(5)))
    verdict = sr.paths.prove(family, seconds=5, **options)
    event(verdict.status)
    if verdict.status == "refuted":
        j, i, n, parameters = verdict.counterexample
        assert unreached(layers, dict(parameters)["l"], n, **options)[i, j]
    if verdict.status == "proved":
        for l in data.draw(st.lists(st.integers(0, MAX_PARAMETER), min_size=3, max_size=3)):
            n = data.draw(st.integers(1, 40))
            pairs = unreached(layers, l, n, **options)
            assert pairs is None or not pairs.any(), (l, n)
