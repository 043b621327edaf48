"""Calling somebody else's attention: how it is called, with which inputs, and within which time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, TypeVar

import numpy as np

from ..._text import error_text
from ...sets.checks import integer, lengths
from ...sets.types import FloatArray, Length
from .arrays import (
    DTYPES,
    FRAMEWORKS,
    LAYOUTS,
    Exchange,
    Facts,
    Form,
    Function,
    ProbeError,
    Result,
)
from .layouts import Shape
from .rounded_attention import bits_of, round_to
from .worker import Worker

T = TypeVar("T")
MAX_CALL_LENGTH = 1 << 20


@dataclass(frozen=True)
class CallOptions:
    """How fn is called, as in the parameters of `probe`.

    shared_qk is for fn(qk, v), whose keys are its queries. `choice` says how "auto" was settled.
    """

    kv_heads: int | None = None
    d: int | None = None
    e: int | None = None
    layout: str = "hnd"
    framework: str = "numpy"
    dtype: str = "float32"
    device: str = "cpu"
    seconds: float | None = None
    shared_qk: bool = False
    choice: str = ""


@dataclass(frozen=True, eq=False)
class Subject:
    """An implementation, and how it is called: q (H, n_q, d), k (G, n_k, d), v (G, n_k, e).

    Without `seconds` it is called on the caller's thread, contexts and thread-locals included.
    """

    fn: Function
    n: tuple[int, int]
    heads: int
    kv_heads: int
    d: int
    e: int
    form: Form
    seconds: float | None = None
    choice: str = ""
    facts: Facts = field(default_factory=Facts)
    worker: Worker = field(default_factory=Worker)

    @classmethod
    def new(cls, fn: Function, n: Length, heads: int, options: CallOptions) -> Subject:
        """The implementation, once all options are checked; "auto" is settled by calling fn.

        Raises ProbeError if fn cannot be called in any way that "auto" tries.
        """
        if not callable(fn):
            raise TypeError(f"fn must be callable, got {fn!r}")
        if "auto" in (options.layout, options.framework):
            from .trials import resolve  # it calls subjects

            options = resolve(fn, n, heads, options)
        form = _form(options)
        seconds = _positive_seconds(options.seconds)
        n_q, n_k = lengths(n)
        if min(n_q, n_k) < 1 or max(n_q, n_k) > MAX_CALL_LENGTH:
            raise ValueError(f"n must be at least 1 and at most {MAX_CALL_LENGTH}, got {n!r}")
        heads = integer("heads", heads, 1)
        kv_heads = heads if options.kv_heads is None else integer("kv_heads", options.kv_heads, 1)
        d = 16 if options.d is None else integer("d", options.d, 2)
        e = d if options.e is None else integer("e", options.e, 1)
        if heads % kv_heads:
            raise ValueError(f"kv_heads must divide heads = {heads}, got {kv_heads}")
        if form.layout == "nd" and heads > 1:
            raise ValueError(f"heads must be 1 with layout 'nd', got {heads}")
        if form.shared_qk and (n_q, heads) != (n_k, kv_heads):
            raise ValueError("shared_qk is for as many keys as queries, and key heads as heads")
        size = heads, kv_heads, d, e
        return cls(fn, (n_q, n_k), *size, form, seconds, options.choice)

    @property
    def function(self) -> Function:
        """fn as a function of q, k and v only, for one sequence."""
        return self.form.function(self.fn, [self.n])

    @property
    def group(self) -> int:
        """Query heads per key head, H / G."""
        return self.heads // self.kv_heads

    @property
    def equal_logits(self) -> tuple[FloatArray, FloatArray]:
        """q and k of 0."""
        return self.constant(0.0)

    def constant(self, side: float) -> tuple[FloatArray, FloatArray]:
        """q and k full of one number, so that every q . k is d side^2."""
        n_q, n_k = self.n
        q = np.full((self.heads, n_q, self.d), side)
        k = np.full((self.kv_heads, n_k, self.d), side)
        return q, k

    def one_hot(self, keys: Any) -> FloatArray:
        """v with a 1 for keys[c] in column c, (G, n_k, e)."""
        v = np.zeros((self.kv_heads, self.n[1], self.e))
        v[:, keys, np.arange(len(keys))] = 1
        return v

    def normal(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Random q, k, v, all entries different, exact in the dtype of the input.

        With shared_qk, k is q.
        """
        n_q, n_k = self.n
        q = rng.standard_normal((self.heads, n_q, self.d), np.float32)
        k = rng.standard_normal((self.kv_heads, n_k, self.d), np.float32)
        v = rng.standard_normal((self.kv_heads, n_k, self.e), np.float32)
        k = q if self.form.shared_qk else k
        return self.round_input(q), self.round_input(k), self.round_input(v)

    def round_input(self, x: Any) -> FloatArray:
        """The numbers of the input's dtype that are nearest to x, in float32."""
        return round_to(np.asarray(x, np.float32), bits_of(self.form.dtype))

    def attend(self, *qkv: Any) -> tuple[FloatArray, str]:
        """(out, dtype) of q, k, v: out (H, n_q, e) in float64, and the dtype that fn returned."""
        batch = [x[None] for x in qkv]
        out, dtype, _ = self.attend_batch(*batch)
        return out[0], dtype

    def attend_wide(
        self, q: Any, k: Any, v: Any, rows: Any = slice(None)
    ) -> tuple[FloatArray, str]:
        """(out, dtype) of these rows for v (n_k, w) of any width, the same for all key heads.

        One call per e columns.
        """
        outs, dtype = [], ""
        for start in range(0, v.shape[1], self.e):
            columns = v[:, start : start + self.e]
            width = columns.shape[1]
            values = np.zeros((self.kv_heads, self.n[1], self.e))
            values[..., :width] = columns
            out, dtype = self.attend(q, k, values)
            outs.append(out[:, rows, :width])
        return np.concatenate(outs, axis=-1), dtype

    def attend_batch(self, *qkv: Any) -> Result:
        """(out, dtype, lse) of a batch: out (B, H, n_q, e) and lse (B, H, n_q) in float64.

        lse is None if fn returns none.
        """
        if self.form.layout == "thd":
            outs, dtype, lses = self.attend_varlen([*zip(*qkv)])
            lse = None if lses is None else np.stack(lses)
            return np.stack(outs), dtype, lse
        shape = len(qkv[0]), self.heads, self.n[0], self.e
        return self.run(self._exchange(qkv, shape))

    def attend_varlen(
        self, sequences: Sequence[tuple[Any, Any, Any]]
    ) -> tuple[list[FloatArray], str, list[FloatArray] | None]:
        """(outs, dtype, lses) of packed sequences (q, k, v), of different lengths if need be.

        Each out is (H, n_q, e) and each lse (H, n_q). In layout thd only.
        """
        if self.form.layout != "thd":
            raise ValueError(f"layout must be 'thd' for packed lengths, got {self.form.layout!r}")
        joined = [np.concatenate(parts, axis=1) for parts in zip(*sequences)]
        lengths_q = [q.shape[1] for q, _, _ in sequences]
        lengths_k = [k.shape[1] for _, k, _ in sequences]
        pairs = [*zip(lengths_q, lengths_k)]
        shape = 1, self.heads, sum(lengths_q), self.e
        batch = [x[None] for x in joined]
        out, dtype, lse = self.run(self._exchange(batch, shape, pairs))
        cuts = np.cumsum(lengths_q)[:-1]
        outs = np.split(out[0], cuts, axis=1)
        if lse is None:
            return outs, dtype, None
        return outs, dtype, np.split(lse[0], cuts, axis=1)

    def _exchange(self, qkv: Any, shape: Shape, pairs: Any = ()) -> Exchange:
        """The call of fn with a batch."""
        q, k = qkv[0], qkv[1]
        call = Exchange(self.fn, qkv, self.form, shape, pairs, self.facts)
        is_same = np.array_equal(q, k)
        if self.form.shared_qk and not is_same:
            text = "cannot be called with keys other than the queries: pass one array as q and k"
            raise ProbeError(f"{call} {text}", "shared")
        return call

    def run(self, call: Callable[[], T]) -> T:
        """What call() returns, within the time limit if there is one.

        Whatever it raises is a ProbeError that begins with str(call).
        """
        try:
            return call() if self.seconds is None else self.worker(call, self.seconds)
        except ProbeError:
            raise
        except TimeoutError as error:
            if self.worker.stuck:
                raise ProbeError(f"{call} {error}", "timeout") from error
            raise ProbeError(f"{call} raised {error_text(error)}") from error
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # even SystemExit
            raise ProbeError(f"{call} raised {error_text(error)}") from error


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Refuse a value that is none of the choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


def _form(options: CallOptions) -> Form:
    """The form of the arrays, once its choices are checked."""
    _check_choice("layout", options.layout, tuple(LAYOUTS))
    _check_choice("framework", options.framework, tuple(FRAMEWORKS))
    _check_choice("dtype", options.dtype, DTYPES)
    place = options.dtype, options.device
    return Form(options.layout, options.framework, *place, options.shared_qk)


def _positive_seconds(seconds: Any) -> float | None:
    """The time limit of a call."""
    if seconds is None:
        return None
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not is_number or not isfinite(seconds) or seconds <= 0:
        raise ValueError(f"seconds must be a number above 0 or None, got {seconds!r}")
    return float(seconds)
