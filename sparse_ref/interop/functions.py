"""Mask functions (b, h, q, kv) -> bool: FlexAttention's mask_mod, and the mask functions of Hugging Face transformers."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature

import numpy as np

from ..attention.arrays import as_array
from ..patterns import Random
from ..sets.checks import integer, lengths
from ..sets.listed import Listed
from ..sets.pattern import Pattern, leaves
from ..sets.positions import isin
from .heads import heads_by_pattern, heads_of, listed, slabs_of
from .source import mask_mod_source

FRAMEWORKS = ("numpy", "torch")


def mask_mod(p) -> Callable:
    """The function (b, h, q_idx, kv_idx) -> [kv_idx in A_(q_idx)] of FlexAttention and of Hugging Face's masking_utils.

    It answers ints, NumPy arrays and torch tensors alike, and is what `mask_mod_source` writes out: arithmetic alone, which
    torch.compile can trace. One pattern serves every head; of several, head h has the h-th, and heads beyond have no
    keys. Positions are those of the pattern: write Shifted(p, offset) where queries begin at `offset` and the caller
    counts from 0.

    Raises TypeError where p is no pattern, nor a sequence with one for each head, and for sets that are listed or drawn,
    whose keys are found in NumPy alone: `torch_block_mask` takes those.

    >>> import sparse_ref as sr
    >>> from sparse_ref import interop
    >>> allows = interop.mask_mod((sr.Causal(), sr.Lookback(2)))
    >>> [allows(0, head, 5, 3) for head in (0, 1)]
    [True, False]
    """
    patterns = heads_of(p)
    for each in patterns:
        for leaf in listed_in(each):
            raise TypeError(
                f"p must be stated by formulas to be a mask_mod, got {leaf!r}, whose keys are found in NumPy alone: "
                "interop.torch_block_mask(p, n) looks them up in a table, allowed_mask(p, n) lists them"
            )
    try:
        code = compile(mask_mod_source(p), "<mask_mod>", "exec")
    except (
        TypeError
    ):  # a rule typed in at a prompt, or a pattern that is no rule, has no text to go by
        return chosen(patterns)
    room: dict = {}
    exec(code, room)
    return room["mask_mod"]


def chosen(patterns: tuple[Pattern, ...]) -> Callable:
    """The same function by way of `contains`: of listed patterns too, which answer in NumPy alone."""
    if len(patterns) == 1:
        contains = patterns[0].contains

        def every_head(b, h, q_idx, kv_idx):
            return contains(q_idx, kv_idx)

        return every_head
    groups = tuple(heads_by_pattern(patterns).items())

    def by_head(b, h, q_idx, kv_idx):
        held = h != h
        for each, heads in groups:
            held = held | (isin(h, heads) & each.contains(q_idx, kv_idx))
        return held

    return by_head


def listed_in(p: Pattern) -> list[Pattern]:
    """The listed and random sets that a pattern is made of."""
    return [leaf for leaf in leaves(p) if isinstance(leaf, (Listed, Random))]


def from_mask_mod(
    fn, n, heads: int | None = None, *, batch: int = 0, framework="numpy"
) -> Pattern | tuple[Pattern, ...]:
    """The Listed pattern of a function (b, h, q, kv) -> bool, or (q, kv) -> bool, at length n or (n_q, n_k).

    fn is called with grids that broadcast, q (rows, 1) and kv (1, n_k), some rows at a time: O(nnz) memory. `heads` gives
    a tuple with a pattern for each; without it fn is asked about h = 0. `framework` is what fn is called with: "numpy"
    arrays, or "torch" CPU tensors.

    Raises TypeError where fn takes other than 2 or 4 arguments, or answers with anything but bools; ValueError where what
    it answers does not broadcast to the grid, or an option is outside its bounds.

    >>> from sparse_ref import interop
    >>> interop.from_mask_mod(lambda b, h, q, kv: (q >= kv) & (q - kv < 2), 4)
    Listed(<4 rows, 7 keys>)
    """
    shape, batch = lengths(n), integer("batch", batch, 0)
    call = asked(fn, batch, framework)
    if heads is not None and integer("heads", heads, 1) and _arguments(fn) == 2:
        raise TypeError("heads must be None for a function of (q, kv), which knows none")

    def read(h):
        return listed(call(h, np.arange(lo, hi), np.arange(shape[1])) for lo, hi in slabs_of(shape))

    return read(0) if heads is None else tuple(read(h) for h in range(heads))


def asked(fn, batch: int, framework: str, device="cpu") -> Callable:
    """A function (h, i (rows,), j (keys,)) -> bool (rows, keys) that asks fn, and checks what it answers."""
    if framework not in FRAMEWORKS:
        raise ValueError(f"framework must be one of {', '.join(FRAMEWORKS)}, got {framework!r}")
    four = _arguments(fn) == 4

    def tensors(*indices):
        import torch

        return tuple(torch.as_tensor(x, device=device) for x in indices)

    def call(h, i, j):
        given = tuple(np.asarray(x) for x in (batch, h)) * four + (i[:, None], j[None, :])
        answer = fn(*(given if framework == "numpy" else tensors(*given)))
        answer = as_array(
            "fn's answer", answer.cpu() if hasattr(answer, "cpu") else np.asarray(answer)
        )
        if answer.dtype != bool:
            raise TypeError(f"fn must answer with bools, True where it attends, got {answer.dtype}")
        try:
            return np.broadcast_to(answer, (len(i), len(j)))
        except ValueError:
            raise ValueError(
                f"fn must answer with shape {(len(i), len(j))} or one that broadcasts to it, "
                f"got {answer.shape}"
            ) from None

    return call


def _arguments(fn) -> int:
    """How many positions fn asks for: 2 or 4."""
    try:
        known = (
            signature(fn).parameters.values() if not isinstance(fn, np.ufunc) else [None] * fn.nin
        )
        count = sum(
            p is None
            or (
                p.default is Parameter.empty
                and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
            )
            for p in known
        )
    except (TypeError, ValueError) as error:
        raise TypeError(f"fn must be a function of (b, h, q, kv) or (q, kv), got {fn!r}") from error
    if count not in (2, 4):
        raise TypeError(f"fn must take (b, h, q, kv) or (q, kv), got {count} arguments in {fn!r}")
    return count
