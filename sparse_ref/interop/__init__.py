"""Masks and formats of other libraries: plain arrays, functions and source text; a file per format.

A noun makes the format from a pattern, `from_` reads it back:

    mask_mod, mask_mod_source     FlexAttention and Hugging Face mask functions
                                  (b, h, q, kv) -> bool, or their source text
    block_mask, torch_block_mask  FlexAttention's BlockMask, as arrays, or as torch's own
    allowed_mask                  bool mask, True attends (SDPA, JAX splash, FlashInfer)
    forbidden_mask                bool mask, True is masked (MultiheadAttention)
    additive_bias                 0 and -inf (SDPA, xFormers)
    packed_bits, packed_rows      one bit a pair: in one string (FlashInfer), or row by row
    scipy_csr, scipy_bsr          SciPy's sparse arrays
    flashinfer_bsr                FlashInfer's block-sparse rows
    deepspeed_layout              DeepSpeed's layout of blocks

Only the functions named after torch or SciPy import them, and those that call torch's functions.
An argument p may be a sequence with one pattern per head, if the function accepts it; the result
then has an axis of heads, also for a sequence of one. An array with an axis of heads is read as a
tuple of patterns, an array without it as one pattern. A BlockMask and DeepSpeed's layout always
have that axis.
"""

from .bits import from_packed_bits, from_packed_rows, packed_bits, packed_rows
from .flex import BlockMask, block_mask, torch_block_mask
from .functions import from_mask_mod, mask_mod
from .kv_blocks import from_block_mask
from .layout import deepspeed_layout, from_deepspeed_layout
from .masks import (
    additive_bias,
    allowed_mask,
    forbidden_mask,
    from_additive_bias,
    from_allowed_mask,
    from_forbidden_mask,
)
from .source import mask_mod_source
from .sparse import flashinfer_bsr, from_bsr, from_csr, from_scipy, scipy_bsr, scipy_csr

__all__ = [
    "BlockMask",
    "additive_bias",
    "allowed_mask",
    "block_mask",
    "deepspeed_layout",
    "flashinfer_bsr",
    "forbidden_mask",
    "from_additive_bias",
    "from_allowed_mask",
    "from_block_mask",
    "from_bsr",
    "from_csr",
    "from_deepspeed_layout",
    "from_forbidden_mask",
    "from_mask_mod",
    "from_packed_bits",
    "from_packed_rows",
    "from_scipy",
    "mask_mod",
    "mask_mod_source",
    "packed_bits",
    "packed_rows",
    "scipy_bsr",
    "scipy_csr",
    "torch_block_mask",
]
