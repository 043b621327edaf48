"""Every pattern by name: notation, an example of each constructor, and window conventions."""

from .entries import Entry, catalogue
from .notation import ParseError, parse
from .window_conventions import Convention, window_conventions

__all__ = ["Convention", "Entry", "ParseError", "catalogue", "parse", "window_conventions"]
