"""Attention that other people wrote, checked from outside: ONNX and, if installed, PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from ..._text import html_text
from ...patterns import Causal, Full, Lookback, Strided
from ...sets.pattern import Pattern
from ...sets.shifted import Shifted
from ...verify import check, identify, probe
from .html import figure, table, verdict

TITLE = "<h2>Other people's code, judged</h2>"
SQUARE = (12, 12)  # (n_q, n_k)
WIDE = (4, 12)


class Subject(NamedTuple):
    """An implementation: its description, the function, and (n_q, n_k)."""

    description: str
    function: Callable
    n: tuple[int, int]


def onnx_attention(mask: np.ndarray | None = None, **attributes) -> Callable:
    """fn(q, k, v) of the operator `Attention` in ONNX's NumPy evaluator, on arrays (heads, n, d).

    `attributes` are the operator's, such as is_causal=1; `mask`, bool (n_q, n_k), is its attn_mask,
    True if the query attends to the key.
    """
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    masks = {} if mask is None else {"mask": mask}
    inputs = ["q", "k", "v", *masks]
    node = helper.make_node("Attention", inputs, ["out"], **attributes)
    value_info = helper.make_tensor_value_info
    rank_4 = [None] * 4
    rank_2 = [None] * 2
    arrays = [value_info(name, TensorProto.FLOAT, rank_4) for name in ("q", "k", "v")]
    arrays += [value_info(name, TensorProto.BOOL, rank_2) for name in masks]
    out = value_info("out", TensorProto.FLOAT, rank_4)
    graph = helper.make_graph([node], "attention", arrays, [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)])
    session = ReferenceEvaluator(model)

    def fn(q, k, v):
        feeds = {"q": q[None], "k": k[None], "v": v[None], **masks}
        (out,) = session.run(None, feeds)
        return out[0]

    return fn


def torch_attention(**options) -> Callable:
    """fn(q, k, v) of PyTorch's scaled_dot_product_attention, on arrays (heads, n, d)."""
    import torch

    def fn(q, k, v):
        attend = torch.nn.functional.scaled_dot_product_attention
        batch = [torch.from_numpy(x)[None] for x in (q, k, v)]
        return attend(*batch, **options)[0].numpy()

    return fn


def flex_attention(p: Pattern) -> Callable:
    """fn(q, k, v) of PyTorch's FlexAttention, whose mask_mod is the pattern's `contains`."""
    import torch
    from torch.nn.attention import flex_attention as flex

    def mask_mod(b, h, i, j):
        return p.contains(i, j)

    def fn(q, k, v):
        n_q = q.shape[1]
        n_k = k.shape[1]
        blocks = flex.create_block_mask(mask_mod, None, None, n_q, n_k, device="cpu")
        batch = [torch.from_numpy(x)[None] for x in (q, k, v)]
        return flex.flex_attention(*batch, block_mask=blocks)[0].numpy()

    return fn


def subjects() -> Iterator[Subject]:
    """The implementations of the packages that are installed."""
    if find_spec("onnx"):
        yield from _onnx_subjects()
    if find_spec("torch"):
        causal = torch_attention(is_causal=True)
        yield Subject("PyTorch SDPA, is_causal=True", causal, SQUARE)
        yield Subject("PyTorch SDPA, is_causal=True", causal, WIDE)
        flex = flex_attention(Lookback(3))
        yield Subject("PyTorch FlexAttention, mask_mod = Lookback(3).contains", flex, SQUARE)


def _onnx_subjects() -> Iterator[Subject]:
    """The operator of ONNX with several attributes."""
    full = onnx_attention()
    yield Subject("ONNX Attention", full, SQUARE)
    causal = onnx_attention(is_causal=1)
    yield Subject("ONNX Attention, is_causal=1", causal, SQUARE)
    yield Subject("ONNX Attention, is_causal=1", causal, WIDE)
    window = onnx_attention(is_causal=1, left_window_size=2)
    yield Subject("ONNX Attention, is_causal=1, left_window_size=2", window, SQUARE)
    sides = onnx_attention(left_window_size=2, right_window_size=1)
    yield Subject("ONNX Attention, left_window_size=2, right_window_size=1", sides, WIDE)
    j = np.arange(12)
    mask = np.array(Strided(3).contains(j[:, None], j))
    strided = onnx_attention(mask)
    yield Subject("ONNX Attention, attn_mask = Strided(3)", strided, SQUARE)


def section() -> str:
    """A table of what each implementation computes, and a report on a failed check."""
    rows = [_row(subject) for subject in subjects()]
    if not rows:
        hint = "Neither onnx nor torch is installed: <code>make demo</code> installs onnx."
        return f"{TITLE}<p>{hint}</p>"
    return (
        f"{TITLE}<p>Attention is linear in V: one-hot columns of V read the weights of any "
        "implementation from outside, and its sets are compared as sets. No source is read.</p>"
        + table(("implementation", "n_q x n_k", "computes", "check"), rows)
        + _alignment()
    )


def _row(subject: Subject) -> tuple[str, ...]:
    """The cells of an implementation."""
    n_q, n_k = subject.n
    size = f"{n_q} x {n_k}"
    names = identify(probe(subject.function, subject.n).mask[0])
    if not names:
        return subject.description, size, "no name", verdict(False, "differs")
    is_right = check(subject.function, names[0], n=subject.n, align="none").passed
    name = f"<code>{html_text(repr(names[0]))}</code>"
    result = verdict(is_right, "sets and numbers" if is_right else "differs")
    return subject.description, size, name, result


def _alignment() -> str:
    """What is_causal means with fewer queries than keys, and a report that expected otherwise."""
    if not find_spec("onnx"):
        return ""
    n_q, n_k = WIDE
    last = Shifted(Causal(), n_k - n_q)
    report = check(onnx_attention(is_causal=1), last, n=WIDE, align="none")
    full = check(onnx_attention(), Full(), n=SQUARE)
    if report.passed or not full.passed:
        raise RuntimeError("the ONNX operator changed what is_causal means: check it again")
    return (
        f"<h3>What is_causal means when n_q = {n_q} and n_k = {n_k}</h3><p>With a cache of keys "
        "the queries are the last positions, and each should see the keys up to its own "
        f"(bottom-right alignment): <code>{last!r}</code>. The operator aligns at the upper left. "
        f"{_two_alignments(last)}<p>The report for the former:</p>{report._repr_html_()}"
    )


def _two_alignments(last: Pattern) -> str:
    """The keys of both alignments, and of only one."""
    from ... import plot

    names = ("bottom right", "upper left")
    im = plot.diff(last, Causal(), n=WIDE, names=names)
    return figure(
        im.figure, "the keys of causal attention aligned at the bottom right and upper left"
    )
