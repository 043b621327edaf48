"""An implementation of the suite in NumPy, written without the library, which bugs are put into."""

import json
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np


def raw(suite, entry, name):
    """An array as a program without zip reads it."""
    said = entry["arrays"][name]
    return np.fromfile(suite / said["file"], np.dtype(said["dtype"]).newbyteorder("<")).reshape(
        said["shape"]
    )


def read_index(suite):
    return json.loads((suite / "index.json").read_text())


def left_out(folder):
    """The reasons by id."""
    lines = (folder / "left_out.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in filter(None, lines))


def softmax(x, m, sinks=None):
    """Rows of m exp(x) over their sums and the sink; 0 where m is, and in rows without keys."""
    x = np.where(m > 0, x, -np.inf)
    top = x.max(axis=-1, keepdims=True, initial=-np.inf)
    if sinks is not None:
        top = np.maximum(top, sinks[:, None, None])
    p = m * np.exp(x - np.where(top == -np.inf, 0, top))
    total = p.sum(axis=-1, keepdims=True)
    if sinks is not None:
        total = total + np.exp(sinks[:, None, None] - top)
    return p / np.maximum(total, 1e-300)


def cap(x, softcap):
    return softcap * np.tanh(x / softcap) if softcap else x


def gathered(pages, table, lengths):
    """Keys or values of pages, key by key."""
    size = pages.shape[2]
    rows = [
        pages[table[s, t // size], :, t % size]
        for s, length in enumerate(lengths)
        for t in range(length)
    ]
    return np.stack(rows, axis=1)


@dataclass
class Attention:
    """The arrays of a case, and how its output comes from them; a bug changes some of these."""

    entry: dict
    q: np.ndarray
    k: np.ndarray  # (G, n_k, d)
    values: np.ndarray  # (G, n_k, e)
    m: np.ndarray
    sinks: np.ndarray | None
    grad: np.ndarray | None
    right_out: np.ndarray
    lse: np.ndarray
    pages: dict = field(default_factory=dict)
    out: np.ndarray | None = None
    gradients: dict = field(default_factory=dict)
    swallows_nan: bool = False

    @classmethod
    def read(cls, suite, entry):
        def array(name):
            return raw(suite, entry, name) if name in entry["arrays"] else None

        def finite(name):
            return np.nan_to_num(array(name), posinf=0, neginf=0)

        pages = {name: array(name) for name in ("k_pages", "v_pages", "block_table", "seq_lens")}
        if entry["page_size"]:
            where = pages["block_table"], pages["seq_lens"]
            k, v = (gathered(pages[name], *where) for name in ("k_pages", "v_pages"))
        else:
            k, v = finite("k"), finite("v")
        m = array("mask").astype(float)
        rest = (array(name) for name in ("sinks", "grad_out", "out", "lse"))
        a = cls(entry, finite("q"), k, v, m, *rest, pages)
        a.kv = a.right_kv = np.arange(len(a.q)) // (len(a.q) // len(k))
        a.right_m, a.right_lse = m, a.lse
        a.x = a.right_x = cap(a.products(), entry["softcap"])
        a.v = v[a.kv]
        a.topk = array("topk")
        a.parts = [(slice(0, m.shape[1]), slice(0, m.shape[2]))]
        if entry["sequences"]:
            ends = array("cu_seqlens_q"), array("cu_seqlens_k")
            a.parts = [tuple(slice(*pair) for pair in both) for both in zip(*map(pairwise, ends))]
        return a

    def products(self):
        return self.q @ self.k[self.kv].mT * self.entry["scale"]

    def weights(self):
        return softmax(self.x, self.m, self.sinks)

    def output(self):
        return self.weights() @ self.v if self.out is None else self.out

    def backward(self, delta=None, m=None, derivative=True):
        """dq, and dk and dv per query head, of right logits and the mask, if it is one of these."""
        m = self.m if m is None else m
        if m.shape != self.right_m.shape or self.x is not self.right_x:
            m = self.right_m
        p = softmax(self.right_x, m, self.sinks)
        dp = self.grad @ self.values[self.right_kv].mT
        delta = (p * dp).sum(axis=-1) if delta is None else delta
        dx = p * (dp - delta[..., None])
        softcap = self.entry["softcap"]
        if softcap and derivative:
            dx = dx * (1 - (self.right_x / softcap) ** 2)
        scale = self.entry["scale"]
        return dx @ self.k[self.right_kv] * scale, dx.mT @ self.q * scale, p.mT @ self.grad

    def sum_heads(self, x):
        return x.reshape(len(self.k), -1, *x.shape[1:]).sum(axis=1)


def outputs(suite, index, folder, change, lse=False):
    """A folder of outputs of dense float32 attention, after `change(entry, a)` on its arrays a."""
    folder.mkdir()
    for entry in index["cases"]:
        a = Attention.read(suite, entry)
        with np.errstate(all="ignore"):
            change(entry, a)
            if entry["backward"]:
                dq, dk, dv = a.backward()
                files = {"dq": dq, "dk": a.sum_heads(dk), "dv": a.sum_heads(dv)} | a.gradients
            else:
                files = {"out": a.output()}
        if entry["id"] == "nan-member" and not a.swallows_nan:
            column = a.right_m[..., 5] > 0
            files["out"][..., 0] = np.where(column, np.nan, files["out"][..., 0])
        if lse:
            files["lse"] = a.lse
        for name, array in files.items():
            array.astype("<f4").tofile(folder / f"{entry['id']}.{name}.bin")
    return folder


def masked(applies, change):
    """A bug that changes the mask m (H, n_q, n_k), at positions i and j, where it applies."""

    def changed(entry, a):
        if applies(entry):
            i, j = np.ogrid[: a.m.shape[1], : a.m.shape[2]]
            a.m = np.broadcast_to(np.asarray(change(a.m, i, j), float), a.m.shape)

    return changed


def of(*beginnings):
    """Whether the sets of a case begin with one of these, and it is one sequence."""
    return lambda entry: (
        not entry["sequences"]
        and bool(entry["patterns"])
        and entry["patterns"][0].startswith(beginnings)
    )


def always(entry):
    return True
