"""Star-Transformer: a ring of satellites, and a relay that sees all and is seen by all.

Guo, Qiu, Liu, Shao, Xue, Zhang 2019, "Star-Transformer", arXiv 1902.09113.
"""

from __future__ import annotations

from ..sets.checks import MAX_LENGTH, flag, integer
from ..sets.parts import Documents
from ..sets.pattern import Pattern
from .elementary import Band, Window
from .globals import Global, Prefix


def star(n: int, circular: bool = True) -> Pattern:
    """A_i = { relay, i - 1, i, i + 1, e_i }, A_relay = { relay, 1, ..., n }

    Guo et al. 2019, sec. 3.2.

    Queries are the relay, at 0, and the satellites 1, ..., n; keys are these and then the
    embeddings e_1, ..., e_n of the satellites, at n + 1, ..., 2 n. Embeddings are no queries: their
    rows are empty.

    Parameters
    ----------
    n : the satellites. Pictures and masks are of (n + 1, 2 n + 1) queries and keys; other numbers
        of keys are an error.
    circular : satellites 1 and n are neighbours, as the paper has it (sec. 3.1).

    Differs: the authors' code in fastNLP closes no ring: satellites 1 and n each have a neighbour
    of zeros there, which adds exp(0) to the denominator of the softmax and nothing to the output;
    circular=False is its set without that ghost. In a layer the satellites come first: the relay
    reads their new states.

    Raises ValueError for `n` below 1, or so long that 2 n + 1 is 2**31 or more; TypeError if
    `circular` is no bool.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.star(5), (6, 11)))
    ██████·····
    ███··██····
    ████···█···
    █·███···█··
    █··███···█·
    ██··██····█
    """
    n = integer("star: n", n, 1, MAX_LENGTH // 2)
    near = Global(1) | Window(1)
    if flag("star: circular", circular):
        first_to_last = Band(1 - n, n - 1)
        last_to_first = Band(n - 1, 1 - n)
        near = near | last_to_first | first_to_last
    nodes = Documents((n + 1, n)) & Prefix(n + 1)
    own_embedding = Band(-n, n)
    return nodes & near | own_embedding
