"""A KV cache as a function of whole q, k and v: it is fed by a schedule.

With `lengths`, the sequences of a batch are fed in different orders and padded to one length, after
a sequence of constant numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..._text import error_text
from ..calling.layouts import LAYOUTS
from .arrays import concatenate, copy_of, cut, full_like
from .schedule import Portion, Schedule

TOKEN_AXIS = {
    name: layout.axes.index("n") for name, layout in LAYOUTS.items() if name != "thd"
}  # thd has the positions of all sequences in one axis
BATCH_FIRST = tuple(name for name in TOKEN_AXIS if LAYOUTS[name].axes[0] == "b")
STRANGE_KEY = 0.5  # every entry of the first sequence's keys, and of padding
Step = Callable[..., Any]


class StepError(RuntimeError):
    """A step raised: the message names the portion, the cause is what it raised."""


class Output(NamedTuple):
    """What a step returned, copied before the next one is called."""

    out: Any
    lse: Any


@dataclass(eq=False)
class Feed:
    """fn(q, k, v) of a cache: its outputs for all tokens, or (out, lse).

    `refusal` names the portion of a NotImplementedError, and has its message. `companion` is the
    values of the sequence before those that are judged, `padding` those of what pads the shorter
    sequences. `example` is the first input.
    """

    cache: Any
    schedule: Schedule
    layout: str
    lengths: bool = False
    axis: int = field(init=False)
    refusal: str = ""
    companion: float = 0.0
    padding: float = 0.0
    example: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        self.axis = TOKEN_AXIS[self.layout]

    def portions(self, n: int) -> list[Portion]:
        """How the first sequence that is judged is fed; with lengths, it is the batch's second."""
        schedule = self.schedule.rotation(1) if self.lengths else self.schedule
        return schedule.portions(n)

    def __call__(self, q: Any, k: Any, v: Any) -> Any:
        self.example = self.example or (q, k, v)
        step = new_step(self.cache)
        if self.lengths:
            return self._attend_uneven(step, (q, k, v))
        portions = self.portions(q.shape[self.axis])
        outputs = []
        for portion in portions:
            tokens = [self._tokens(x, portion) for x in (q, k, v)]
            outputs.append(self._output(step, portion, tokens))
        out = concatenate([output.out for output in outputs], self.axis)
        lses = [output.lse for output in outputs]
        if any(lse is None for lse in lses):
            return out
        axis = _token_axis(lses, [portion.size for portion in portions])
        return out, concatenate(lses, axis)

    def _tokens(self, x: Any, portion: Portion) -> Any:
        """A copy of the tokens of a portion."""
        return cut(x, self.axis, portion.start, portion.stop)

    def _output(self, step: Step, portion: Portion, arguments: list[Any]) -> Output:
        """The output of one call."""
        try:
            result = step(*arguments)
        except NotImplementedError as error:
            self.refusal = f"{portion} was refused: {error}"
            raise
        except Exception as error:
            raise StepError(f"{portion} raised {error_text(error)}") from error
        is_pair = isinstance(result, tuple | list) and len(result) == 2
        out, lse = result if is_pair else (result, None)
        return Output(copy_of(out), None if lse is None else copy_of(lse))

    def _attend_uneven(self, step: Step, qkv: tuple[Any, ...]) -> Any:
        """The outputs of a batch whose sequences differ in length until the last call."""
        batch = self._with_companion(qkv)
        n, sequences = qkv[0].shape[self.axis], len(batch[0])
        plans = [self.schedule.rotation(b).portions(n) for b in range(sequences)]
        rows: list[list[Any]] = [[] for _ in plans]
        for turn in range(max(map(len, plans))):
            portions = [_portion_of(plan, turn) for plan in plans]
            sizes = tuple(portion.size for portion in portions)
            q, k, v = batch
            tokens = [
                self._pad(q, portions, 0.0),
                self._pad(k, portions, STRANGE_KEY),
                self._pad(v, portions, self.padding),
            ]
            output = self._output(step, portions[1], [*tokens, sizes])
            for b, size in enumerate(sizes):
                sequence = output.out[b : b + 1]
                rows[b].append(cut(sequence, self.axis, 0, size))
        judged = rows[1:]
        return concatenate([concatenate(parts, self.axis) for parts in judged], 0)

    def _with_companion(self, qkv: tuple[Any, ...]) -> list[Any]:
        """q, k and v of the batch after one more sequence, of constant numbers."""
        numbers = (0.0, STRANGE_KEY, self.companion)
        companions = map(full_like, [x[:1] for x in qkv], numbers)
        return [concatenate(pair, 0) for pair in zip(companions, qkv)]

    def _pad(self, x: Any, portions: list[Portion], filler: float) -> Any:
        """The new tokens of each sequence, padded on the right to one length."""
        length = max(portion.size for portion in portions)
        sequences = []
        for b, portion in enumerate(portions):
            sequence = x[b : b + 1]
            tokens = self._tokens(sequence, portion)
            some_tokens = cut(sequence, self.axis, 0, length - portion.size)
            padding = full_like(some_tokens, filler)
            sequences.append(concatenate([tokens, padding], self.axis))
        return concatenate(sequences, 0)


def new_step(cache: Any) -> Step:
    """A step of an empty cache: of the object once reset, or what cache() returns.

    Raises TypeError for what is neither.
    """
    has_reset = hasattr(cache, "reset") and not isinstance(cache, type)
    if has_reset:
        cache.reset()
    step = cache if has_reset or not callable(cache) else cache()
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
    for axis in reversed(range(len(shapes[0]))):
        if [shape[axis] for shape in shapes] == sizes:
            return axis
    return -1
