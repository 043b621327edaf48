"""The known bugs by name, and the outputs of an implementation that has one.

A case has the flag of a bug if every output that the bug can produce is wrong there; this is
computed, not asserted. So a failing output can be compared with the outputs of each bug, and a bug
is named if it matches exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from ...catalogue import notation
from ...lower import multiplicity
from ...sets.branches import Branches
from ...sets.pattern import Pattern
from ...sets.types import FloatArray, Length
from .bugs import BUGS
from .statement import Arrays, CaseInputs, Result
from .tolerance import Entry

FlagResults = tuple[str, list[Result]]

FLAGS = {
    "left edge": "a window has one key too many or too few at its left edge",
    "right edge": "a window has one key too many or too few at its right edge",
    "own key": "a query does not attend to its own key",
    "future": "keys after the query are attended to",
    "alignment": "upper-left and bottom-right alignment are exchanged, where n_q and n_k differ",
    "steps": "strides, dilations, chunks or axes have another step, or begin at another position",
    "borders": "a window crosses the border of a document, block, chunk or sequence",
    "globals missing": "global positions, sinks or a prefix are not attended to, or do not attend "
    "to all",
    "random missing": "the random keys are left out, or others are drawn",
    "twice": "a key that is in two parts of a pattern counts twice",
    "rounded": "the set is rounded out to whole blocks of 4, or a pattern over blocks is read as "
    "one over tokens",
    "transposed": "query and key are exchanged in the mask",
    "inverted": "inverted mask: True where a query must not attend to a key",
    "shifted": "the whole set is one key too early or too late",
    "heads permuted": "the sets of the heads are in the opposite order",
    "head modulo": "kv-head mapping (GQA): query head h reads kv head h mod G, not h // (H / G)",
    "empty rows": "a row without keys is the average of all values, or NaN, instead of 0",
    "remainder": "keys after the last whole tile of 16 are left out",
    "ghost": "zeros that pad the keys to a multiple of 16 take part in the softmax",
    "leak": "finite mask: masked logits are set to -10,000, or get it added, instead of -inf",
    "zeroed": "masked logits are 0 instead of -inf, as if multiplied by the mask",
    "row sum": "weights are masked after the softmax and not normalised again",
    "poison": "the softmax runs over all keys first, so that large masked logits drown the members",
    "overflow": "exp of the logits, without subtracting their maximum",
    "scale": "logits are multiplied by 1, 1 / sqrt(d) or 1 / d instead of the given scale",
    "lse": "lse has base 2, or is missing the maximum that was subtracted",
}


def results(entry: Entry, arrays: Arrays) -> Iterator[FlagResults]:
    """Per flag, the outputs the bug would produce; [] if it does not apply."""
    case = CaseInputs.from_arrays(arrays, entry["scale"])
    for flag in FLAGS:
        if flag in entry["wrong"]:
            yield flag, [_result_of_set(case, text) for text in entry["wrong"][flag]]
        elif flag in BUGS:
            with np.errstate(all="ignore"):
                yield flag, list(BUGS[flag](case))


def _result_of_set(case: CaseInputs, text: str) -> Result:
    """The outputs if every head attends to the set in notation."""
    m = multiplicities([text], case.m.shape[1:])
    return case.result(np.broadcast_to(m, case.m.shape))


def multiplicities(texts: Sequence[str], n: Length) -> FloatArray:
    """How many times a key counts in sets in notation, float64 (1 or H, n_q, n_k)."""
    sets = [cast(Pattern | Branches, notation.read(text)) for text in texts]
    per_head = [multiplicity(p, n) for p in sets]
    return np.stack(per_head).astype(np.float64)
