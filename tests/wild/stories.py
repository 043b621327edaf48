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
[litgpt](https://github.com/Lightning-AI/litgpt) runs Gemma 2 with a KV cache. No error is raised,
and steps of one token, as `litgpt generate` makes them, see the right keys. But while the model
reads the prompt, every token sees the tokens after it: change the last token of the prompt, and the
logits of the first one change.

The cause is a mask of the wrong type. Gemma 2 caps its logits: `attention_logit_softcapping=50.0`.
PyTorch's attention has no caps, so litgpt computes these layers itself, and adds the mask to the
logits. Without a cache the mask is 0 or a huge negative number. With one it is `True` or `False`:
`True` adds 1, `False` adds 0, and no key is masked. The same model is right without a soft cap, and
without a cache.

`sr.verify.check` gets `fn(q, k, v)` and `Causal()`. At equal logits every query attends to every
key, and the keys that should be masked weigh e times less than the others: the `True` that was
added."""

UNIDIRECTIONAL = """\
[ONNX Runtime](https://github.com/microsoft/onnxruntime) has `MultiHeadAttention` with
`unidirectional=1`: a query must not see later keys. With 5 queries and 12 keys, the first 4 queries
are right, and the last one sees all 12 keys.

The mask is filled row by row, and the loop ends before the last query. With as many keys as queries
this changes nothing, since the last query may see every key. So tests with square inputs pass, and
so does a comparison of the first rows.

The sets show one full row:"""

LAST_SLICE = """\
[flash-attention-jax](https://github.com/lucidrains/flash-attention-jax) is right with 1024 keys,
and with 2048. With 1030 keys, keys 6 to 1023 count twice.

It reads keys in slices of 1024. `lax.dynamic_slice` moves a last slice that would reach beyond the
end back until it fits: of 1030 keys, the second slice begins at key 6. The output looks right: each
row is a weighted mean, and every key takes part. On random input it is off by less than 0.01.

The set of keys is the expected one; how often a key counts is not. With slices of 4 instead of
1024, so that it fits on a page, this is how often 3 queries count each of 6 keys:"""

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
