"""BigBird, published codes: multisets, in which a random block counts again where it is there already.

Zaheer et al. 2020, "Big Bird: Transformers for Longer Sequences", arXiv 2007.14062: google-research/bigbird, and `models/big_bird`
of Hugging Face transformers. `bigbird` is the paper's set.

Symbols:  I, J the blocks of i and j, from 0;  nb = n / block;  r = random, how many random blocks a block of queries has;
R_I[s] the s-th of them, 0 <= s < r;  E = {0, nb - 1} the blocks at either end.
"""

from __future__ import annotations

import numpy as np

from ..sets.branches import Branches
from ..sets.checks import MAX_HEADS, MAX_LENGTH, flag, integer
from ..sets.listed import Listed
from ..sets.parts import Blockwise, Grid
from .bigbird import block_count
from .bigbird_plans import focused_plan, ranged_plan
from .elementary import Full, Window
from .globals import GlobalAt

FOCUSED_BY_GOOGLE, FOCUSED_BY_HF = (1024, 2048, 3072, 4096), (1024, 3072, 4096)


def bigbird_google(
    n: int, block: int, random: int, layer: int, head: int = 0, heads: int = 12
) -> Branches:
    """m_ij = [ I in E or J in E or |I - J| <= 1 ] + |{ s : J = R_I[s] }|        published with Zaheer et al. 2020

    `block_sparse` of google-research/bigbird, `bigbird/core/attention.py`, one head of one layer, as 1 + r branches: the set
    that is always there, and one for each place s. Query blocks 0 and nb - 1 have no R_I.

    Parameters
    ----------
    n, block, random : positions, a multiple of block; positions in a block; r, at least 1.
    layer : from 0; it seeds the draws.
    head, heads : which head, from 0, of how many; 12 in the base model. How many matters too, except at the paper's lengths.

    Differs: the paper draws from the whole sequence. At its own lengths, n = 1024, 2048, 3072 and 4096, this code draws from
    the first 1024 positions alone (`focused_plan`), and at n = 1024 may draw the last block, which then counts twice; at
    others, from the first 2 r + 5 blocks where there are more (`ranged_plan`). Its first revision, like Hugging Face,
    had 2048 among the others. Its `simulated_sparse`, a mask, counts every key once and runs at n = 4096 alone.

    Raises ValueError where n is no multiple of `block` or below 6 blocks; and, as the code stops there, where the plan has
    too few blocks to choose from, or one beyond n.

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
    n, block, random, layer, head, heads = _checked(
        "bigbird_google", n, block, random, layer, head, heads
    )
    nb = block_count("bigbird_google", n, block)
    if nb < 6:
        raise ValueError(
            f"bigbird_google: n must be at least 6 block = {6 * block}, so that there is a block to draw, got {n}"
        )
    plan = _plan("bigbird_google", FOCUSED_BY_GOOGLE, n, block, random, layer, heads)[head]
    return _branches(
        plan, nb, block, f"bigbird_google({n}, {block}, {random}, {layer}, {head}, {heads})"
    )


def bigbird_hf(
    n: int, block: int, random: int, layer: int, training: bool, head: int = 0, heads: int = 12
) -> Branches:
    """m_ij = [ I in E or J in E or |I - J| <= 1 ] + |{ s : J = R_I[s] }|        Hugging Face transformers, models/big_bird

    with every R_I[s] = 0 in evaluation: `BigBirdModel`, attention type "block_sparse", 4096 positions;
    `training` is its mode, and the other parameters are those of `bigbird_google`. Differs from that code:

    - in evaluation block 0 counts 1 + r times for query blocks 1, ..., nb - 2, and nothing is random;
    - n = 2048 is none of the paper's lengths;
    - for n <= (5 + 2 r) block the model turns to full attention, and stays there for every n after: here one branch, `Full()`.

    A longer n is filled up to a multiple of `block` with masked keys before anything else: ask for that multiple.

    Raises ValueError where n is above that bound and no multiple of `block`; in training as `bigbird_google` does.

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
    n, block, random, layer, head, heads = _checked(
        "bigbird_hf", n, block, random, layer, head, heads
    )
    name = f"bigbird_hf({n}, {block}, {random}, {layer}, {training}, {head}, {heads})"
    if n <= (5 + 2 * random) * block:
        return Branches((Grid((n,), (Full(),)),), name)
    nb = block_count("bigbird_hf", n, block)
    if not training:
        return _branches(np.zeros((nb - 2, random), np.int64), nb, block, name)
    return _branches(
        _plan("bigbird_hf", FOCUSED_BY_HF, n, block, random, layer, heads)[head], nb, block, name
    )


def _branches(plan, nb, block, name):
    """The window and the globals, and one branch for each column of the plan (nb - 2, r), stated for nb blocks alone."""
    always = GlobalAt((0, nb - 1)) | Window(1)
    drawn = [Listed.of_rows([[], *([J] for J in column), []]) for column in plan.T.tolist()]
    return Branches(tuple(Blockwise(Grid((nb,), (p,)), block) for p in (always, *drawn)), name)


def _plan(name, focused, n, block, random, layer, heads):
    """The plan that the code makes for n, with the name of the constructor in what is raised."""
    try:
        plan = (focused_plan if n in focused else ranged_plan)(n, block, random, layer, heads)
    except ValueError as stopped:
        raise ValueError(f"{name}: {stopped}") from None
    if plan.max() >= n // block:
        raise ValueError(
            f"{name}: the plan for 4096 positions draws block {plan.max()} at block = {block}, beyond n = {n}"
        )
    return plan


def _checked(name, n, block, random, layer, head, heads):
    """The parameters of the two codes, as ints."""
    heads = integer(f"{name}: heads", heads, 1, MAX_HEADS)
    head = integer(f"{name}: head", head, 0)
    if head >= heads:
        raise ValueError(f"{name}: head must be below heads = {heads}, got {head}")
    layer = integer(f"{name}: layer", layer, 0, 2**32 - 1)
    n, block, random = (
        integer(f"{name}: n", n, 1, MAX_LENGTH),
        integer(f"{name}: block", block, 1),
        integer(f"{name}: random", random, 1),
    )
    return n, block, random, layer, head, heads
