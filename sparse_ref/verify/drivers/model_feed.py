"""A Hugging Face model as functions of q, k and v, one for each of its attention modules."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib import import_module
from typing import Any

from .hooks import Call, Tap, tapped
from .schedule import Portion, Schedule

MAX_KEPT_BYTES = 1 << 28  # of outputs that other layers have not asked for yet
Key = tuple[Any, int]  # a module, and the number of its call in a forward


class ModelError(RuntimeError):
    """A forward raised, or a layer cannot be given q, k and v; the message says where."""


@dataclass(eq=False)
class ModelFeed:
    """Forwards of a model whose layers all attend with the same q, k and v.

    With a schedule, the tokens come in portions, and the model keeps a cache. `padding` tokens on
    the left are masked out, and a sequence without padding is added to the batch.
    """

    model: Any
    schedule: Schedule | None = None
    padding: int = 0
    n: int = 0
    results: dict[bytes, list[dict[Key, Any]]] = field(default_factory=dict)
    uses: dict[tuple[Key, bytes], int] = field(default_factory=lambda: defaultdict(int))
    kept_bytes: int = 0

    def calls(self, n: int) -> list[Call]:
        """The calls of the attention functions in a forward of n tokens."""
        tap = Tap()
        with tapped(tap), import_module("torch").no_grad():
            self._forward(tap, self._ids(1, n), [Portion(0, n, "", False)])
        return tap.calls

    def attend(self, key: Key, q: Any, k: Any, v: Any) -> Any:
        """The output of a layer, (B, H, n, e); each call is another forward as the layer sees it.

        A forward gives the outputs of all layers: the others take theirs when they are called with
        the same arrays.
        """
        digest = blake2b(repr([x.shape for x in (q, k, v)]).encode())
        for x in (q, k, v):
            digest.update(x.float().cpu().numpy().tobytes())
        name = digest.digest()
        number = self.uses[key, name]
        self.uses[key, name] += 1
        forwards = self.results.setdefault(name, [])
        while len(forwards) <= number:
            forwards.append(self._outputs(q, k, v))
            self._forget(name)
        outputs = forwards[number].pop(key, None)
        if outputs is None:
            raise ModelError(
                "the keys and values of the layer are not those of its projections or its cache, "
                "so they cannot be replaced"
            )
        self.kept_bytes -= _bytes(outputs)
        return outputs

    def _outputs(self, q: Any, k: Any, v: Any) -> dict[Key, Any]:
        """The outputs of all layers of this shape, without padding."""
        torch = import_module("torch")
        batch, n = len(q), q.shape[2]
        if self.padding:
            q, k, v = (self._with_padding(x) for x in (q, k, v))
        tap = Tap((q, k, v))
        with tapped(tap), torch.no_grad():
            self._forward(tap, self._ids(len(q), q.shape[2]), self._portions(n))
        return {
            key: torch.cat(outs, 2)[:batch, :, self.padding :]
            for key, outs in tap.outputs.items()
            if all(out is not None for out in outs)
        }

    def _portions(self, n: int) -> list[Portion]:
        """The tokens of each forward; padding comes with the first."""
        if self.schedule is None:
            return [Portion(0, self.padding + n, "the whole", False)]
        p = self.padding
        return [
            Portion(x.start + p * (x.start > 0), x.stop + p, x.name, x.is_step)
            for x in self.schedule.portions(n)
        ]

    def _with_padding(self, x: Any) -> Any:
        """x after padding, and one more sequence, of other numbers."""
        torch = import_module("torch")
        wide = torch.cat([x[:, :, : self.padding] * 0 + 1, x], 2)
        return torch.cat([wide, torch.ones_like(wide[:1])], 0)

    def _ids(self, batch: int, length: int) -> Any:
        """Token numbers, none of them special."""
        torch = import_module("torch")
        config = self.model.config.get_text_config()
        vocabulary = getattr(config, "vocab_size", 1)
        special = {getattr(config, f"{name}_token_id", None) for name in ("pad", "bos", "eos")}
        token = next((x for x in range(vocabulary) if x not in special), 0)
        return torch.full((batch, length), token, device=self.model.device)

    def _forward(self, tap: Tap, ids: Any, portions: list[Portion]) -> None:
        """One forward for each portion, with a cache if there is a schedule."""
        mask = import_module("torch").ones_like(ids)
        mask[:-1, : self.padding] = 0
        cache = None
        for portion in portions:
            tap.feed(portion.start, portion.stop)
            options: dict[str, Any] = {}
            if self.padding:
                options["attention_mask"] = mask[:, : portion.stop]
            config = self.model.config
            if self.schedule is not None:
                options |= {"past_key_values": cache, "use_cache": True}
            elif hasattr(config.get_text_config(), "use_cache"):
                options["use_cache"] = False
            new_ids = ids[:, portion.start : portion.stop]
            if getattr(config, "is_encoder_decoder", False):
                options["decoder_input_ids"] = new_ids
            try:
                result = self.model(input_ids=new_ids, **options)
            except Exception as error:
                cause = f"{type(error).__name__}: {error}"
                raise ModelError(f"the forward of {portion} raised {cause}") from error
            cache = getattr(result, "past_key_values", None)

    def _forget(self, name: bytes) -> None:
        """Drop the oldest outputs once there are too many."""
        self.kept_bytes += sum(map(_bytes, self.results[name][-1].values()))
        while self.kept_bytes > MAX_KEPT_BYTES and len(self.results) > 1:
            oldest = next(iter(self.results))
            for outputs in self.results.pop(oldest):
                self.kept_bytes -= sum(map(_bytes, outputs.values()))
            for use in [use for use in self.uses if use[1] == oldest]:
                del self.uses[use]


def _bytes(x: Any) -> int:
    """The memory of a tensor."""
    return x.numel() * x.element_size()
