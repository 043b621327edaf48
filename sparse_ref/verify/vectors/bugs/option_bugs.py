"""Bugs of soft caps, sinks, selected keys and pages.

Symbols:  a the inputs of a case;  c the soft cap;  x logits;  m how many times a key counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ....sets.types import FloatArray, IntArray
from ..paging import Pages, gather
from ..sequences import Sequences
from ..statement import CaseInputs, Result, cap, softmax
from .set_bugs import Bug


def _no_softcap(a: CaseInputs) -> Iterator[Result]:
    """x."""
    if a.softcap:
        yield replace(a, softcap=0.0).result()


def _cap_before_scale(a: CaseInputs) -> Iterator[Result]:
    """scale c tanh(q . k / c)."""
    if a.softcap:
        x = a.scale * cap(a.raw_logits / a.scale, a.softcap)
        yield softmax(x, a.m, a.values, a.sinks)


def _cap_after_mask(a: CaseInputs) -> Iterator[Result]:
    """Masked logits are -c."""
    if a.softcap:
        x = np.where(a.m > 0, a.x, -a.softcap)
        yield softmax(x, np.ones_like(a.m), a.values, a.sinks)


def _other_caps(a: CaseInputs) -> Iterator[Result]:
    """tanh(x / c), or x cut off at -c and c."""
    if a.softcap:
        yield softmax(a.x / a.softcap, a.m, a.values, a.sinks)
        clipped = np.clip(a.raw_logits, -a.softcap, a.softcap)
        yield softmax(clipped, a.m, a.values, a.sinks)


def _no_sink(a: CaseInputs) -> Iterator[Result]:
    """No sink in the sum."""
    if a.sinks is not None:
        yield replace(a, sinks=None).result()


def _scaled_sink(a: CaseInputs) -> Iterator[Result]:
    """The sink times the scale, or in base 2."""
    if a.sinks is not None:
        yield replace(a, sinks=a.sinks * a.scale).result()
        yield replace(a, sinks=a.sinks * np.log(2)).result()


def _sink_of_another_head(a: CaseInputs) -> Iterator[Result]:
    """The sinks of the heads in the opposite order, or that of the first for all."""
    if a.sinks is not None:
        first = np.full_like(a.sinks, a.sinks[0])
        yield replace(a, sinks=a.sinks[::-1]).result()
        yield replace(a, sinks=first).result()


def _selected_padding(a: CaseInputs) -> Iterator[Result]:
    """-1 as the last key, each time that it occurs or once; or as the first, each time."""
    if a.topk is None or (a.topk >= 0).all():
        return
    n_k = a.m.shape[2]
    is_padding = a.topk < 0
    as_last = _counts(np.where(is_padding, n_k - 1, a.topk), n_k)
    as_first = _counts(np.where(is_padding, 0, a.topk), n_k)
    yield replace(a, m=as_last).result()
    yield replace(a, m=np.minimum(as_last, 1)).result()
    yield replace(a, m=as_first).result()


def _short_selection(a: CaseInputs) -> Iterator[Result]:
    """All but the last key of each list."""
    if a.topk is not None:
        m = _counts(a.topk[..., :-1], a.m.shape[2])
        yield replace(a, m=m).result()


def _selection_of_first_head(a: CaseInputs) -> Iterator[Result]:
    """The lists of head 0 for all heads."""
    if a.topk is not None:
        m = np.broadcast_to(a.m[:1], a.m.shape)
        yield replace(a, m=m).result()


def _counts(topk: IntArray, n_k: int) -> FloatArray:
    """How often each key is in the list of each query, (H, n_q, n_k)."""
    is_key = topk[..., None] == np.arange(n_k)
    return is_key.sum(axis=2).astype(np.float64)


def _page_order(a: CaseInputs) -> Iterator[Result]:
    """Pages 0, 1, 2, ... for each sequence, or going on where the last one ended."""
    if a.pages is None:
        return
    columns = np.arange(a.pages.table.shape[1])
    first_pages = np.cumsum([0, *a.pages.blocks[:-1]])
    for start in (np.zeros_like(first_pages), first_pages):
        yield _with_table(a, a.pages, start[:, None] + columns)


def _page_table_row(a: CaseInputs) -> Iterator[Result]:
    """The row of the first sequence for all."""
    if a.pages is not None:
        table = np.broadcast_to(a.pages.table[:1], a.pages.table.shape)
        yield _with_table(a, a.pages, table)


def _with_table(a: CaseInputs, pages: Pages, table: IntArray) -> Result:
    """The result with another page table."""
    k, v = gather(replace(pages, table=table))
    return replace(a, k=k, v=v).result()


def _page_tail(a: CaseInputs) -> Iterator[Result]:
    """All of a sequence's last page, by every query of it."""
    if a.pages is None or a.sequences is None:
        return
    lengths = a.pages.blocks * a.pages.size
    k, v = gather(replace(a.pages, lengths=lengths))
    whole_pages = Sequences(a.sequences.queries, np.cumsum([0, *lengths]))
    heads, n_q, _ = a.m.shape
    m = np.zeros((heads, n_q, k.shape[1]))
    for (queries, keys), (_, pages) in zip(a.sequences, whole_pages):
        end = pages.start + keys.stop - keys.start
        m[:, queries, pages.start : end] = a.m[:, queries, keys]
        m[:, queries, end : pages.stop] = 1
    yield replace(a, k=k, v=v, m=m).result()


OPTION_BUGS: dict[str, Bug] = {
    "no soft cap": _no_softcap,
    "soft cap before the scale": _cap_before_scale,
    "soft cap after the mask": _cap_after_mask,
    "soft cap formula": _other_caps,
    "no sink": _no_sink,
    "sink scaled": _scaled_sink,
    "sink of another head": _sink_of_another_head,
    "padding index attended to": _selected_padding,
    "selection one key short": _short_selection,
    "selection of the first head": _selection_of_first_head,
    "page order": _page_order,
    "page table row": _page_table_row,
    "page tail": _page_tail,
}
