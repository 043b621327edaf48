"""What is often given in a pattern's place is refused at every door, with the mend."""

import numpy as np
import pytest

import sparse_ref as sr

MASK = np.tri(4, dtype=bool)
X = np.ones((1, 4, 2))
P = sr.Causal()


def identity(q, k, v):
    return v


DOORS = {
    "attend": lambda p: sr.attend(X, X, X, p),
    "attend per head": lambda p: sr.attend(X, X, X, [p]),
    "attend_with_lse": lambda p: sr.attend_with_lse(X, X, X, p),
    "plan": lambda p: sr.plan(p, 4),
    "csr": lambda p: sr.csr(p, 4),
    "bsr": lambda p: sr.bsr(p, 4, 2),
    "dense": lambda p: sr.dense(p, 4),
    "nnz": lambda p: sr.nnz(p, 4),
    "density": lambda p: sr.density(p, 4),
    "picture": lambda p: sr.picture(p, 4),
    "Shifted": lambda p: sr.Shifted(p, 1),
    "Blockwise": lambda p: sr.Blockwise(p, 2),
    "Branches": lambda p: sr.Branches((P, p)),
    "Factorized": lambda p: sr.Factorized((P, p)),
    "| on its right": lambda p: P | p,
    "& on its left": lambda p: p & P,
    "-": lambda p: P - p,
    "check": lambda p: sr.verify.check(identity, p, n=4),
    "reach": lambda p: sr.paths.reach(p, 4),
    "reach of a layer": lambda p: sr.paths.reach([p], 4),
    "hops": lambda p: sr.paths.hops([p], 4),
    "mask_mod": sr.interop.mask_mod,
    "allowed_mask": lambda p: sr.interop.allowed_mask(p, 4),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("given", "mend"),
    [
        (MASK, r"sr\.interop\.from_allowed_mask\(mask\)"),
        (sr.Causal, r"write Causal\(\)"),
        (sr.Lookback, r"write Lookback\(keys\)"),
        ("Causal()", r"sr\.parse\('Causal\(\)'\)"),
    ],
    ids=["mask", "class", "class with a parameter", "text"],
)
def test_a_door_names_the_mend(door, given, mend):
    with pytest.raises(TypeError, match=mend):
        DOORS[door](given)


@pytest.mark.parametrize("given", [sr.Causal, "Causal()"], ids=["class", "text"])
def test_a_figure_names_the_mend(given):
    with pytest.raises(TypeError, match=r"Causal\(\)"):
        sr.plot.mask(given, 4)


def test_a_difference_of_patterns_names_their_masks():
    with pytest.raises(TypeError, match=r"expected must be a bool array .*p\.mask\(n\)"):
        sr.difference(sr.Causal(), sr.Lookback(3))


def test_a_mask_function_is_read_by_interop():
    with pytest.raises(TypeError, match=r"sr\.interop\.from_mask_mod"):
        sr.csr(lambda i, j: j <= i, 4)
