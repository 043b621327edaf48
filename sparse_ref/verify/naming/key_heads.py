"""Usual mistakes in the kv-head mapping of grouped-query attention (GQA), in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...sets.types import IntArray


class Mapping(NamedTuple):
    """A wrong kv-head mapping: the kv head of each query head, (H,), and where it comes from."""

    key_heads: IntArray
    place: str
    hint: str

    def in_words(self, group: int) -> str:
        """What query head h reads and should read."""
        expected = f"h // {group}" if group > 1 else "h"
        return f"query head h reads {self.place}, expected {expected} ({self.hint})"


def key_head_mappings(heads: int, kv_heads: int) -> Iterator[Mapping]:
    """The usual wrong mappings, those left out that are right for so many heads."""
    h, group, last = np.arange(heads), heads // kv_heads, kv_heads - 1
    right = h // group
    place = f"kv head h // {group}" if group > 1 else "kv head h"
    mappings = (
        Mapping(h % kv_heads, f"kv head h % {kv_heads}", "repeat instead of repeat_interleave?"),
        Mapping(0 * h, "kv head 0", "only the first kv head is used?"),
        Mapping(0 * h + last, f"kv head {last}", "only the last kv head is used?"),
        Mapping(last - right, f"kv head {last} - {place[8:]}", "kv heads reversed?"),
        Mapping((right + 1) % kv_heads, f"{place} + 1", "off by one kv head?"),
        Mapping((right - 1) % kv_heads, f"{place} - 1", "off by one kv head?"),
    )
    for mapping in mappings:
        if not np.array_equal(mapping.key_heads, right):
            yield mapping
