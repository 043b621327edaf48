"""A plan read back bit by bit, for tests of lowering."""

import numpy as np


def mask_of_plan(plan):
    """[j in A_i] read from a plan's chunks bit by bit; a pair that two chunks hold is an error."""
    held = np.zeros(plan.shape, int)
    for part in plan.parts:
        for t, tile in enumerate(part.rows):
            for c in range(part.ptr[t], part.ptr[t + 1]):
                keys = (
                    range(part.start[c], part.start[c] + 64)
                    if part.start[c] >= 0
                    else part.keys[-1 - part.start[c]]
                )
                for b, j in enumerate(keys):
                    word = 2**64 - 1 if part.word[c] < 0 else int(part.words[part.word[c], b])
                    members = [i for r, i in enumerate(tile) if word >> r & 1 and i >= 0]
                    held[members, j] += 1
    assert held.max(initial=0) <= 1
    return held.astype(bool)
