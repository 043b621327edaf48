"""Odd arguments at every public function: accepted, or refused by an error of Python's own that
names the argument; nothing of Numba, NumPy or SciPy shows.
"""

import inspect

import numpy as np
import pytest
from withstood import withstands

import sparse_ref as sr

X = np.ones((2, 6, 4), np.float32)
OUT, LSE = X, X[..., 0]
CAUSAL = sr.Causal()
NO_LENGTH = {
    "None": None,
    "text": "six",
    "bytes": b"6",
    "fraction": 2.5,
    "NaN": np.nan,
    "infinity": np.inf,
    "negative": -1,
    "beyond int64": 10**400,
    "list": [[]],
    "dictionary": {"n": 6},
    "set": {6},
    "function": len,
    "class": int,
    "complex": 6j,
    "vector": np.arange(7),
    "object": object(),
    "ellipsis": ...,
}
NO_ARRAY = {
    "None": None,
    "text": "six",
    "number": 3.0,
    "integers": np.ones((2, 6, 4), int),
    "complex": np.ones((2, 6, 4), complex),
    "objects": np.full((2, 6, 4), None),
    "flat": np.ones(4, np.float32),
    "empty list": [],
    "ragged list": [[1.0], [1.0, 2.0]],
    "dictionary": {},
    "dates": np.zeros((2, 6, 4), "M8[s]"),
    "text array": np.full((2, 6, 4), "a"),
    "records": np.zeros((2, 6, 4), [("x", "f4")]),
    "masked": np.ma.masked_array(X),
    "half as long": X[:, ::2, :2],
}
NO_PATTERN = {
    "None": None,
    "text": "Causal()",
    "class": sr.Causal,
    "number": 3,
    "mask": np.ones((6, 6), bool),
    "steps": sr.strided(3),
    "list": [CAUSAL],
    "function": lambda i, j: True,
}
NO_NUMBER = {
    name: value for name, value in NO_LENGTH.items() if name not in ("None", "fraction", "negative")
}
NO_STEPS = {name: NO_PATTERN[name] for name in ("None", "text", "class", "number", "function")}

DOORS = [  # (function, right arguments by name, argument, odd values)
    *[
        (function, dict(pattern=CAUSAL, n=6, **more), name, odd)
        for function, more in (
            (sr.csr, {}),
            (sr.plan, {}),
            (sr.dense, {}),
            (sr.nnz, {}),
            (sr.density, {}),
            (sr.bsr, {"block": 2}),
        )
        for name, odd in (("pattern", NO_PATTERN), ("n", NO_LENGTH))
    ],
    (sr.bsr, dict(pattern=CAUSAL, n=6, block=2), "block", NO_LENGTH),
    *[
        (function, dict(q=X, k=X, v=X, pattern=CAUSAL), name, odd)
        for function in (sr.attend, sr.attend_with_lse)
        for name, odd in (
            ("q", NO_ARRAY),
            ("k", NO_ARRAY),
            ("v", NO_ARRAY),
            ("pattern", {**NO_PATTERN, "list": [CAUSAL] * 3}),
            ("scale", NO_NUMBER),
            ("device", NO_LENGTH),
        )
    ],
    *[
        (
            sr.attend_backward,
            dict(grad_out=OUT, q=X, k=X, v=X, out=OUT, lse=LSE, pattern=CAUSAL),
            name,
            NO_ARRAY,
        )
        for name in ("grad_out", "q", "k", "v", "out", "lse")
    ],
    *[
        (function, dict(steps=[CAUSAL], n=6), name, odd)
        for function in (sr.paths.reach, sr.paths.hops, sr.paths.growth, sr.paths.diameter)
        for name, odd in (("steps", NO_STEPS), ("n", NO_LENGTH))
    ],
    *[
        (sr.paths.shortest, dict(steps=[CAUSAL], j=1, i=4, n=6), name, NO_LENGTH)
        for name in ("j", "i", "n")
    ],
]
CASES = [
    pytest.param(function, {**right, name: value}, name, id=f"{function.__name__}-{name}-{kind}")
    for function, right, name, odd in DOORS
    for kind, value in odd.items()
]


@pytest.mark.parametrize(("function", "arguments", "name"), CASES)
@withstands("odd arguments")
def test_an_odd_argument_is_refused_by_name(function, arguments, name):
    options = {key: value for key, value in arguments.items() if key in ("scale", "device")}
    values = [value for key, value in arguments.items() if key not in options]
    inspect.signature(function).bind(*values, **options)
    with pytest.raises((TypeError, ValueError)) as refusal:
        function(*values, **options)
    assert type(refusal.value) in (TypeError, ValueError)
    assert name.split("_")[0] in str(refusal.value), refusal.value
