"""NSA, native sparse attention: compressed, selected and recent keys, three softmaxes and a gate.

Yuan et al. 2025, arXiv 2502.11089. `paper` has the paper's rules, `fla` those of
flash-linear-attention, `lucidrains` those of native-sparse-attention-pytorch: they force other
blocks, count them otherwise, and see blocks one token earlier or later.
"""

from . import fla, lucidrains, paper
from .branches import NSASets

__all__ = ["NSASets", "fla", "lucidrains", "paper"]
