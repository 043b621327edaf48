"""local-attention: buckets that see themselves and the buckets beside them.

The package local-attention by lucidrains, software without a paper: its sets are those of its code, in release 1.11.2.

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
    """A_i = { j : c - look_back <= floor(j / keys) <= c + look_forward }        local-attention, LocalAttention

    with c = floor(i / keys), the bucket of i.

    Parameters
    ----------
    keys : the length of a bucket. The code takes multiples of it for n, unless told to pad.
    look_back, look_forward : how many buckets are seen to each side; forward 1, and 0 if causal, unless given.
    causal : keep j <= i alone.
    exact : `exact_windowsize`, a band of whole buckets to each side: i - j <= keys look_back,  j - i <= keys look_forward.
        Differs: causal, with one bucket, it holds keys + 1 keys, as `Local(keys)` does.

    The code's `autopad` keeps these sets if causal. If not, queries also see the zeros that pad n to whole buckets, as keys of
    logit 0 and value 0: what remains of a row's weight sums to less than 1.

    No row is empty. Raises ValueError for a causal look_forward above 0, as the code does, for negative ones, and for `keys`
    below 1; TypeError where `causal` or `exact` is no bool.
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
    causal, exact = flag("local_attention: causal", causal), flag("local_attention: exact", exact)
    keys, back = (
        integer("local_attention: keys", keys, 1),
        integer("local_attention: look_back", look_back, 0),
    )
    forward = integer(
        "local_attention: look_forward",
        int(not causal) if look_forward is None else look_forward,
        0,
    )
    if causal and forward:
        raise ValueError(
            f"local_attention: look_forward must be 0 if causal (local-attention), got {forward}"
        )
    if exact:
        return Band(keys * back, keys * forward)
    seen = Blockwise(Band(back, forward), keys)
    return seen & Causal() if causal else seen
