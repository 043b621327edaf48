"""Three defects, told: what was shipped, what a user meets, and what the sets show. The tests of
`test_stories.py` hold the sentences to the packages.
"""

from dataclasses import dataclass
from unittest.mock import patch

import numpy as np

import sparse_ref as sr
from wild.jax_kernels import JAX, flash, flash_jax


@dataclass(frozen=True)
class Story:
    """A defect in words.

    case : the name of the case that shows it. report : the page of docs/upstream. title, text : for
    a reader who has used the package and not this library.
    """

    case: str
    report: str
    title: str
    text: str


SOFT_CAP = """\
litgpt runs Gemma 2, which caps its logits: `attention_logit_softcapping=50.0`. PyTorch's attention
has no caps, so litgpt computes these layers itself, and adds the mask to the logits. Without a KV
cache the mask is 0 and a huge negative number. With one it is `True` and `False`: `True` adds 1,
`False` adds 0, and no key is masked.

Nothing fails. Steps of one token, as `litgpt generate` makes them, see the right keys. But the
prompt was read with its future in sight: change its last token, and the logits of the first one
move. The same model without a soft cap is right, and with a soft cap and without a cache, too.

Verify gets `fn(q, k, v)` and `Causal()`. At equal logits every row attends to every key, and the
keys that should be masked weigh e times less than the others: the `True` that was added."""

UNIDIRECTIONAL = """\
ONNX Runtime has `MultiHeadAttention` with `unidirectional=1`. Its mask is filled row by row, and
the loop ends before the last query: with as many keys as queries, the last query sees every key
anyhow.

With 5 queries and 12 keys it must not. The first 4 queries are right, and the last one sees all 12
keys. Tests with square inputs pass, and so does a comparison that looks at the first rows.

The sets show one full row."""

LAST_SLICE = """\
flash-attention-jax reads keys in slices of 1024. A last slice that would reach beyond the end is
moved back by `lax.dynamic_slice` until it fits. Of 1030 keys the second slice begins at key 6, and
keys 6 to 1023 count twice.

The output looks right: each row is a weighted mean, and every key takes part. It is off by less
than 0.01 on random input. At 1024 and at 2048 keys it is right.

The set of keys is the expected one, but it is a multiset. With slices of 4 instead of 1024, so that
it fits on a page, this is how often 3 queries count each of 6 keys:"""

STORIES = (
    Story(
        "litgpt_soft_cap_with_cache",
        "litgpt-soft-cap-cache",
        "A prompt that sees its future",
        SOFT_CAP,
    ),
    Story(
        "onnxruntime_unidirectional",
        "onnxruntime-unidirectional",
        "One row short",
        UNIDIRECTIONAL,
    ),
    Story(
        "flash_jax_last_slice",
        "flash-attention-jax-last-slice",
        "Keys that count twice",
        LAST_SLICE,
    ),
)


def counts(slice_length=4, keys=6):
    """How often flash-attention-jax counts each key for 3 queries, with slices of 4."""
    with patch.object(flash_jax, "K_CHUNK_SIZE", slice_length):
        probe = sr.verify.probe(flash, (3, keys), layout="bhnd", **JAX)
    return probe.multiplicity[0]


def picture(story, report) -> list[str]:
    """What the sets show: the difference from the expected ones, or counts."""
    if story.case == "flash_jax_last_slice":
        return [" ".join(map(str, row)) for row in counts()]
    expected, actual = report.expected_mask[0], report.actual_mask[0]
    legend = "█ both   · neither   + only in the package   - only in the expected set"
    return [legend, *str(sr.difference(expected, actual)).split("\n")]


def worst(counted, n=1030):
    """The largest error of flash-attention-jax on random input, keys counted so often."""
    random = np.random.default_rng(0)
    q, k, v = (random.standard_normal((1, 1, rows, 8), np.float32) for rows in (4, n, n))
    weights = counted * np.exp(np.einsum("bhid,bhjd->bhij", q, k) / 8**0.5)
    expected = weights @ v / weights.sum(axis=-1, keepdims=True)
    return np.abs(np.asarray(flash(q, k, v)) - expected).max()
