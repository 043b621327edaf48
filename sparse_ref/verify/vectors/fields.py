"""What the fields of index.json must be, in words and as tests; a suite may come from anyone."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from reprlib import repr as excerpt
from typing import Any

from .comparison import AXES
from .regular_files import FileError

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # no separator, no dot
SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_NUMBER, MAX_FLOAT = 2**31 - 1, 1e300


@dataclass(frozen=True)
class Field:
    """What a value must be: in words, and as a test."""

    words: str
    accepts: Callable[[Any], bool]

    def check(self, place: str, value: Any) -> None:
        """Refuse another value, by its place in the file."""
        if not self.accepts(value):
            raise FileError(f"{place} must be {self.words}, got {excerpt(value)}")


def integers(least: int, most: int = MAX_NUMBER) -> Field:
    """Integers from least to most."""
    words = f"an integer from {least} to {most}"
    return Field(words, lambda x: type(x) is int and least <= x <= most)


def lists(item: Field) -> Field:
    """Lists of such items."""
    return Field(
        f"a list, and in it {item.words}",
        lambda values: isinstance(values, list) and all(map(item.accepts, values)),
    )


def choices(*values: str) -> Field:
    """One of these texts."""
    words = " or ".join(map(json.dumps, values))
    return Field(words, lambda x: isinstance(x, str) and x in values)


def _is_number(x: Any) -> bool:
    """Whether x is a finite number of JSON."""
    return type(x) in (int, float) and -MAX_FLOAT <= x <= MAX_FLOAT


NUMBER = Field("a finite number", _is_number)
NONNEGATIVE = Field("a finite number of at least 0", lambda x: _is_number(x) and x >= 0)
TEXT = Field("a text", lambda x: isinstance(x, str))
FLAG = Field("true or false", lambda x: isinstance(x, bool))
OBJECT = Field("an object", lambda x: isinstance(x, dict))
NAMES = lists(choices(*AXES))
COUNT, SIZE, ANY_INTEGER = integers(0), integers(1), integers(-MAX_NUMBER)
SIZES = lists(SIZE)

INDEX = {
    "library": TEXT,
    "only": lists(TEXT),
    "total": COUNT,
    "flags": OBJECT,
    "cases": Field("a list of cases, at least 1", lambda x: isinstance(x, list) and len(x) > 0),
}
CASE = {
    "id": Field(
        "letters, digits, - and _, at most 64",
        lambda x: isinstance(x, str) and ID.fullmatch(x) is not None,
    ),
    "comment": TEXT,
    "expected": choices("valid", "acceptable"),
    "flags": lists(TEXT),
    "flags_in_part": lists(TEXT),
    "patterns": lists(TEXT),
    "kind": TEXT,
    **dict.fromkeys(("a", "b", "offset"), ANY_INTEGER),
    **dict.fromkeys(("heads", "kv_heads", "d", "e"), SIZE),
    "n": Field("[n_q, n_k], integers from 1", lambda x: SIZES.accepts(x) and len(x) == 2),
    "scale": NUMBER,
    "softcap": NONNEGATIVE,
    "sinks": FLAG,
    "backward": FLAG,
    **dict.fromkeys(("topk", "sequences", "page_size", "pages", "blocks"), COUNT),
    "seed": integers(0, 2**64 - 1),
    "wrong": OBJECT,
    "outputs": NAMES,
    "optional": NAMES,
    "tolerance": OBJECT,
    "arrays": OBJECT,
    "npz": TEXT,
    "sha256": Field(
        "a SHA-256 in 64 digits",
        lambda x: isinstance(x, str) and SHA256.fullmatch(x) is not None,
    ),
}

ARRAY = {"dtype": TEXT, "shape": lists(COUNT), "file": TEXT}
SETS = lists(lists(TEXT))


def check_fields(place: str, value: Any, fields: Mapping[str, Field]) -> None:
    """Refuse what is no object with these fields; further ones are left alone."""
    OBJECT.check(place, value)
    for name, field in fields.items():
        if name not in value:
            raise FileError(f"{place} must have a field {name!r}")
        field.check(f"{place}.{name}", value[name])


def read_json(name: str, content: bytes) -> Any:
    """The value of JSON in UTF-8, whose objects have each key once and whose numbers are finite."""
    try:
        return json.loads(
            content.decode(), object_pairs_hook=_object, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise FileError(f"{name} is nested too deeply") from None
    except ValueError as error:  # of UTF-8, of JSON, or of a number with too many digits
        raise FileError(f"{name} is no JSON of a suite: {error}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs."""
    value = dict(pairs)
    if len(value) < len(pairs):
        twice = duplicate(key for key, _ in pairs)
        raise ValueError(f"the key {excerpt(twice)} is there twice")
    return value


def duplicate(names: Iterable[str]) -> str | None:
    """The name that is there most often, if it is there more than once."""
    [(name, count)] = Counter(names).most_common(1)
    return name if count > 1 else None


def _refuse_constant(name: str) -> Any:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError(f"{name} is no number of JSON")
