"""Every pattern by name: notation, examples, and what sources mean by a window and by a top-k."""

from .entries import Entry, catalogue
from .notation import ParseError, parse
from .selection_conventions import SelectionConvention, selection_conventions
from .window_conventions import Convention, window_conventions

__all__ = [
    "Convention",
    "Entry",
    "ParseError",
    "SelectionConvention",
    "catalogue",
    "parse",
    "selection_conventions",
    "window_conventions",
]
