"""A KV cache as a function of whole q, k and v: it is fed by a schedule, and its outputs are joined.

With `lengths`, the sequences of a batch are fed in different orders and padded to one length, after
a sequence of constant numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..calling.layouts import LAYOUTS
from .arrays import copy_of, cut, filled, joined
from .schedule import Portion, Schedule

TOKEN_AXIS = {
    name: layout.axes.index("n") for name, layout in LAYOUTS.items() if name != "thd"
}  # thd has the positions of all sequences in one axis
BATCH_FIRST = tuple(name for name in TOKEN_AXIS if LAYOUTS[name].axes[0] == "b")
STRANGE_KEY = 0.5  # every entry of the first sequence's keys, and of padding
Step = Callable[..., Any]


class StepError(RuntimeError):
    """A step raised: the message names the portion, the cause is what it raised."""


@dataclass(eq=False)
class Feed:
    """fn(q, k, v) of a cache: its outputs for all tokens, or (out, lse).

    `refusal` is the message of a NotImplementedError, with the portion that it refused.
    """

    cache: Any
    schedule: Schedule
    layout: str
    lengths: bool = False
    axis: int = field(init=False)
    refusal: str = ""
    companion: float = 0.0  # the values of the sequence before those that are judged
    padding: float = 0.0  # the values of what pads the shorter sequences
    example: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        self.axis = TOKEN_AXIS[self.layout]

    def portions(self, n: int) -> list[Portion]:
        """How the first sequence that is judged is fed; with lengths, it is the batch's second."""
        return self.schedule.turned(1).portions(n) if self.lengths else self.schedule.portions(n)

    def __call__(self, q: Any, k: Any, v: Any) -> Any:
        self.example = self.example or (q, k, v)
        step = new_step(self.cache)
        if self.lengths:
            return self._uneven(step, (q, k, v))
        portions = self.portions(q.shape[self.axis])
        results = []
        for portion in portions:
            tokens = [cut(x, self.axis, portion.start, portion.stop) for x in (q, k, v)]
            results.append(self._call(step, portion, *tokens))
        sizes = [portion.stop - portion.start for portion in portions]
        outs = [copy for copy, _ in results]
        lses = [lse for _, lse in results]
        out = joined(outs, self.axis)
        if any(lse is None for lse in lses):
            return out
        return out, joined(lses, _token_axis(lses, sizes))

    def _call(self, step: Step, portion: Portion, *arguments: Any) -> tuple[Any, Any]:
        """(out, lse) of one call, copied before the next one; lse may be None."""
        try:
            result = step(*arguments)
        except NotImplementedError as error:
            self.refusal = f"{portion} was refused: {error}"
            raise
        except Exception as error:
            cause = f"{type(error).__name__}: {error}"
            raise StepError(f"{portion} raised {cause}") from error
        is_pair = isinstance(result, tuple | list) and len(result) == 2
        out, lse = result if is_pair else (result, None)
        return copy_of(out), None if lse is None else copy_of(lse)

    def _uneven(self, step: Step, qkv: tuple[Any, ...]) -> Any:
        """The outputs of a batch whose sequences differ in length until the last call."""
        numbers = (0.0, STRANGE_KEY, self.companion)
        companions = [filled(x[:1], value) for x, value in zip(qkv, numbers)]
        batch = [joined([first, x], 0) for first, x in zip(companions, qkv)]
        n, sequences = qkv[0].shape[self.axis], len(batch[0])
        plans = [self.schedule.turned(b).portions(n) for b in range(sequences)]
        rows: list[list[Any]] = [[] for _ in plans]
        for turn in range(max(map(len, plans))):
            portions = [_portion_of(plan, turn) for plan in plans]
            sizes = tuple(portion.stop - portion.start for portion in portions)
            fillers = (0.0, STRANGE_KEY, self.padding)
            tokens = [self._padded(x, portions, value) for x, value in zip(batch, fillers)]
            out, _ = self._call(step, portions[1], *tokens, sizes)
            for b, size in enumerate(sizes):
                rows[b].append(cut(out[b : b + 1], self.axis, 0, size))
        return joined([joined(parts, self.axis) for parts in rows[1:]], 0)

    def _padded(self, x: Any, portions: list[Portion], filler: float) -> Any:
        """The new tokens of each sequence, padded on the right to one length."""
        length = max(portion.stop - portion.start for portion in portions)
        sequences = []
        for b, portion in enumerate(portions):
            tokens = cut(x[b : b + 1], self.axis, portion.start, portion.stop)
            missing = length - (portion.stop - portion.start)
            padding = filled(cut(x[b : b + 1], self.axis, 0, missing), filler)
            sequences.append(joined([tokens, padding], self.axis))
        return joined(sequences, 0)


def new_step(cache: Any) -> Step:
    """A step of an empty cache: of the object once reset, or what cache() returns.

    Raises TypeError for what is neither.
    """
    has_reset = hasattr(cache, "reset") and not isinstance(cache, type)
    if has_reset:
        cache.reset()
    step = cache if has_reset else cache()
    if not callable(step):
        step = getattr(step, "step", None)
    if not callable(step):
        raise TypeError(
            "cache must be a function without parameters that returns step(q, k, v), "
            f"or an object with reset(), got {cache!r}"
        )
    return step


def _portion_of(plan: list[Portion], turn: int) -> Portion:
    """The portion of a turn; an empty one once a sequence is complete."""
    if turn < len(plan):
        return plan[turn]
    end = plan[-1].stop
    return Portion(end, end, "no token", True)


def _token_axis(arrays: list[Any], sizes: list[int]) -> int:
    """The axis along which arrays have these lengths, the last of them."""
    shapes = [tuple(x.shape) for x in arrays]
    axes = range(len(shapes[0]) - 1, -1, -1)
    fits = [axis for axis in axes if [shape[axis] for shape in shapes] == sizes]
    return fits[0] if fits else -1
