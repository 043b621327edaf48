"""The command that compiles every loop before its first use."""

from __future__ import annotations

import sys


def compile_(arguments) -> int:
    """Compile the loops of lowering, attention and paths for every dtype, and keep them on disk.

    Without this each is compiled at its first use, which takes some seconds: useful where an image
    of a container is built, or before measuring.
    """
    from tqdm import tqdm

    from .. import paths
    from ..attention.first_use import compile_all
    from ..patterns import Strided

    compile_all(lambda jobs: tqdm(jobs, desc="compile", file=sys.stderr, disable=None))
    paths.reach((Strided(4),), 20)
    return 0
