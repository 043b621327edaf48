"""index.json of a suite, read within bounds and checked field by field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...catalogue import notation
from ...sets.branches import Branches
from ...sets.budget import limit
from ...sets.pattern import Pattern
from ..calling.rounded_attention import BITS
from .array_entries import MAX_CASE_BYTES, array_bytes, array_entries, output_names
from .fields import (
    ARRAY,
    CASE,
    INDEX,
    NONNEGATIVE,
    OBJECT,
    SETS,
    TEXT,
    check_fields,
    duplicate,
    excerpt,
    read_json,
)
from .files import SCHEMA, VERSION
from .regular_files import FileError, regular_file
from .statement import Entry

NAME = "index.json"
MAX_BYTES = 2**22  # 14 times that of the suite
MAX_WORK = 2**20  # products of one case; the suite has 25,600
MAX_TOTAL_WORK = 2**24  # of all cases together
SET_WORK = 2**10  # of a set in notation, and of a sequence, in products
SECONDS, SET_BYTES = 10.0, 2**28  # for all sets in notation


def read_index(folder: Path) -> dict[str, Any]:
    """index.json, of this schema and version.

    Raises FileNotFoundError if there is none, ValueError that names the field if one is not as
    `write` writes it.
    """
    try:
        with regular_file(folder, NAME) as file:
            if file.size > MAX_BYTES:
                raise FileError(f"{NAME} must be at most {MAX_BYTES} bytes, got {file.size}")
            index = read_json(NAME, file.content())
    except FileNotFoundError:
        raise FileNotFoundError(
            f"folder must be a suite that `sparse-ref vectors` wrote, got {folder}, which has no "
            f"{NAME}"
        ) from None
    version = (index.get("schema"), index.get("version")) if isinstance(index, dict) else None
    if version != (SCHEMA, VERSION):
        raise FileError(
            f"folder must be a suite of schema {SCHEMA!r}, version {VERSION}, "
            f"got {excerpt(version)}: write it again with `sparse-ref vectors`"
        )
    _check_index(index)
    return index


def _check_index(index: dict[str, Any]) -> None:
    """Refuse what `write` would not have written."""
    check_fields(NAME, index, INDEX)
    for flag, line in index["flags"].items():
        TEXT.check(f"{NAME}.flags[{excerpt(flag)}]", line)
    cases, work = index["cases"], 0
    for t, entry in enumerate(cases):
        place = f"{NAME}.cases[{t}]"
        check_fields(place, entry, CASE)
        _check_case(place, entry, index["flags"])
        work += _case_work(place, entry)
    if twice := duplicate(entry["id"].lower() for entry in cases):  # as some systems read names
        raise FileError(f"{NAME}.cases must have ids that differ, got {twice!r} twice")
    if index["total"] < len(cases):
        raise FileError(f"{NAME}.total must be at least {len(cases)}, got {index['total']}")
    if work > MAX_TOTAL_WORK:
        raise FileError(f"{NAME}.cases must have at most {MAX_TOTAL_WORK} products, got {work}")
    with limit(SECONDS, SET_BYTES):
        for t, entry in enumerate(cases):
            _check_sets(f"{NAME}.cases[{t}].wrong", entry)


def _check_case(place: str, entry: Entry, flags: dict[str, str]) -> None:
    """Refuse fields of a case that contradict one another."""
    outputs, optional = output_names(entry)
    expected = {"npz": f"{entry['id']}.npz", "outputs": outputs, "optional": optional}
    for name, value in expected.items():
        _check_equal(f"{place}.{name}", entry[name], value)
    if entry["heads"] % entry["kv_heads"]:
        raise FileError(
            f"{place}.kv_heads must divide heads = {entry['heads']}, got {entry['kv_heads']}"
        )
    if entry["page_size"] and not entry["sequences"]:
        raise FileError(f"{place}.sequences must be at least 1 if there are pages, got 0")
    for name in ("flags", "flags_in_part", "wrong"):
        for flag in entry[name]:
            if flag not in flags:
                raise FileError(
                    f"{place}.{name} must be among the flags of {NAME}, got {excerpt(flag)}"
                )
    for flag, sets in entry["wrong"].items():
        SETS.check(f"{place}.wrong[{flag!r}]", sets)
    tolerance = entry["tolerance"]
    for name in (*outputs, *optional):
        check_fields(f"{place}.tolerance", tolerance, {name: OBJECT})
        precisions = dict.fromkeys(BITS, NONNEGATIVE)
        check_fields(f"{place}.tolerance.{name}", tolerance[name], precisions)
    _check_arrays(f"{place}.arrays", entry)


def _check_equal(place: str, value: Any, expected: Any) -> None:
    """Refuse another value than this one."""
    if value != expected:
        raise FileError(f"{place} must be {expected!r}, got {excerpt(value)}")


def _check_arrays(place: str, entry: Entry) -> None:
    """Refuse arrays that a case does not have, or that have another shape, dtype or file."""
    arrays, expected = entry["arrays"], array_entries(entry)
    _check_equal(f"{place}, sorted,", sorted(arrays), sorted(expected))
    for name, description in expected.items():
        check_fields(f"{place}.{name}", arrays[name], ARRAY)
        for key, value in description.items():
            _check_equal(f"{place}.{name}.{key}", arrays[name][key], value)
    pairs = arrays["indices"]["shape"]
    n_q, n_k = entry["n"]
    most = entry["heads"] * n_q * n_k
    if len(pairs) != 1 or pairs[0] > most:
        raise FileError(f"{place}.indices.shape must be [pairs], at most {most}, got {pairs}")
    size = array_bytes(entry)
    if size > MAX_CASE_BYTES:
        raise FileError(f"{place} must be at most {MAX_CASE_BYTES} bytes together, got {size}")


def _case_work(place: str, entry: Entry) -> int:
    """The products of logits and values in a case, refused if they are too many."""
    n_q, n_k = entry["n"]
    keys = n_k + entry["sequences"] * entry["page_size"]
    width = max(entry["d"], entry["e"], min(entry["topk"], n_k))
    products = entry["heads"] * n_q * keys * width
    if products > MAX_WORK:
        raise FileError(f"{place}.n must be of at most {MAX_WORK} products, got {products}")
    sets = sum(len(texts) for sets in entry["wrong"].values() for texts in sets)
    return products + SET_WORK * (sets + entry["sequences"])


def _check_sets(place: str, entry: Entry) -> None:
    """Refuse texts that are no sets, or not one for all, or one per head or per sequence."""
    parts = (entry["sequences"],) if entry["sequences"] else (1, entry["heads"])
    for flag, sets in entry["wrong"].items():
        where = f"{place}[{flag!r}]"
        for texts in sets:
            if len(texts) not in parts:
                raise FileError(f"{where} must have {parts[-1]} sets each, got {len(texts)}")
            for text in texts:
                _check_set(where, text)


def _check_set(place: str, text: str) -> None:
    """Refuse a text that is no set in notation, or that takes long to read."""
    try:
        value = notation.read(text)
    except ValueError as error:
        raise FileError(f"{place}: {error}") from None
    if not isinstance(value, Pattern | Branches):
        raise FileError(f"{place} must be sets, got {excerpt(text)}")
