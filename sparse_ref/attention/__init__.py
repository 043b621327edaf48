"""The public door to attention over sets."""

from .attend import Device, attend, attend_backward, attend_with_lse
from .merge import merge
from .sets_of_heads import PatternLike

__all__ = ["Device", "PatternLike", "attend", "attend_backward", "attend_with_lse", "merge"]
