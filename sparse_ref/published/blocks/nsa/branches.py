"""Gated branches: each has its own keys, values, sets and softmax; the outputs are added by gates.

Symbols:  g_b(i) the gate of branch b at query i, for each head;  o_b the output of the branch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ....attention import attend
from ....sets.pattern import Pattern
from ...constant_sets import Gradients, gradients
from ..atoms import Sets


class NSASets(NamedTuple):
    """What the three branches of NSA see.

    compressed : a pattern over (query, atom), over compressed keys, for all heads.
    selected : a pattern over tokens for each query head.
    window : a pattern over tokens, for all heads.

    A token may be in several branches: their softmaxes are separate, so nothing is counted twice.
    """

    compressed: Pattern
    selected: Sets
    window: Pattern


class Branch(NamedTuple):
    """Queries (H, n, d), keys (G, m, d) and values (G, m, e) of one softmax, and its sets."""

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    pattern: Sets


def gated_sum(branches: Sequence[Branch], gates: np.ndarray) -> np.ndarray:
    """out_i = sum_b g_b(i) o_b(i);  gates (branches, H, n)."""
    check_gates(branches, gates)
    outputs = [attend(*branch) for branch in branches]
    terms = [gate[..., None] * out for gate, out in zip(gates, outputs)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def gated_gradients(
    grad_out: np.ndarray, branches: Sequence[Branch], gates: np.ndarray
) -> tuple[list[Gradients], np.ndarray]:
    """(dq, dk, dv) of each branch and the gradient of the gates, the sets constant."""
    check_gates(branches, gates)
    of_branches = []
    of_gates = []
    for gate, branch in zip(gates, branches):
        grad = gate[..., None] * grad_out
        of_branches.append(gradients(grad, *branch))
        products = grad_out * attend(*branch)
        of_gates.append(products.sum(axis=-1))
    return of_branches, np.stack(of_gates)


def check_gates(branches: Sequence[Branch], gates: np.ndarray) -> None:
    """Refuse gates of another shape than (branches, H, n)."""
    q = branches[0].q
    shape = (len(branches), *q.shape[:-1])
    if gates.shape != shape:
        raise ValueError(f"gates must have shape {shape}, one per branch, got {gates.shape}")
