"""local-attention: buckets that see themselves and their neighbours.

The package local-attention by lucidrains, software without a paper: its sets are those of its code,
in release 1.11.2.

Symbols:  `keys` the length of a bucket.
"""

from __future__ import annotations

from ..sets.checks import flag, integer
from ..sets.parts import Blockwise
from ..sets.pattern import Pattern
from .elementary import Band, Causal


def local_attention(
    keys: int,
    look_back: int = 1,
    look_forward: int | None = None,
    causal: bool = False,
    exact: bool = False,
) -> Pattern:
    """A_i = { j : c - look_back <= floor(j / keys) <= c + look_forward }

    local-attention, LocalAttention.

    Here c = floor(i / keys), the bucket of i.

    Parameters
    ----------
    keys : the length of a bucket. The code takes only multiples of it for n, unless it pads.
    look_back, look_forward : how many buckets are seen to each side; forward 1, and 0 if causal,
        unless given.
    causal : keep only j <= i.
    exact : `exact_windowsize`, a band of whole buckets to each side: i - j <= keys look_back,
        j - i <= keys look_forward. Differs: causal, with one bucket, it has keys + 1 keys, as
        `Local(keys)` does.

    The code's `autopad` keeps these sets if causal. If not, queries also see the zeros that pad n
    to whole buckets, as keys of logit 0 and value 0: the other weights of a row sum to less than 1.

    No row is empty. Raises ValueError for a causal look_forward above 0, as the code does, for
    negative ones, and for `keys` below 1; TypeError if `causal` or `exact` is no bool.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.local_attention(2, causal=True), 6))
    █·····
    ██····
    ███···
    ████··
    ··███·
    ··████
    """
    causal = flag("local_attention: causal", causal)
    exact = flag("local_attention: exact", exact)
    keys = integer("local_attention: keys", keys, 1)
    back = integer("local_attention: look_back", look_back, 0)
    forward = int(not causal) if look_forward is None else look_forward
    forward = integer("local_attention: look_forward", forward, 0)
    if causal and forward:
        raise ValueError(
            f"local_attention: look_forward must be 0 if causal (local-attention), got {forward}"
        )
    if exact:
        return Band(keys * back, keys * forward)
    buckets = Blockwise(Band(back, forward), keys)
    return buckets & Causal() if causal else buckets
