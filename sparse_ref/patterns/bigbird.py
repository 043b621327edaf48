"""BigBird: blocks of keys that are near, at either end, or drawn at random.

Zaheer et al. 2020, "Big Bird: Transformers for Longer Sequences", arXiv 2007.14062.

Symbols:  I, J the blocks of i and j, from 0;  nb = n / block;  r = random, how many random blocks a
block of queries has.
"""

from __future__ import annotations

from ..sets.checks import MAX_LENGTH, integer
from ..sets.parts import Blockwise
from ..sets.pattern import Pattern
from .elementary import Window
from .globals import GlobalAt
from .random import Random


def bigbird(n: int, block: int, random: int, seed: int) -> Pattern:
    """A_i = { j : I in E or J in E or |I - J| <= 1 or J in R_I },  E = {0, nb - 1}

    Zaheer et al. 2020, sec. 2 and app. D.

    The first and the last block are global (the paper's ITC), the window is three blocks wide, and
    R_I are the `random` blocks of Random(nb, random, seed), drawn from all nb: some may be near or
    global already. It is a set: each key counts once.

    Differs: sec. 2 gives each query its own window, w / 2 keys to each side, and its own r random
    keys; app. D gives them to whole blocks, as here, and block = 1 is sec. 2 with w = 2 and two
    global tokens. The published codes draw other blocks and count a drawn key again:
    `bigbird_google`, `bigbird_hf`. ETC, with its further global tokens, is in neither.

    Parameters
    ----------
    n : the length, a multiple of `block`. Rows for another are an error.
    block : positions in a block.
    random : r, 0 to nb.
    seed : 0 to 2**64 - 1.

    No row is empty. Raises ValueError for parameters beyond these bounds, and if `block` does not
    divide n.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.bigbird(16, 2, random=1, seed=0), 16))
    ████████████████
    ████████████████
    ████████······██
    ████████······██
    ████████··██··██
    ████████··██··██
    ██··██████··████
    ██··██████··████
    ██··████████··██
    ██··████████··██
    ██······████████
    ██······████████
    ████······██████
    ████······██████
    ████████████████
    ████████████████
    """
    nb = block_count("bigbird", n, block)
    random = integer("bigbird: random", random, 0)
    if random > nb:
        raise ValueError(
            f"bigbird: random must be at most n / block = {nb} "
            f"(BigBird, blocks without repeats), got {random}"
        )
    always = GlobalAt((0, nb - 1)) | Window(1)
    return Blockwise(always | Random(nb, random, seed), block)


def block_count(name, n, block):
    """nb = n / block."""
    n = integer(f"{name}: n", n, 1, MAX_LENGTH)
    block = integer(f"{name}: block", block, 1)
    if n % block:
        raise ValueError(
            f"{name}: n must be a multiple of block = {block} (BigBird, whole blocks), got {n}"
        )
    return n // block
