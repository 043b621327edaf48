"""A Hugging Face model as a layer whose output may depend on the past of its own sequence only."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from .invariance_trials import Layer
from .model_feed import cache_parameter

SIZES = ("sliding_window", "index_block_size", "index_kpool", "indexer_compress_ratio")
SPECIAL = ("pad_token_id", "bos_token_id", "eos_token_id")
MIN_N, MAX_N, BLOCKS = 24, 1024, 6


def block_sizes(config: Any) -> list[int]:
    """The sizes of windows and blocks that a configuration names."""
    sizes = [getattr(config, name, None) for name in SIZES]
    rates = getattr(config, "compress_rates", None) or {}
    sizes += [rates.get(kind) for kind in getattr(config, "layer_types", None) or ()]
    return sorted({int(size) for size in sizes if size})


def length_for(config: Any) -> int:
    """How many tokens show blocks and windows: six of the largest, from 24 to 1024."""
    largest = max(block_sizes(config), default=1)
    return min(max(BLOCKS * largest, MIN_N), MAX_N)


def paddings_for(config: Any, n: int) -> list[int]:
    """How much padding is tried: 1, 3, each size of a block, and more than one of them."""
    sizes = block_sizes(config) or [4]
    return sorted({1, 3, *sizes, max(sizes) + 1, n // 2})


def random_tokens(model: Any, n: int, seed: int) -> Any:
    """Random tokens (1, n), none of them special."""
    torch = import_module("torch")
    config = model.config.get_text_config()
    special = {getattr(config, name, None) for name in SPECIAL}
    usable = [x for x in range(config.vocab_size) if x not in special]
    generator = torch.Generator().manual_seed(seed)
    places = torch.randint(len(usable), (1, n), generator=generator)
    return torch.tensor(usable)[places].to(model.device)


def model_layer(model: Any) -> Layer:
    """The model in the ways in which `generate` and training call it.

    padded : with an attention mask and the positions that `generate` passes. packed : with
    positions that begin again, and no cache.
    """
    torch = import_module("torch")
    config = model.config.get_text_config()

    def outputs(ids: Any, **options: Any) -> Any:
        with torch.no_grad():
            result = model(input_ids=ids, **options)
        return result.last_hidden_state if "last_hidden_state" in result else result.logits

    def with_padding(ids: Any, padding: int) -> Any:
        blank = torch.full_like(ids[:, :1], config.pad_token_id or 0)
        long = torch.cat([blank.expand(-1, padding), ids], 1)
        mask = torch.ones_like(long)
        mask[:, :padding] = 0
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        out = outputs(long, attention_mask=mask, position_ids=positions, use_cache=False)
        return out[:, padding:]

    def of_documents(ids: Any, lengths: Sequence[int]) -> Any:
        ranges = [torch.arange(length, device=ids.device) for length in lengths]
        positions = torch.cat(ranges).expand(len(ids), -1)
        return outputs(ids, position_ids=positions, use_cache=False)

    def whole(ids: Any) -> Any:
        return outputs(ids, use_cache=False)

    return Layer(whole, lambda: ModelCache(model, outputs), with_padding, of_documents)


class ModelCache:
    """A step of a model with a cache of its own, which may be cropped if it says so."""

    def __init__(self, model: Any, outputs: Any):
        caches = import_module("transformers.cache_utils")
        self.cache = caches.DynamicCache(config=model.config)
        self.name = cache_parameter(model)
        self.outputs = outputs

    def __call__(self, ids: Any) -> Any:
        """The outputs of the next tokens."""
        return self.outputs(ids, use_cache=True, **{self.name: self.cache})

    def crop(self, count: int) -> None:
        """Take the last tokens back; NotImplementedError if the cache says that it cannot."""
        if not getattr(self.cache, "is_croppable", True):
            raise NotImplementedError("the cache is not croppable")
        self.cache.crop(-count)
