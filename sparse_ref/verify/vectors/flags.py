"""The known bugs by name, and what an implementation that has one would write.

A case is flagged with a bug if everything that the bug may write is wrong there, which is worked out, not claimed. So a
failing output can be compared with what each bug writes, and the bug is named whose very numbers it has.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...catalogue import notation
from ...lower import multiplicity
from .bugs import BUGS
from .dense import Given, Result

FLAGS = {
    "left edge": "a window has one key too many or too few at its left edge",
    "right edge": "a window has one key too many or too few at its right edge",
    "own key": "a query does not attend to its own key",
    "future": "keys after the query are attended to",
    "alignment": "where n_q and n_k differ, queries are counted from the other end of the keys",
    "steps": "strides, dilations, chunks or axes have another step, or begin at another position",
    "borders": "a window looks across the border of a document, block, chunk or sequence, at which it has to stop",
    "globals missing": "global positions, sinks or a prefix are not attended to, or do not attend to all",
    "random missing": "the random keys are left out, or others are drawn",
    "twice": "a key that two parts of a pattern hold counts twice",
    "rounded": "the set is rounded out to whole blocks of 4, or a pattern over blocks is read as one over tokens",
    "transposed": "query and key are exchanged in the mask",
    "inverted": "the mask has the opposite meaning: True where a key is not attended to",
    "shifted": "the whole set stands one key too early or too late",
    "heads permuted": "the heads have their sets in the opposite order",
    "head modulo": "query head h reads key head h mod G, not h // (H / G)",
    "empty rows": "a row without keys is the average of all values, or NaN, and not 0",
    "remainder": "keys after the last whole tile of 16 are left out",
    "ghost": "zeros that pad the keys to a multiple of 16 take part in the softmax",
    "leak": "masked logits are replaced by -10,000, or get it added, instead of -inf",
    "zeroed": "masked logits are 0 instead of -inf, as if multiplied by the mask",
    "row sum": "weights are masked after the softmax and not normalised again",
    "poison": "the softmax runs over all keys first, so that those outside the set drown its members",
    "overflow": "exp is taken of the logits themselves, without their maximum taken off",
    "scale": "logits are multiplied by 1, 1 / sqrt(d) or 1 / d where another scale is asked for",
    "lse": "lse has base 2, or lacks the maximum that was taken off",
}


def results(entry, arrays) -> Iterator[tuple[str, list[Result]]]:
    """For each flag what an implementation with that bug may write; [] where the bug has no say."""
    given = Given.of(arrays, entry["scale"])
    for flag in FLAGS:
        if flag in entry["wrong"]:
            yield (
                flag,
                [
                    given.result(np.broadcast_to(counted([text], given.m.shape[1:]), given.m.shape))
                    for text in entry["wrong"][flag]
                ],
            )
        elif flag in BUGS:
            with np.errstate(all="ignore"):
                yield flag, list(BUGS[flag](given))


def counted(texts: list[str], n) -> np.ndarray:
    """How many times a key counts in sets in notation, one for all heads or one for each: float64 (1 or H, n_q, n_k)."""
    return np.stack([multiplicity(notation.read(text), n) for text in texts]).astype(np.float64)
