"""Reformer's local layer: chunks that see themselves and their neighbours, around a circle.

Kitaev, Kaiser, Levskaya 2020, "Reformer: The Efficient Transformer", arXiv 2001.04451. The paper
states LSH attention; its local layer is that of its code, in trax and in Hugging Face transformers.

Symbols:  `keys` the length of a chunk;  before, after how many chunks are seen to each side.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..define import Sized, span
from ..sets.branches import Branches
from ..sets.budget import spend_on_parts
from ..sets.checks import MAX_BRANCHES, flag, integer
from ..sets.parts import Blockwise, Grid
from ..sets.pattern import Pattern
from .elementary import Band


@dataclass(frozen=True)
class Circular(Sized):
    """A_i = { j : (j - i + before) mod n <= before + after }

    Kitaev et al. 2020, sec. 2, neighbours as coded.

    A band around a circle: `before` positions back and `after` ahead, position n - 1 next to
    position 0. A negative side excludes i, as in Band; if the band goes once around, A_i is
    everything.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.Circular(6, 2, 1), 6))
    ██··██
    ███··█
    ████··
    ·████·
    ··████
    █··███
    """

    before: int
    after: int
    least = (1, None, None)

    def __post_init__(self):
        super().__post_init__()
        if self.before + self.after < 0:
            raise ValueError(
                f"Circular: after must be at least -before = {-self.before}, got {self.after}"
            )

    @staticmethod
    def formula(i, j, n, before, after):
        return (j - i + before) % n <= before + after

    @staticmethod
    def solution(i, m, n, before, after):
        start = (i - before) % n
        stop = start + min(before + after + 1, n)
        return span(start, stop), span(0, stop - n)

    @staticmethod
    def pairs(n, before, after):
        return n * min(before + after + 1, n)


def reformer_local(
    n: int,
    keys: int,
    before: int = 1,
    after: int = 0,
    circular: bool = True,
) -> Pattern:
    """A_i = { j : c - before <= floor(j / keys) <= c + after,  mod n / keys }

    Kitaev et al. 2020, the code: look_adjacent.

    Here c = floor(i / keys), the chunk of i.

    Parameters
    ----------
    n : the length: a multiple of `keys`, or at most `keys`; then there is one chunk, which sees
        itself.
    keys : the length of a chunk.
    before, after : how many chunks are seen to each side.
    circular : True as published: the last chunk comes before the first. False is without
        "mod n / keys".

    Causal: & Causal(); then `circular` changes something only if `after` is not 0. No row is empty.
    Raises ValueError for other lengths, negative `before` or `after`, and `keys` below 1; TypeError
    if `circular` is no bool. Differs: the published code counts a chunk twice that it meets twice,
    see `reformer_local_hf`. The code is `look_adjacent` of trax, and `LocalSelfAttention` of
    Hugging Face transformers.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.reformer_local(6, 2), 6))
    ██··██
    ██··██
    ████··
    ████··
    ··████
    ··████
    """
    keys, count, before, after = _chunks("reformer_local", n, keys, before, after)
    if flag("reformer_local: circular", circular):
        return Blockwise(Circular(count, before, after), keys)
    return Blockwise(Grid((count,), (Band(before, after),)), keys)


def reformer_local_hf(
    n: int,
    keys: int,
    before: int = 1,
    after: int = 0,
) -> Branches:
    """m_ij = |{ o : -before <= o <= after,  floor(j / keys) = c + o mod n / keys }|

    transformers, LocalSelfAttention.

    Here c = floor(i / keys). Reformer's local layer as published, in `models/reformer` of Hugging
    Face transformers: one branch for each offset o, so that keys count more than once if
    before + after + 1 is more than the n / keys chunks. The code turns less than once around: an
    offset of n / keys or more, to either side, is the chunk itself again. If there is one chunk, it
    is seen once. Parameters, errors and causality are those of `reformer_local`, whose circular set
    this is; there are at most 65,536 branches. No row is empty.

    >>> import sparse_ref as sr
    >>> sr.multiplicity(sr.reformer_local_hf(4, 2, before=1, after=1), 4)
    array([[1, 1, 2, 2],
           [1, 1, 2, 2],
           [2, 2, 1, 1],
           [2, 2, 1, 1]])
    """
    keys, count, before, after = _chunks("reformer_local_hf", n, keys, before, after)
    offsets = range(-before, after + 1) if count > 1 else range(1)
    if len(offsets) > MAX_BRANCHES:
        raise ValueError(
            f"reformer_local_hf: before + after must be below {MAX_BRANCHES}, got {before + after}"
        )
    spend_on_parts(2 * len(offsets))
    turns = [o if abs(o) < count else 0 for o in offsets]
    chunks = [Circular(count, -o, o) for o in turns]
    return Branches(tuple(Blockwise(chunk, keys) for chunk in chunks))


def _chunks(name, n, keys, before, after):
    """(length of a chunk, number of chunks, before, after); one chunk if n is at most keys."""
    n = integer(f"{name}: n", n, 1)
    keys = integer(f"{name}: keys", keys, 1)
    if n > keys and n % keys:
        raise ValueError(
            f"{name}: n must be at most keys = {keys} or a multiple of it (Reformer), got {n}"
        )
    keys = min(keys, n)
    return (
        keys,
        n // keys,
        integer(f"{name}: before", before, 0),
        integer(f"{name}: after", after, 0),
    )
