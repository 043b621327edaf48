"""Which cases are meant: globs over their ids, as in --only 'lookback*,grouped*'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase


def globs(only: str | Iterable[str] | None) -> tuple[str, ...]:
    """The globs in a text with commas, or in an iterable of texts; () for None."""
    if only is None:
        return ()
    texts = [only] if isinstance(only, str) else list(only)
    parts = [part.strip() for part in ",".join(texts).split(",")]
    return tuple(filter(None, parts))


def matching_ids(ids: Sequence[str], only: Sequence[str]) -> list[str]:
    """The ids that match one of the globs, in their order; all of them if there is no glob.

    Raises ValueError that lists the ids, if a glob matches none of them.

    >>> matching_ids(["causal", "lookback", "lookback-tiles"], ["lookback*"])
    ['lookback', 'lookback-tiles']
    """
    for glob in only:
        if not any(fnmatchcase(name, glob) for name in ids):
            raise ValueError(f"only must match an id, got {glob!r}; ids are {', '.join(ids)}")
    if not only:
        return list(ids)
    return [name for name in ids if any(fnmatchcase(name, glob) for glob in only)]
