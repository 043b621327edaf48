"""Bad input to attention is refused by name, value and bound."""

from dataclasses import replace

import numpy as np
import pytest
from strategies import qkv

import sparse_ref as sr

Q, K, V = qkv((8, 8), 4, 2)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda: sr.attend(Q, K[:, :, :3], V, sr.Causal()),
            ValueError,
            "k must have the width of q, d = 8 >= 1, got 3",
        ),
        (
            lambda: sr.attend(Q, K, V[:, :5], sr.Causal()),
            ValueError,
            "v must have the heads and keys of k, .2, 8., got .2, 5.",
        ),
        (
            lambda: sr.attend(Q[:3], K, V, sr.Causal()),
            ValueError,
            "heads of k, G = 2, must divide those of q, H = 3",
        ),
        (lambda: sr.attend(Q[0], K, V, sr.Causal()), ValueError, "k must have axes"),
        (
            lambda: sr.attend(Q[None], K[None].repeat(2, 0), V[None], sr.Causal()),
            ValueError,
            "k must have the batch axes of q",
        ),
        (
            lambda: sr.attend(Q[0, 0], K[0, 0], V[0, 0], sr.Causal()),
            ValueError,
            r"q must have axes \(..., heads, n, width\) or \(n, width\), got \(8,\)$",
        ),
        (
            lambda: sr.attend(Q.astype(object), K, V, sr.Causal()),
            TypeError,
            "q must be one of float64, .*, got object",
        ),
        (
            lambda: sr.attend(Q.astype(int), K, V, sr.Causal()),
            TypeError,
            "q must be one of float64, .*, got int64",
        ),
        (
            lambda: sr.attend(Q, K.astype(np.float64), V, sr.Causal()),
            TypeError,
            "k must have the dtype of q, float32, got float64",
        ),
        (lambda: sr.attend("q", K, V, sr.Causal()), TypeError, "q must be one of float64"),
        (
            lambda: sr.attend(Q, K, V, [sr.Causal()] * 3),
            ValueError,
            "pattern must be one for each of heads = 4, got 3",
        ),
        (
            lambda: sr.attend(Q, K, V, "Causal()"),
            TypeError,
            "pattern must be a Pattern, a Plan, a CSR",
        ),
        (
            lambda: sr.attend(Q, K, V, sr.strided(3)),
            TypeError,
            "strided.3. is 2 steps, not one set",
        ),
        (
            lambda: sr.attend(Q, K, V, sr.plan(sr.Causal(), 9)),
            ValueError,
            "lowered for .n_q, n_k. = .9, 9., got q and k of .8, 8.",
        ),
        (
            lambda: sr.attend(Q, K, V, sr.Listed([0, 1], [0])),
            ValueError,
            "needs n_q = 1, got n_q = 8",
        ),
        (
            lambda: sr.attend(Q, K, V, sr.Causal(), scale=np.nan),
            ValueError,
            "scale must be a finite number of float.*, got nan",
        ),
        (
            lambda: sr.attend(Q, K, V, sr.Causal(), scale="1"),
            ValueError,
            "scale must be a finite number of float.*, got '1'",
        ),
        (
            lambda: sr.attend(Q, K, V, sr.Causal(), device="tpu"),
            ValueError,
            "device must be one of 'cpu', 'cuda', 'reference', got",
        ),
        (
            lambda: sr.attend(
                np.zeros((4097, 1)), *np.zeros((2, 1, 1)), sr.Full(), device="reference"
            ),
            ValueError,
            "at most 4096",
        ),
        (
            lambda: sr.attend_backward(Q, Q, K, V, Q, Q[..., 0], sr.Causal()),
            ValueError,
            "grad_out must have shape .4, 8, 5.",
        ),
        (lambda: sr.merge([]), ValueError, "parts must be at least 1 pair"),
        (
            lambda: sr.merge(None),
            TypeError,
            "parts must be a sequence of pairs .out, lse., got NoneType",
        ),
        (lambda: sr.merge((Q, Q[..., 0])), TypeError, "parts must be a sequence of pairs"),
        (
            lambda: sr.merge([(np.ones((1, 2), int), np.ones(1))]),
            TypeError,
            "parts must have floats, .* got int64",
        ),
        (
            lambda: sr.attend(Q, K, V, [[sr.Causal()]] * 4),
            TypeError,
            r"pattern\[0\] must be a Pattern, got",
        ),
        (
            lambda: sr.attend(Q, K, V, sr.Causal(), scale=10**400),
            ValueError,
            "scale must be a finite number",
        ),
        (
            lambda: sr.attend(Q, K, V, sr.Causal(), scale=1e39),
            ValueError,
            "number of float32, at most 3.4e.38, got 1e.39",
        ),
        (
            lambda: sr.attend(Q, K, V, sr.Causal(), device=["cpu"]),
            ValueError,
            "device must be one of",
        ),
        (
            lambda: sr.attend(np.ma.masked_array(Q), K, V, sr.Causal()),
            TypeError,
            "q must not be a masked array",
        ),
        (
            lambda: sr.attend(Q, K, V, sr.CSR(np.arange(9), np.full(8, 8, "i4"), (8, 8))),
            ValueError,
            "^CSR: indices must be below n_k = 8, got 8 in row 0",
        ),
        (
            lambda: sr.attend(Q, K, V, sr.CSR(np.arange(9), np.full(8, -1, "i4"), (8, 8))),
            ValueError,
            "^CSR: indices must be at least 0, got -1 in row 0",
        ),
        (
            lambda: sr.attend(Q, K, V, sr.CSR(np.arange(8), np.zeros(7, "i4"), (8, 8))),
            ValueError,
            r"^CSR: indptr must have shape \(9\), got \(8,\)",
        ),
        (
            lambda: sr.attend(Q, K, V, sr.CSR(np.arange(9) * 2, np.zeros(16, "i4"), (8, 8))),
            ValueError,
            "^CSR: indices of row 0 must ascend without repeats, got 0 before 0",
        ),
        (
            lambda: sr.attend(
                Q, K, V, replace(sr.plan(sr.Causal(), 8), keys=np.full((1, 64), 8, "i4"))
            ),
            ValueError,
            r"^Plan: keys must be below n_k = 8, got 8 at \(0, 0\)",
        ),
        (
            lambda: sr.attend(
                Q, K, V, replace(sr.plan(sr.Causal(), 8), rows=np.zeros((1, 64), "i4"))
            ),
            ValueError,
            "^Plan: rows must have each query once, got 0 64 times",
        ),
        (
            lambda: sr.attend(
                Q, K, V, replace(sr.plan(sr.Causal(), 8), keys=np.zeros((1, 9), "i4"))
            ),
            ValueError,
            r"^Plan: keys must have shape \(any, 64\), got \(1, 9\)",
        ),
        (
            lambda: sr.attend(
                Q, K, V, replace(sr.plan(sr.Causal(), 8), words=np.zeros((1, 8), "u8"))
            ),
            ValueError,
            r"^Plan: words must have shape \(any, 64\), got \(1, 8\)",
        ),
        (lambda: sr.merge([(Q, Q)]), ValueError, "parts must all have out"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, said):
    with pytest.raises(error, match=said):
        call()
