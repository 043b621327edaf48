"""A log-sum-exp that is wrong under a right output.

Symbols:  x logits, (B, H, n_q, n_k);  lse (B, H, n_q).
"""

from __future__ import annotations

import numpy as np

from ...calling.rounded_attention import round_to
from .mutation import family
from .softmax import finite_top, key_count

MUTATIONS = (
    *family(
        "lse",
        "compare the log-sum-exp, with its base and in rows without keys",
        {
            "lse in base 2": lambda a, stage, lse, x: stage(lse, x) / np.log(2),
            "lse without its logarithm": lambda a, stage, lse, x: np.exp(stage(lse, x)),
            "the largest logit for lse": lambda a, stage, lse, x: x.max(axis=-1),
            "lse less the maximum": lambda a, stage, lse, x: lse - finite_top(x)[..., 0],
            "lse with the wrong sign": lambda a, stage, lse, x: -lse,
            "lse of the mean": lambda a, stage, lse, x: lse - np.log(key_count(x)),
            "lse of the next query": lambda a, stage, lse, x: np.roll(lse, -1, -1),
            "lse of the heads in the reverse order": lambda a, stage, lse, x: lse[:, ::-1],
            "lse 0 in rows without keys": lambda a, stage, lse, x: np.where(
                np.isneginf(lse), 0, lse
            ),
            "lse in 6 bits of significand": lambda a, stage, lse, x: round_to(lse, 6),
        },
        in_lse=True,
    ),
)
