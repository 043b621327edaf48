"""Attention that other people wrote, judged from outside: ONNX's reference operator and, where it is there, PyTorch's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from importlib.util import find_spec

import numpy as np

from ...patterns import Causal, Full, Lookback, Strided
from ...sets.pattern import Pattern
from ...sets.shifted import Shifted
from ...verify import check, identify, probe
from .html import table, verdict

TITLE = "<h2>Other people's code, judged</h2>"
SQUARE, WIDE = (12, 12), (4, 12)  # (n_q, n_k)


def onnx_attention(mask: np.ndarray | None = None, **attributes) -> Callable:
    """fn(q, k, v) of the operator `Attention` in ONNX's NumPy reference evaluator, on arrays (heads, n, d).

    `attributes` are the operator's, such as is_causal=1; `mask`, bool (n_q, n_k), is its attn_mask, True where attended.
    """
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    given = {} if mask is None else {"mask": mask}
    node = helper.make_node("Attention", ["q", "k", "v", *given], ["out"], **attributes)
    taken = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * 4) for name in "qkv"]
    taken += [helper.make_tensor_value_info(name, TensorProto.BOOL, [None] * 2) for name in given]
    graph = helper.make_graph(
        [node],
        "attention",
        taken,
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [None] * 4)],
    )
    session = ReferenceEvaluator(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)])
    )

    def fn(q, k, v):
        (out,) = session.run(None, {"q": q[None], "k": k[None], "v": v[None], **given})
        return out[0]

    return fn


def torch_attention(**options) -> Callable:
    """fn(q, k, v) of PyTorch's scaled_dot_product_attention, on arrays (heads, n, d)."""
    import torch

    def fn(q, k, v):
        attend = torch.nn.functional.scaled_dot_product_attention
        return attend(*(torch.from_numpy(x)[None] for x in (q, k, v)), **options)[0].numpy()

    return fn


def flex_attention(p: Pattern) -> Callable:
    """fn(q, k, v) of PyTorch's FlexAttention, whose mask_mod is the pattern's own `contains`."""
    import torch
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    def fn(q, k, v):
        blocks = create_block_mask(
            lambda b, h, i, j: p.contains(i, j), None, None, q.shape[1], k.shape[1], device="cpu"
        )
        return flex_attention(*(torch.from_numpy(x)[None] for x in (q, k, v)), block_mask=blocks)[
            0
        ].numpy()

    return fn


def subjects() -> Iterator[tuple[str, Callable, tuple[int, int]]]:
    """What is judged: a description, the function, and (n_q, n_k)."""
    strided = np.array(Strided(3).contains(np.arange(12)[:, None], np.arange(12)))
    if find_spec("onnx"):
        yield "ONNX Attention", onnx_attention(), SQUARE
        yield "ONNX Attention, is_causal=1", onnx_attention(is_causal=1), SQUARE
        yield "ONNX Attention, is_causal=1", onnx_attention(is_causal=1), WIDE
        yield (
            "ONNX Attention, is_causal=1, left_window_size=2",
            onnx_attention(is_causal=1, left_window_size=2),
            SQUARE,
        )
        both_sides = onnx_attention(left_window_size=2, right_window_size=1)
        yield "ONNX Attention, left_window_size=2, right_window_size=1", both_sides, WIDE
        yield "ONNX Attention, attn_mask = Strided(3)", onnx_attention(strided), SQUARE
    if find_spec("torch"):
        yield "PyTorch SDPA, is_causal=True", torch_attention(is_causal=True), SQUARE
        yield "PyTorch SDPA, is_causal=True", torch_attention(is_causal=True), WIDE
        yield (
            "PyTorch FlexAttention, mask_mod = Lookback(3).contains",
            flex_attention(Lookback(3)),
            SQUARE,
        )


def section() -> str:
    """A table of what each computes, and a full report on one that is asked for something else."""
    rows = []
    for said, fn, n in subjects():
        names = identify(probe(fn, n).mask[0])
        right = check(fn, names[0], n=n).passed if names else False
        rows.append(
            (
                said,
                f"{n[0]} x {n[1]}",
                f"<code>{escape(repr(names[0]))}</code>" if names else "no name",
                verdict(right, "sets and numbers" if right else "differs"),
            )
        )
    if not rows:
        return (
            TITLE
            + "<p>Neither onnx nor torch is installed: <code>make demo</code> installs onnx.</p>"
        )
    return (
        TITLE
        + "<p>Attention is linear in V: with one-hot columns of V the weights of any implementation are read out from "
        "outside, and its sets are compared as sets. No source is read.</p>"
        + table(("implementation", "n_q x n_k", "computes", "check"), rows)
        + _alignment()
    )


def _alignment() -> str:
    """What is_causal means with fewer queries than keys, and the report of somebody who expected otherwise."""
    if not find_spec("onnx"):
        return ""
    fn, last = onnx_attention(is_causal=1), Shifted(Causal(), WIDE[1] - WIDE[0])
    report = check(fn, last, n=WIDE)
    full = check(onnx_attention(), Full(), n=SQUARE)
    if report.passed or not full.passed:
        raise RuntimeError("the ONNX operator changed what is_causal means: look again")
    return (
        f"<h3>What is_causal means when n_q = {WIDE[0]} and n_k = {WIDE[1]}</h3><p>With a cache of keys the queries are the "
        f"last positions, and each should see the keys up to its own: <code>{last!r}</code>. The operator aligns at the top "
        f"left instead. The report of somebody who expected the former:</p>{report._repr_html_()}"
    )
