"""Chunks that see themselves and their neighbours: Reformer's local layer, lucidrains' local-attention, Llama 4.

Kitaev, Kaiser, Levskaya 2020, "Reformer: The Efficient Transformer", arXiv 2001.04451; its local layer is that of its code, in
trax and in Hugging Face transformers. The other two have no paper: their sets are those of their code.

Symbols:  `keys` the length of a chunk;  before, after how many chunks are seen to each side.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..checks import whole
from ..factorized import Branches
from ..parts import Blockwise
from ..rules import Sized, span
from ..sets import Pattern
from .divided import Chunk
from .elementary import Band, Causal


@dataclass(frozen=True, repr=False)
class Circular(Sized):
    """A_i = { j : (j - i + before) mod n <= before + after }        Kitaev et al. 2020, sec. 2, neighbours as coded

    A band around a circle: `before` positions back and `after` ahead, position n - 1 beside position 0. A negative side
    excludes i, as in Band; where the band goes once around, A_i is everything.

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
            raise ValueError(f"Circular: after must be at least -before = {-self.before}, got {self.after}")

    @staticmethod
    def formula(i, j, n, before, after):
        return (j - i + before) % n <= before + after

    @staticmethod
    def row(i, m, n, before, after):
        start = (i - before) % n
        stop = start + min(before + after + 1, n)
        return span(start, stop), span(0, stop - n)

    @staticmethod
    def pairs(n, before, after):
        return n * min(before + after + 1, n)


def reformer_local(n: int, keys: int, before: int = 1, after: int = 0, circular: bool = True, causal: bool = False) -> Pattern:
    """A_i = { j : c - before <= floor(j / keys) <= c + after,  mod n / keys },  c = floor(i / keys)        Reformer's local layer

    Parameters
    ----------
    n : the length: a multiple of `keys`, or at most `keys`; then there is one chunk, which sees itself.
    keys : the length of a chunk.
    before, after : how many chunks are seen to each side.
    circular : True as published, where the last chunk comes before the first; False without "mod n / keys".
    causal : keep j <= i alone; then `circular` changes something only where `after` is not 0.

    No row is empty. Raises ValueError for other lengths, negative `before` or `after`, and `keys` below 1.
    Differs: the published code counts a chunk twice that it meets twice, see `reformer_local_hf`.
    Source: `LocalSelfAttention` of Hugging Face transformers; `look_adjacent` of trax.

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
    seen = Blockwise(Circular(count, before, after) if circular else Band(before, after), keys)
    return seen & Causal() if causal else seen


def reformer_local_hf(n: int, keys: int, before: int = 1, after: int = 0, causal: bool = False) -> Branches:
    """m_ij = |{ o : -before <= o <= after,  floor(j / keys) = c + o mod n / keys }|,  c = floor(i / keys)

    Reformer's local layer as published: one branch for each offset o, so that keys count more than once where
    before + after + 1 is more than the n / keys chunks. The code turns less than once around: an offset of n / keys or
    more, to either side, is the chunk itself again. One chunk alone is seen once. Parameters, errors and source are those
    of `reformer_local`, whose circular set this is.

    >>> import sparse_ref as sr
    >>> sr.multiplicity(sr.reformer_local_hf(4, 2, before=1, after=1), 4)
    array([[1, 1, 2, 2],
           [1, 1, 2, 2],
           [2, 2, 1, 1],
           [2, 2, 1, 1]])
    """
    keys, count, before, after = _chunks("reformer_local_hf", n, keys, before, after)
    offsets = range(-before, after + 1) if count > 1 else (0,)
    turned = [o if abs(o) < count else 0 for o in offsets]
    seen = [Blockwise(Circular(count, -o, o), keys) for o in turned]
    return Branches(tuple(p & Causal() if causal else p for p in seen))


def local_attention(keys: int, look_back: int = 1, look_forward: int | None = None, causal: bool = False,
                    exact: bool = False) -> Pattern:
    """A_i = { j : c - look_back <= floor(j / keys) <= c + look_forward },  c = floor(i / keys)        lucidrains local-attention

    Parameters
    ----------
    keys : the length of a bucket. The code takes multiples of it for n, unless told to pad.
    look_back, look_forward : how many buckets are seen to each side; forward 1, and 0 if causal, unless given.
    causal : keep j <= i alone.
    exact : `exact_windowsize`, a band of whole buckets to each side: i - j <= keys look_back,  j - i <= keys look_forward.
        Differs: causal, with one bucket, it holds keys + 1 keys, as `Local(keys)` does.

    The code's `autopad` keeps these sets if causal. If not, queries also see the zeros that pad n to whole buckets, as keys of
    logit 0 and value 0: what remains of a row's weight sums to less than 1.

    Raises ValueError for a causal look_forward above 0, as the code does, for negative ones, and for `keys` below 1.
    Source: `LocalAttention` of local-attention 1.11.2.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.local_attention(2, causal=True), 6))
    █·····
    ██····
    ███···
    ████··
    ··███·
    ··████
    """
    keys, back = whole("local_attention: keys", keys, 1), whole("local_attention: look_back", look_back, 0)
    forward = whole("local_attention: look_forward", int(not causal) if look_forward is None else look_forward, 0)
    if causal and forward:
        raise ValueError(f"local_attention: look_forward must be 0 if causal (local-attention), got {forward}")
    if exact:
        return Band(keys * back, keys * forward)
    seen = Blockwise(Band(back, forward), keys)
    return seen & Causal() if causal else seen


def llama4_chunked(keys: int, padding: int = 0) -> Pattern:
    """A_i = { j <= i : floor((j - padding) / keys) = floor((i - padding) / keys) }        Llama 4, its chunked layers

    `padding` positions on the left shift the chunks, and are seen like others until a padding mask hides them.

    Raises ValueError for `keys` below 1 and negative `padding`. Source: `chunked_causal_mask_function` of transformers.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.llama4_chunked(3, padding=1), 6))
    █·····
    ·█····
    ·██···
    ·███··
    ····█·
    ····██
    """
    return Chunk(whole("llama4_chunked: keys", keys, 1), whole("llama4_chunked: padding", padding, 0)) & Causal()


def _chunks(name: str, n: int, keys: int, before: int, after: int) -> tuple[int, int, int, int]:
    """The length of a chunk, how many there are, and `before` and `after`: one chunk where n is at most keys."""
    n, keys = whole(f"{name}: n", n, 1), whole(f"{name}: keys", keys, 1)
    if n > keys and n % keys:
        raise ValueError(f"{name}: n must be at most keys = {keys} or a multiple of it (Reformer), got {n}")
    keys = min(keys, n)
    return keys, n // keys, whole(f"{name}: before", before, 0), whole(f"{name}: after", after, 0)
