"""The known bugs by name, and the outputs of an implementation that has one.

A case has the flag of a bug if every output that the bug can produce is wrong there; this is
computed, not asserted. So a failing output can be compared with the outputs of each bug, and a bug
is named if it matches exactly. The reports of `verify.check` speak the same words: CAUSES.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import cast

import numpy as np

from ...catalogue import notation
from ...lower import multiplicity
from ...sets.branches import Branches
from ...sets.pattern import Pattern
from ...sets.types import FloatArray, Length
from .bugs import BUGS
from .statement import Arrays, CaseInputs, Entry, Result

FlagResults = tuple[str, list[Result]]

FLAGS = {
    "left edge": "a window has one key too many or too few at its left edge",
    "right edge": "a window has one key too many or too few at its right edge",
    "own key": "a query does not attend to its own key",
    "future": "keys after the query are attended to",
    "alignment": "upper-left and bottom-right alignment are exchanged, where n_q and n_k differ, "
    "or a sequence has the offset of another",
    "steps": "strides, dilations, chunks or axes have another step, or begin at another position",
    "borders": "a window crosses the border of a document, block, chunk or sequence",
    "globals missing": "global positions, sinks or a prefix are not attended to, or do not attend "
    "to all",
    "random missing": "the random keys are left out, or others are drawn",
    "keys count twice": "a key that is in two parts of a pattern counts twice",
    "rounded out to blocks": "the set is rounded out to whole blocks of 4, or a pattern over "
    "blocks is read as one over tokens",
    "transposed mask": "query and key are exchanged in the mask",
    "inverted mask": "True where a query must not attend to a key",
    "shifted": "the whole set is one key too early or too late",
    "heads permuted": "the sets of the heads are in the opposite order",
    "kv head h % G": "kv-head mapping (GQA): query head h reads kv head h % G, not h // (H / G)",
    "empty rows": "a row without keys is the average of all values, or NaN, instead of 0",
    "last, partial tile": "keys after the last whole tile of 16, or the last whole page, "
    "are left out",
    "padding attended to": "zeros that pad the keys to a multiple of 16 take part in the softmax",
    "finite mask": "masked logits are set to -10,000, or get it added, instead of -inf",
    "masked logits 0": "masked logits are 0 instead of -inf, as if multiplied by the mask",
    "masked after softmax": "weights are masked after the softmax and not normalised again",
    "maximum over all keys": "the softmax runs over all keys first, so that large masked logits "
    "drown the members",
    "maximum not subtracted": "exp of the logits, without subtracting their maximum",
    "missing rescale of the accumulator": "the first tile of keys is right; when a later one "
    "raises the maximum, the sum so far is not rescaled",
    "scale": "logits are multiplied by 1, 1 / sqrt(d) or 1 / d instead of the given scale",
    "lse in base 2": "lse is divided by log 2",
    "lse in base e": "lse has base e, where base 2 is declared",
    "lse without the maximum": "the maximum that was subtracted is not added to lse again",
    "no soft cap": "logits are not capped",
    "soft cap before the scale": "q . k is capped, and then multiplied by the scale",
    "soft cap after the mask": "masked logits are capped as well: they become -c, a finite number",
    "soft cap formula": "tanh(x / c) without the factor c, or x cut off at -c and c",
    "no sink": "the sink is not in the sum of the softmax",
    "sink scaled": "the sink is multiplied by the scale, or taken as a logit in base 2",
    "sink of another head": "the sinks are in the opposite order of heads, or all that of head 0",
    "padding index attended to": "-1 in a list of keys is read as the last key, or as key 0",
    "selection one key short": "the last key of each list is left out",
    "selection of the first head": "all heads attend to the keys that head 0 selects",
    "page order": "pages are read in the order in which they lie, not in that of the page table",
    "page table row": "all sequences read the pages of the first",
    "page tail": "what lies behind the last key, to the end of its page, is attended to",
    "delta missing": "dx = p dp, without subtracting delta = sum(grad_out * out) from dp",
    "scale missing in dq or dk": "dq, dk or both are not multiplied by the scale",
    "group not summed": "dk and dv are those of one query head of the group, or their mean, "
    "instead of their sum",
    "dq off by a factor": "dq is half of what it should be, or twice as much",
    "dk off by a factor": "dk is half of what it should be, or twice as much",
    "dv off by a factor": "dv is half of what it should be, or twice as much",
    "backward without the mask": "the backward pass has the weights of masked keys too",
    "soft cap derivative missing": "the gradient of a logit is not multiplied by 1 - tanh^2",
    "empty rows in the backward": "a row without keys makes dq NaN, or all gradients of its head",
}
CAUSES = {
    "left edge": "left edge",
    "right edge": "right edge",
    "future": "future",
    "alignment": "alignment",
    "transposed mask": "transposed mask",
    "inverted mask": "inverted mask",
    "rounded out to blocks": "rounded out to blocks",
    "kv head h % G": "kv-head mapping (GQA): query head h reads kv head h % ",
    "finite mask": "finite mask",
    "last, partial tile": "last, partial tile",
    "keys count twice": "keys count",
    "no soft cap": "no soft cap",
}  # by flag, the words that are in the report of `verify.check` on a function with that bug
LSE_FLAGS = ("lse in base 2", "lse in base e", "lse without the maximum")


def results(
    entry: Entry, arrays: Arrays, flags: Iterable[str] = tuple(FLAGS)
) -> Iterator[FlagResults]:
    """Per flag, the outputs the bug would produce; [] if it does not apply."""
    case = CaseInputs.from_arrays(arrays, entry)
    for flag in flags:
        with np.errstate(all="ignore"):
            if flag in entry["wrong"]:
                found = _results_of_sets(case, entry, flag)
            else:
                found = list(BUGS[flag](case)) if flag in BUGS else []
        needs_gradients = case.grad_out is not None and flag not in LSE_FLAGS
        yield flag, [result for result in found if result.gradients or not needs_gradients]


def _results_of_sets(case: CaseInputs, entry: Entry, flag: str) -> list[Result]:
    """The outputs for each of the sets that a bug may turn the set of a case into."""
    try:
        return [_result_of_set(case, texts) for texts in entry["wrong"][flag]]
    except (ValueError, LookupError) as error:  # such as a set that is stated for another length
        raise ValueError(
            f"wrong[{flag!r}] of {entry['id']} must be sets for its lengths: {error}"
        ) from None


def _result_of_set(case: CaseInputs, texts: Sequence[str]) -> Result:
    """The outputs if every head attends to the set in notation, one per sequence if there are."""
    if case.sequences is None:
        m = multiplicities(texts, case.m.shape[1:])
    else:
        parts = zip(texts, case.sequences, strict=True)
        masks = [multiplicities([text], _shape(part))[0] for text, part in parts]
        m = case.sequences.whole(masks)
    return replace(case, m=np.broadcast_to(m, case.m.shape)).result()


def _shape(part: tuple[slice, slice]) -> tuple[int, int]:
    """(n_q, n_k) of a sequence."""
    queries, keys = part
    return int(queries.stop - queries.start), int(keys.stop - keys.start)


def multiplicities(texts: Sequence[str], n: Length) -> FloatArray:
    """How many times a key counts in sets in notation, float64 (1 or H, n_q, n_k)."""
    per_head = [multiplicity(_read(text), n) for text in texts]
    return np.stack(per_head).astype(np.float64)


@cache
def _read(text: str) -> Pattern | Branches:
    """The set in notation."""
    return cast(Pattern | Branches, notation.read(text))
