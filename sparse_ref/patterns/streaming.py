"""StreamingLLM: attention sinks and a causal window.

Xiao, Tian, Chen, Han, Lewis 2023, "Efficient Streaming Language Models with Attention Sinks", arXiv
2309.17453.
"""

from __future__ import annotations

from ..sets.checks import integer
from ..sets.pattern import Pattern
from .elementary import Lookback
from .globals import Sinks


def streaming(sinks: int, keys: int) -> Pattern:
    """A_i = { j <= i : j < sinks  or  i - keys < j }

    Xiao et al. 2023, sec. 3.2.

    The first positions of the text, and a window of the last `keys`, i included: the content of a
    cache of sinks + keys entries once the query is in it.

    Differs: if the code trims its cache after each token, not before it, the query finds `keys`
    others there, which is streaming(sinks, keys + 1). Rotary embeddings count places in the cache
    there, not in the text; the sets are the same.

    No row is empty. Raises ValueError for negative `sinks` and for `keys` below 1.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.streaming(1, 2), 6))
    █·····
    ██····
    ███···
    █·██··
    █··██·
    █···██
    """
    sinks = integer("streaming: sinks", sinks, 0)
    keys = integer("streaming: keys", keys, 1)
    return Sinks(sinks) | Lookback(keys)
