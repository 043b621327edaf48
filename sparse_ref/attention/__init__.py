"""The public door to attention over sets."""

from .attend import attend, attend_backward, attend_with_lse
from .merge import merge

__all__ = ["attend", "attend_backward", "attend_with_lse", "merge"]
