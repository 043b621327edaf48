"""What must not change the output of a causal layer, whatever keys it chooses: the door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...sets.checks import integer
from .invariance_report import InvarianceReport
from .invariance_trials import Function, Layer, findings_of

PADDINGS = (1, 3, 4, 8)


def check_invariance(
    layer: Function,
    x: Any,
    *,
    cache: Function | None = None,
    padded: Function | None = None,
    packed: Function | None = None,
    paddings: Sequence[int] = PADDINGS,
) -> InvarianceReport:
    """Whether the output of a causal layer depends on the past of its own sequence, and only on it.

    Changed are the tokens after a query, the other sequences of the batch, the padding on the left,
    the documents packed before and after, and how the tokens come: in one call, or through a cache
    in portions. No row may change by more than rounding. So a layer whose keys depend on its data
    is judged without knowing which they are.

    Parameters
    ----------
    layer : callable
        layer(x) -> (B, n, e), an array or tensor.
    x : array or tensor
        (B, n) tokens or (B, n, d) vectors, no two of them equal if possible. n should be several
        blocks, if keys are chosen in blocks.
    cache : callable or None
        cache() returns step(x) -> out of an empty cache, for the next tokens. If step has a method
        crop(count), which takes the last tokens back, it is judged, too; to raise is no fault.
    padded : callable or None
        padded(x, padding) -> out of x after so many masked tokens on the left.
    packed : callable or None
        packed(x, lengths) -> out of documents of these lengths, one after the other in x.
    paddings : sequence of int
        How many tokens on the left are tried.

    Returns
    -------
    InvarianceReport
        True if nothing was found.

    Raises
    ------
    ValueError
        x with fewer than 4 tokens or less than two axes, or a padding below 1.

    Examples
    --------
    >>> import numpy as np, sparse_ref as sr
    >>> x = np.random.default_rng(0).standard_normal((1, 8, 4))
    >>> def layer(x): return sr.attend(x, x, x, sr.Causal(), device="reference")
    >>> sr.verify.check_invariance(layer, x)
    PASS layer - future, batch (n = 8)
    >>> def layer(x): return sr.attend(x, x, x, sr.Band(7, 1), device="reference")
    >>> print(sr.verify.check_invariance(layer, x).findings[0])
    future: 7 rows change with later tokens: queries 0 to 6
    """
    if getattr(x, "ndim", 0) < 2 or x.shape[1] < 4:
        raise ValueError(f"x must have shape (B, n) or (B, n, d), n at least 4, got {x!r}")
    sizes = tuple(integer("paddings", padding, 1) for padding in paddings)
    findings, names = findings_of(Layer(layer, cache, padded, packed), x, sizes)
    name = getattr(layer, "__name__", type(layer).__name__)
    return InvarianceReport(name, int(x.shape[1]), findings, names)
