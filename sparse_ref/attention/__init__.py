"""The public door to attention over sets."""

from .attend import Device, attend, attend_backward, attend_with_lse
from .inputs import PatternLike
from .merge import merge
from .sinks import sink_gradient

__all__ = [
    "Device",
    "PatternLike",
    "attend",
    "attend_backward",
    "attend_with_lse",
    "merge",
    "sink_gradient",
]
