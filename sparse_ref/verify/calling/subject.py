"""Calling somebody else's attention, with its layout, dtype and framework.

Errors tell what the call was and what must come back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ...sets.checks import integer, lengths
from ...sets.types import FloatArray, Length
from .frameworks import DTYPES, FRAMEWORKS, bits, dtype_name, to_float64
from .rounded_attention import BITS, round_to
from .worker import Worker

T = TypeVar("T")
MAX_LENGTH = 1 << 20


class Layout(NamedTuple):
    """pack(x) turns (B, H, n, d) into the layout of fn; unpack(x, heads) turns it back."""

    pack: Callable[[Any], Any]
    unpack: Callable[[Any, int], Any]


LAYOUTS = {
    "hnd": Layout(lambda x: x[0], lambda x, heads: x[None]),
    "bhnd": Layout(lambda x: x, lambda x, heads: x),
    "bnhd": Layout(lambda x: x.swapaxes(1, 2), lambda x, heads: x.swapaxes(1, 2)),
    "nd": Layout(lambda x: x[0, 0], lambda x, heads: x[None, None]),
    "ble": Layout(
        lambda x: x.swapaxes(1, 2).reshape(len(x), x.shape[2], -1),
        lambda x, heads: x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2),
    ),
}
BATCHED = ("bhnd", "bnhd", "ble")


class ProbeError(ValueError):
    """fn raised, hung, or did not return floats (H, n_q, e) in the layout that it was called with.

    `kind` is one of: error, timeout, shape, dtype.
    """

    def __init__(self, message: str, kind: str = "error"):
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class CallOptions:
    """How fn is called, as in the parameters of `probe`."""

    kv_heads: int | None = None
    d: int | None = None
    e: int | None = None
    layout: str = "hnd"
    framework: str = "numpy"
    dtype: str = "float32"
    device: str = "cpu"
    seconds: float = 60.0

    def changes(self) -> dict[str, Any]:
        """The options that differ from their defaults, by name."""
        defaults = asdict(CallOptions())
        return {name: value for name, value in asdict(self).items() if value != defaults[name]}


@dataclass(frozen=True, eq=False)
class Subject:
    """An implementation, and how it is called: q (H, n_q, d), k (G, n_k, d), v (G, n_k, e)."""

    fn: Callable[..., Any]
    n: tuple[int, int]
    heads: int
    kv_heads: int
    d: int
    e: int
    layout: str
    framework: str
    dtype: str = "float32"
    device: str = "cpu"
    seconds: float = 60.0
    worker: Worker = field(default_factory=Worker)

    @classmethod
    def of(
        cls, fn: Callable[..., Any], n: Length, heads: int, options: CallOptions | None = None
    ) -> Subject:
        """The implementation, once all options are checked."""
        options = CallOptions() if options is None else options
        if not callable(fn):
            raise TypeError(f"fn must be callable, got {fn!r}")
        n_q, n_k = lengths(n)
        if min(n_q, n_k) < 1 or max(n_q, n_k) > MAX_LENGTH:
            raise ValueError(f"n must be at least 1 and at most {MAX_LENGTH}, got {n!r}")
        heads = integer("heads", heads, 1)
        kv_heads = heads if options.kv_heads is None else integer("kv_heads", options.kv_heads, 1)
        d = 16 if options.d is None else integer("d", options.d, 2)
        e = d if options.e is None else integer("e", options.e, 1)
        if heads % kv_heads:
            raise ValueError(f"kv_heads must divide heads = {heads}, got {kv_heads}")
        layout, framework, dtype = options.layout, options.framework, options.dtype
        if layout == "nd" and heads > 1:
            raise ValueError(f"heads must be 1 with layout 'nd', got {heads}")
        _check_choice("layout", layout, tuple(LAYOUTS))
        _check_choice("framework", framework, tuple(FRAMEWORKS))
        _check_choice("dtype", dtype, DTYPES)
        seconds = _positive_seconds(options.seconds)
        shapes = (n_q, n_k), heads, kv_heads, d, e
        return cls(fn, *shapes, layout, framework, dtype, options.device, seconds)

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
        q = np.full((self.heads, self.n[0], self.d), side)
        return q, np.full((self.kv_heads, self.n[1], self.d), side)

    def one_hot(self, keys: Any) -> FloatArray:
        """v with a 1 for keys[c] in column c, (G, n_k, e)."""
        v = np.zeros((self.kv_heads, self.n[1], self.e))
        v[:, keys, np.arange(len(keys))] = 1
        return v

    def normal(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Random q, k, v, all entries different, exact in the dtype of the input."""
        q = rng.standard_normal((self.heads, self.n[0], self.d), np.float32)
        k = rng.standard_normal((self.kv_heads, self.n[1], self.d), np.float32)
        v = rng.standard_normal((self.kv_heads, self.n[1], self.e), np.float32)
        return self.round_input(q), self.round_input(k), self.round_input(v)

    def round_input(self, x: Any) -> FloatArray:
        """The numbers of the input's dtype that are nearest to x, in float32."""
        return round_to(np.asarray(x, np.float32), bits(self.dtype))

    def attend(self, q: Any, k: Any, v: Any) -> tuple[FloatArray, str]:
        """(out, dtype): out (H, n_q, e) in float64, and the name of the dtype that fn returned."""
        out, dtype, _ = self.attend_batch(q[None], k[None], v[None])
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

    def attend_batch(self, q: Any, k: Any, v: Any) -> tuple[FloatArray, str, FloatArray | None]:
        """(out, dtype, lse) of a batch: out (B, H, n_q, e) and lse (B, H, n_q) in float64.

        lse is None if fn returns none.
        """
        pack = LAYOUTS[self.layout].pack
        # copies, since fn may write on its arguments
        arrays = [np.array(pack(np.asarray(x)), order="C") for x in (q, k, v)]
        shapes = ", ".join(f"{name} {x.shape}" for name, x in zip("qkv", arrays))
        layout = f"layout {self.layout!r}, framework {self.framework!r},"
        text = f"fn({shapes}), {self.dtype}, {layout}"

        def call() -> tuple[FloatArray, str, FloatArray | None]:
            with np.errstate(all="ignore"):
                result = self.fn(*map(self.to_framework, arrays))
                return self._read_result(text, result, len(q))

        return self.run(text, call)

    def to_framework(self, x: FloatArray) -> Any:
        """The array in the framework and dtype, and on the device, that fn is called with."""
        return FRAMEWORKS[self.framework](x, self.dtype, self.device)

    def run(self, text: str, call: Callable[[], T]) -> T:
        """What call() returns, within the time limit.

        Whatever it raises is a ProbeError that begins with `text`.
        """
        try:
            return self.worker(call, self.seconds)
        except ProbeError:
            raise
        except TimeoutError as error:
            kind = "timeout" if self.worker.stuck else "error"
            raise ProbeError(f"{text} {error}", kind) from error
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # even SystemExit
            raise ProbeError(f"{text} raised {type(error).__name__}: {error}") from error

    def _read_result(
        self, text: str, result: Any, batch: int
    ) -> tuple[FloatArray, str, FloatArray | None]:
        """What fn returned, as arrays."""
        layout = LAYOUTS[self.layout]
        is_pair = isinstance(result, (tuple, list)) and len(result) == 2
        out, lse = result if is_pair else (result, None)
        if not hasattr(out, "shape") or not hasattr(out, "dtype"):
            raise ProbeError(
                f"{text} must return one array, or (out, lse), got {_describe(result)}"
            )
        shape = layout.pack(np.empty((batch, self.heads, self.n[0], self.e))).shape
        if tuple(out.shape) != shape:
            raise ProbeError(f"{text} must return shape {shape}, got {tuple(out.shape)}", "shape")
        dtype = dtype_name(out)
        if dtype not in BITS:
            raise ProbeError(f"{text} must return one of {', '.join(BITS)}, got {dtype}", "dtype")
        try:
            lse = None if lse is None else self._read_lse(text, lse, batch)
            return layout.unpack(to_float64(out), self.heads), dtype, lse
        except ProbeError:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise ProbeError(
                f"{text} returned {_describe(out)} that is no array: {reason}"
            ) from error

    def _read_lse(self, text: str, lse: Any, batch: int) -> FloatArray:
        """lse as (B, H, n_q), from that shape, from (B, n_q, H), or from either without axes of 1."""
        shape = batch, self.heads, self.n[0]
        actual = tuple(lse.shape) if hasattr(lse, "shape") else None
        if actual == (batch, self.n[0], self.heads) and actual != shape:
            return to_float64(lse).swapaxes(1, 2)
        if actual is None or _without_ones(actual) != _without_ones(shape):
            got = actual or _describe(lse)
            raise ProbeError(
                f"{text} must return lse of shape {shape} with out, or out only, got {got}",
                "shape",
            )
        return to_float64(lse).reshape(shape)


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Refuse a value that is none of the choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


def _positive_seconds(seconds: Any) -> float:
    """The time limit of a call."""
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not is_number or not isfinite(seconds) or seconds <= 0:
        raise ValueError(f"seconds must be a number above 0, got {seconds!r}")
    return float(seconds)


def _without_ones(shape: tuple[int, ...]) -> list[int]:
    """The axes of a shape that are longer or shorter than 1."""
    return [length for length in shape if length != 1]


def _describe(result: Any) -> str:
    """The type of a result, in words."""
    if isinstance(result, (tuple, list)):
        return f"a {type(result).__name__} of {len(result)}: return the output only"
    return "None" if result is None else type(result).__name__
