"""BigBird, published codes: multisets, in which a random block may count a second time.

Zaheer et al. 2020, "Big Bird: Transformers for Longer Sequences", arXiv 2007.14062:
google-research/bigbird, and `models/big_bird` of Hugging Face transformers. `bigbird` is the
paper's set.

Symbols:  I, J the blocks of i and j, from 0;  nb = n / block;  r = random, how many random blocks a
block of queries has; R_I[s] the s-th of them, 0 <= s < r;  E = {0, nb - 1} the blocks at either
end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..sets.branches import Branches
from ..sets.budget import BudgetError, spend, spend_on_parts
from ..sets.checks import MAX_HEADS, MAX_LENGTH, flag, integer
from ..sets.listed import Listed
from ..sets.parts import Blockwise, Grid
from ..sets.types import IntArray, Positions
from .bigbird import block_count
from .bigbird_plans import focus_plan, range_plan
from .elementary import Full, Window
from .globals import GlobalAt

# the lengths of the paper, whose random blocks each code draws by `focus_plan`
PAPER_LENGTHS_GOOGLE = (1024, 2048, 3072, 4096)
PAPER_LENGTHS_HF = (1024, 3072, 4096)
LISTED_BYTES = 64  # of a row of one key, while it is made


def bigbird_google(
    n: int,
    block: int,
    random: int,
    layer: int,
    head: int = 0,
    heads: int = 12,
) -> Branches:
    """m_ij = [ I in E or J in E or |I - J| <= 1 ] + |{ s : J = R_I[s] }|

    Published with Zaheer et al. 2020.

    `block_sparse` of google-research/bigbird, `bigbird/core/attention.py`, one head of one layer,
    as 1 + r branches: the set that is always there, and one for each place s. The first and the
    last query block have no R_I.

    Parameters
    ----------
    n, block, random : positions, a multiple of block; positions in a block; r, at least 1.
    layer : from 0; it seeds the draws.
    head, heads : which head, from 0, of how many; 12 in the base model. The number matters too,
        except at the paper's lengths.

    Differs: the paper draws from the whole sequence. At its own lengths, n = 1024, 2048, 3072 and
    4096, this code draws only from the first 1024 positions (`focus_plan`), and at n = 1024 it
    may draw the last block, which then counts twice. At other lengths it draws from the first 2 r +
    5 blocks, if there are more (`range_plan`). Its first revision, like Hugging Face, treated 2048
    as one of the others. Its `simulated_sparse`, a mask, counts every key once and runs only at n =
    4096.

    Raises ValueError if n is no multiple of `block` or below 6 blocks; and, as the code stops
    there, if the plan has too few blocks to choose from, or one beyond n.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.bigbird_google(9, 1, random=1, layer=0), 9))
    █████████  ·········
    ███·····█  ···█·····
    ████····█  ·····█···
    █·███···█  ·····█···
    █··███··█  ··█······
    █···███·█  ···█·····
    █····████  ····█····
    █·····███  ···█·····
    █████████  ·········
    """
    drawn = _check_draw("bigbird_google", n, block, random, layer, head, heads)
    blocks = block_count("bigbird_google", drawn.n, drawn.block)
    if blocks < 6:
        raise ValueError(
            f"bigbird_google: n must be at least 6 block = {6 * drawn.block}, "
            f"so that there is a block to draw, got {n}"
        )
    name = f"bigbird_google({', '.join(map(str, drawn))})"
    return _branches(_drawn_blocks("bigbird_google", drawn, PAPER_LENGTHS_GOOGLE), drawn, name)


def bigbird_hf(
    n: int,
    block: int,
    random: int,
    layer: int,
    training: bool,
    head: int = 0,
    heads: int = 12,
) -> Branches:
    """m_ij = [ I in E or J in E or |I - J| <= 1 ] + |{ s : J = R_I[s] }|

    Hugging Face transformers, models/big_bird.

    In evaluation every R_I[s] = 0. The model is `BigBirdModel`, attention type "block_sparse", 4096
    positions; `training` is its mode, and the other parameters are those of `bigbird_google`.
    Differs from that code:

    - in evaluation block 0 counts 1 + r times for query blocks 1, ..., nb - 2, and nothing is
      random;
    - n = 2048 is none of the paper's lengths;
    - for n <= (5 + 2 r) block the model turns to full attention, and stays there for every n after:
      here one branch, `Full()`.

    The model pads a longer n to a multiple of `block` with masked keys first: ask for that
    multiple.

    Raises ValueError if n is above that bound and no multiple of `block`; in training as
    `bigbird_google` does.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.bigbird_hf(9, 1, random=1, layer=0, training=False), 9))
    █████████  ·········
    ███·····█  █········
    ████····█  █········
    █·███···█  █········
    █··███··█  █········
    █···███·█  █········
    █····████  █········
    █·····███  █········
    █████████  ·········
    """
    training = flag("bigbird_hf: training", training)
    drawn = _check_draw("bigbird_hf", n, block, random, layer, head, heads)
    n, block, random, layer, head, heads = drawn
    name = f"bigbird_hf({n}, {block}, {random}, {layer}, {training}, {head}, {heads})"
    if n <= (5 + 2 * random) * block:
        return Branches((Grid((n,), (Full(),)),), name)
    blocks = block_count("bigbird_hf", n, block)
    if not training:
        spend(bytes=blocks * LISTED_BYTES)
        spend_on_parts(random)
        first_block = _blocks_of_rows(np.zeros(blocks - 2, np.int64))
        return _branches([first_block] * random, drawn, name)
    return _branches(_drawn_blocks("bigbird_hf", drawn, PAPER_LENGTHS_HF), drawn, name)


class Draw(NamedTuple):
    """The parameters of the two codes, as ints."""

    n: int
    block: int
    random: int
    layer: int
    head: int
    heads: int


def _check_draw(name: str, n, block, random, layer, head, heads) -> Draw:
    """The parameters, once they are known to be in their bounds."""
    heads = integer(f"{name}: heads", heads, 1, MAX_HEADS)
    head = integer(f"{name}: head", head, 0)
    if head >= heads:
        raise ValueError(f"{name}: head must be below heads = {heads}, got {head}")
    layer = integer(f"{name}: layer", layer, 0, 2**32 - 1)
    n = integer(f"{name}: n", n, 1, MAX_LENGTH)
    block = integer(f"{name}: block", block, 1)
    random = integer(f"{name}: random", random, 1)
    return Draw(n, block, random, layer, head, heads)


def _branches(drawn_blocks: list[Listed], drawn: Draw, name: str) -> Branches:
    """The window and the globals, and one branch for each place of a random block."""
    blocks = drawn.n // drawn.block
    always = GlobalAt((0, blocks - 1)) | Window(1)
    # a grid of one axis states each branch for this number of blocks
    sets = [always, *drawn_blocks]
    grids = [Grid((blocks,), (p,)) for p in sets]
    branches = [Blockwise(p, drawn.block) for p in grids]
    return Branches(tuple(branches), name)


def _drawn_blocks(name: str, drawn: Draw, paper_lengths: Positions) -> list[Listed]:
    """The blocks that the code draws for each of the r places."""
    plan = _plan(name, drawn, paper_lengths)
    spend(bytes=plan.size * LISTED_BYTES)
    return [_blocks_of_rows(column) for column in plan.T]


def _blocks_of_rows(column: IntArray) -> Listed:
    """One block for each query block; the first and the last query block draw nothing."""
    rows = np.arange(len(column) + 1)
    indptr = np.pad(rows, 1, mode="edge")
    return Listed(indptr, column)


def _plan(name: str, drawn: Draw, paper_lengths: Positions) -> IntArray:
    """The plan (nb - 2, r) that the code makes for this head; errors begin with the name."""
    n, block, random, layer, head, heads = drawn
    draw = focus_plan if n in paper_lengths else range_plan
    try:
        plan = draw(n, block, random, layer, heads)
    except BudgetError:
        raise
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if plan.max() >= n // block:
        raise ValueError(
            f"{name}: the plan for 4096 positions draws block {plan.max()} at block = {block}, "
            f"beyond n = {n}"
        )
    return plan[head]
