"""A Hugging Face model as functions of q, k and v, one for each of its attention modules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib import import_module
from inspect import signature
from typing import Any

from ..._text import error_text
from .hooks import Call, Key, Tap, open_tap
from .schedule import Portion, Schedule

MAX_BYTES = 1 << 28  # of outputs that other layers have not asked for yet
SPECIAL = ("pad_token_id", "bos_token_id", "eos_token_id")
Outputs = dict[Key, Any]


class ModelError(RuntimeError):
    """A forward raised, or a layer cannot be given q, k and v; the message says where."""


@dataclass(eq=False)
class ModelFeed:
    """Forwards of a model whose layers all attend with the same q, k and v.

    With a schedule, the n tokens come in portions, and the model keeps a cache. `padding` tokens on
    the left are masked out, and a sequence without padding is added to the batch.
    """

    model: Any
    schedule: Schedule | None = None
    padding: int = 0
    n: int = 0
    results: dict[bytes, list[Outputs]] = field(default_factory=dict)
    uses: Counter[tuple[Key, bytes]] = field(default_factory=Counter)
    stored: int = 0  # bytes in results

    def calls(self, n: int) -> list[Call]:
        """The calls of the attention functions in a forward of n tokens."""
        tap = Tap()
        whole = Portion(0, n, "the whole", False)
        self._forward(tap, self._ids(1, n), [whole])
        return tap.calls

    def attend(self, key: Key, q: Any, k: Any, v: Any) -> Any:
        """The output of a layer, (B, H, n, e); each call is another forward as the layer sees it.

        A forward gives the outputs of all layers: the others take theirs when they are called with
        the same arrays.
        """
        name = _digest((q, k, v))
        number = self.uses[key, name]
        self.uses[key, name] += 1
        forwards = self.results.setdefault(name, [])
        while len(forwards) <= number:
            outputs = self._outputs(q, k, v)
            forwards.append(outputs)
            self.stored += _bytes_of(outputs.values())
            self._forget_oldest()
        output = forwards[number].pop(key, None)
        if output is None:
            raise ModelError(
                "the keys and values of the layer are not those of its projections or its cache, "
                "so they cannot be replaced"
            )
        self.stored -= _bytes_of([output])
        return output

    def _outputs(self, q: Any, k: Any, v: Any) -> Outputs:
        """The outputs of all layers of this shape, without padding."""
        torch = import_module("torch")
        judged, n = len(q), q.shape[2]
        if self.padding:
            q, k, v = (self._with_padding(x) for x in (q, k, v))
        tap = Tap((q, k, v))
        ids = self._ids(len(q), q.shape[2])
        self._forward(tap, ids, self._portions(n))
        outputs = {}
        for key, parts in tap.outputs.items():
            if all(part is not None for part in parts):
                whole = torch.cat(parts, 2)
                outputs[key] = whole[:judged, :, self.padding :]
        return outputs

    def _portions(self, n: int) -> list[Portion]:
        """The tokens of each forward; padding comes with the first."""
        padding = self.padding
        if self.schedule is None:
            return [Portion(0, padding + n, "the whole", False)]
        portions: list[Portion] = []
        for x in self.schedule.portions(n):
            start = x.start + padding if portions else 0
            portions.append(Portion(start, x.stop + padding, x.name, x.is_step))
        return portions

    def _with_padding(self, x: Any) -> Any:
        """x after padding, and one more sequence, of other numbers."""
        torch = import_module("torch")
        padding = torch.ones_like(x[:, :, : self.padding])
        long = torch.cat([padding, x], 2)
        return torch.cat([long, torch.ones_like(long[:1])], 0)

    def _ids(self, batch: int, length: int) -> Any:
        """Token numbers, none of them special."""
        torch = import_module("torch")
        config = self.model.config.get_text_config()
        special = {getattr(config, name, None) for name in SPECIAL}
        vocabulary = range(getattr(config, "vocab_size", 1))
        token = next((x for x in vocabulary if x not in special), 0)
        return torch.full((batch, length), token, device=self.model.device)

    def _forward(self, tap: Tap, ids: Any, portions: Sequence[Portion]) -> None:
        """One forward for each portion, with a cache if there is a schedule."""
        torch = import_module("torch")
        mask = torch.ones_like(ids)
        mask[:-1, : self.padding] = 0
        cache = None
        for portion in portions:
            tap.feed(portion.start, portion.stop)
            options = self._options(cache, ids[:, portion.start : portion.stop])
            if self.padding:
                options["attention_mask"] = mask[:, : portion.stop]
            try:
                with open_tap(tap), torch.no_grad():
                    result = self.model(**options)
            except Exception as error:
                cause = error_text(error)
                raise ModelError(f"the forward of {portion} raised {cause}") from error
            cache = getattr(result, cache_parameter(self.model), None)

    def _options(self, cache: Any, ids: Any) -> dict[str, Any]:
        """The arguments of a forward, but the mask."""
        config = self.model.config
        options: dict[str, Any] = {"input_ids": ids}
        if self.schedule is not None:
            options |= {cache_parameter(self.model): cache, "use_cache": True}
        elif hasattr(config.get_text_config(), "use_cache"):
            options["use_cache"] = False
        if getattr(config, "is_encoder_decoder", False):
            options["decoder_input_ids"] = ids
        return options

    def _forget_oldest(self) -> None:
        """Drop the oldest outputs while there are too many."""
        while self.stored > MAX_BYTES and len(self.results) > 1:
            oldest = next(iter(self.results))
            for outputs in self.results.pop(oldest):
                self.stored -= _bytes_of(outputs.values())
            for use in [use for use in self.uses if use[1] == oldest]:
                del self.uses[use]


def choose_implementation(model: Any, implementation: str) -> None:
    """Set the attention implementation; ModelError with the first sentence of a refusal."""
    try:
        model.set_attn_implementation(implementation)
    except (ImportError, ValueError) as error:
        raise ModelError(str(error).partition(". ")[0]) from error


def cache_parameter(model: Any) -> str:
    """What the model calls its cache: "cache" since transformers 5.24."""
    names = signature(model.forward).parameters
    return "cache" if "cache" in names else "past_key_values"


def _bytes_of(tensors: Iterable[Any]) -> int:
    """The memory of tensors."""
    return sum(x.numel() * x.element_size() for x in tensors)


def _digest(tensors: Sequence[Any]) -> bytes:
    """A name for the shapes and numbers of tensors."""
    digest = blake2b()
    for x in tensors:
        array = x.float().cpu().numpy()
        digest.update(repr(array.shape).encode())
        digest.update(array.tobytes())
    return digest.digest()
