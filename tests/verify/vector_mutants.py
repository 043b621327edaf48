"""Bugs of options and of the backward pass, to be put into the implementation of the suite."""

import numpy as np
from verify.vector_outputs import cap, gathered, softmax


def capped(change):
    """A bug of the soft cap: other logits, where there is a cap."""

    def changed(entry, a):
        if entry["softcap"]:
            a.x = change(entry, a, a.products(), entry["softcap"])

    return changed


def after_the_mask(entry, a):
    if entry["softcap"]:
        a.x = np.where(a.m > 0, a.x, -entry["softcap"])
        a.m = np.ones_like(a.m)


def sunk(change):
    """A bug of the sinks: others, where there are any; in the backward pass too."""

    def changed(entry, a):
        if a.sinks is not None:
            a.sinks = change(entry, a.sinks)

    return changed


def selecting(change):
    """A bug of selected keys: another mask from the lists (H, n_q, K)."""

    def changed(entry, a):
        if entry["topk"]:
            m = np.zeros_like(a.m)
            lists = change(a.topk, a.m.shape[2])
            for h, i in np.ndindex(*a.m.shape[:2]):
                for j in lists[h, i]:
                    if j >= 0:
                        m[h, i, j] += 1
            a.m = m

    return changed


def with_table(change):
    """A bug of pages: k and v from another table."""

    def changed(entry, a):
        if entry["page_size"]:
            table = change(a.pages["block_table"], a.pages["seq_lens"], entry["page_size"])
            lengths = a.pages["seq_lens"]
            a.k, a.values = (gathered(a.pages[x], table, lengths) for x in ("k_pages", "v_pages"))
            a.x = cap(a.products(), entry["softcap"])
            a.v = a.values[a.kv]

    return changed


def one_after_the_other(table, lengths, size):
    blocks = -(-lengths // size)
    return np.arange(table.shape[1]) + (np.cumsum(blocks) - blocks)[:, None]


def to_the_end_of_pages(entry, a):
    """Reads all of each last page, and attends to it."""
    if not entry["page_size"]:
        return
    size, right, was = entry["page_size"], a.m, a.parts
    lengths = -(-a.pages["seq_lens"] // size) * size
    where = a.pages["block_table"], lengths
    a.k, a.values = (gathered(a.pages[name], *where) for name in ("k_pages", "v_pages"))
    a.m = np.zeros((*right.shape[:2], lengths.sum()))
    start = 0
    for (queries, keys), length in zip(was, lengths):
        count = keys.stop - keys.start
        a.m[:, queries, start : start + count] = right[:, queries, keys]
        a.m[:, queries, start + count : start + length] = 1
        start += length
    a.x, a.v = cap(a.products(), entry["softcap"]), a.values[a.kv]
    seen = a.m[..., None] > 0  # NaN at keys of other sequences is none of theirs
    p = softmax(a.x, a.m)
    a.out = np.where(seen, p[..., None] * a.v[:, None], 0).sum(axis=2)


def backward(change):
    """A bug of gradients: change(a, dq, dk, dv) with dk and dv per query head."""

    def changed(entry, a):
        if entry["backward"]:
            dq, dk, dv = a.backward()
            summed = {"dq": dq, "dk": a.sum_heads(dk), "dv": a.sum_heads(dv)}
            a.gradients = summed | change(entry, a, dq, dk, dv)

    return changed


def in_heads(a, gradients):
    dq, dk, dv = gradients
    return {"dq": dq, "dk": a.sum_heads(dk), "dv": a.sum_heads(dv)}


def no_delta(entry, a, *_):
    return in_heads(a, a.backward(delta=np.zeros(a.m.shape[:2])))


def no_derivative(entry, a, *_):
    return in_heads(a, a.backward(derivative=False)) if entry["softcap"] else {}


def no_mask(entry, a, *_):
    """Weights of all keys relative to the right sum, and the right delta."""
    if (a.m.sum(axis=-1) == 0).any():
        return {}
    p = np.exp(a.right_x - a.right_lse[..., None])
    dp = a.grad @ a.values[a.kv].mT
    dx = p * (dp - (a.grad * a.right_out).sum(axis=-1)[..., None])
    if softcap := entry["softcap"]:
        dx = dx * (1 - (a.right_x / softcap) ** 2)
    scale = entry["scale"]
    return in_heads(a, (dx @ a.k[a.kv] * scale, dx.mT @ a.q * scale, p.mT @ a.grad))


def last_head(entry, a, dq, dk, dv):
    group = entry["heads"] // entry["kv_heads"]
    return {"dk": dk[group - 1 :: group], "dv": dv[group - 1 :: group]}


def mean_of_heads(entry, a, dq, dk, dv):
    group = entry["heads"] // entry["kv_heads"]
    return {"dk": a.sum_heads(dk) / group, "dv": a.sum_heads(dv) / group}


def nan_in_empty_rows(entry, a, dq, dk, dv):
    return {"dq": np.where(a.m.sum(axis=-1, keepdims=True) == 0, np.nan, dq)}


def unscaled(*names):
    def change(entry, a, dq, dk, dv):
        right = {"dq": dq, "dk": a.sum_heads(dk)}
        return {name: right[name] / entry["scale"] for name in names}

    return change


def times(factor, name):
    def change(entry, a, dq, dk, dv):
        right = {"dq": dq, "dk": a.sum_heads(dk), "dv": a.sum_heads(dv)}
        return {name: factor * right[name]}

    return change


OPTION_MUTANTS = [
    ("no soft cap", capped(lambda entry, a, x, c: x)),
    (
        "soft cap before the scale",
        capped(lambda entry, a, x, c: entry["scale"] * cap(x / entry["scale"], c)),
    ),
    ("soft cap after the mask", after_the_mask),
    ("soft cap formula", capped(lambda entry, a, x, c: np.tanh(x / c))),
    ("soft cap formula", capped(lambda entry, a, x, c: np.clip(x, -c, c))),
    ("no sink", sunk(lambda entry, sinks: None)),
    ("sink scaled", sunk(lambda entry, sinks: sinks * entry["scale"])),
    ("sink scaled", sunk(lambda entry, sinks: sinks * np.log(2))),
    ("sink of another head", sunk(lambda entry, sinks: sinks[::-1])),
    ("sink of another head", sunk(lambda entry, sinks: np.repeat(sinks[0], len(sinks)))),
    (
        "padding index attended to",
        selecting(lambda topk, n_k: np.where(topk < 0, n_k - 1, topk)),
    ),
    ("padding index attended to", selecting(lambda topk, n_k: np.maximum(topk, 0))),
    ("selection one key short", selecting(lambda topk, n_k: topk[..., :-1])),
    (
        "selection of the first head",
        selecting(lambda topk, n_k: np.repeat(topk[:1], len(topk), axis=0)),
    ),
    ("page order", with_table(one_after_the_other)),
    (
        "page order",
        with_table(lambda table, *_: np.broadcast_to(np.arange(table.shape[1]), table.shape)),
    ),
    ("page table row", with_table(lambda table, *_: np.broadcast_to(table[:1], table.shape))),
    ("page tail", to_the_end_of_pages),
]
GRADIENT_MUTANTS = [
    ("delta missing", backward(no_delta)),
    ("scale missing in dq or dk", backward(unscaled("dq"))),
    ("scale missing in dq or dk", backward(unscaled("dk"))),
    ("scale missing in dq or dk", backward(unscaled("dq", "dk"))),
    ("group not summed", backward(last_head)),
    ("group not summed", backward(mean_of_heads)),
    ("dq off by a factor", backward(times(2, "dq"))),
    ("dk off by a factor", backward(times(0.5, "dk"))),
    ("dv off by a factor", backward(times(0.5, "dv"))),
    ("backward without the mask", backward(no_mask)),
    ("soft cap derivative missing", backward(no_derivative)),
    ("empty rows in the backward", backward(nan_in_empty_rows)),
]
