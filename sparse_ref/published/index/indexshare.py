"""IndexShare: DSA whose sets several layers share.

Hugging Face transformers, `glm_moe_dsa`, after arXiv 2603.12201. A "full" layer has an indexer; a
"shared" one has none, and takes the sets of the last full layer before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ...selection.choose import Chosen
from ...sets.checks import integer
from ..constant_sets import Gradients, attend_arrays, gradients
from . import dsa
from .indexer import Index

__all__ = ["attention", "backward", "layer_types", "sets"]

LayerType = Literal["full", "shared"]
LayerTypes = tuple[LayerType, ...]
Sets = tuple[Chosen, ...]  # one for each layer


def layer_types(layers: int, *, frequency: int = 1, offset: int = 2) -> LayerTypes:
    """ "full" for the layers l with max(l - offset + 1, 0) mod frequency = 0, "shared" for others

    The first `offset` layers are full, then one in each `frequency`: the source's
    `index_skip_topk_offset` and `index_topk_freq`. frequency = 1: all are full. With offset = 0
    the first layer may be "shared", which `sets` refuses, as the source does.

    Raises ValueError for layers or offset below 0, or a frequency below 1.

    >>> from sparse_ref.published import indexshare
    >>> "".join(kind[0] for kind in indexshare.layer_types(9, frequency=4, offset=2))
    'ffsssfsss'
    """
    layers = integer("layers", layers, 0)
    offset = integer("offset", offset, 0)
    frequency = integer("frequency", frequency, 1)
    types: list[LayerType] = []
    for layer in range(layers):
        is_full = max(layer - offset + 1, 0) % frequency == 0
        types.append("full" if is_full else "shared")
    return tuple(types)


def sets(indexes: Sequence[Index | None], *, top_k: int) -> Sets:
    """The sets of each layer: those of `dsa.sets`, or of the last full layer before it

    Parameters
    ----------
    indexes : for each layer (q, k, w) of its indexer, or None if it is "shared".
    top_k : as for `dsa.sets`.

    Raises ValueError if the first layer is "shared", else as `dsa.sets` does.

    >>> import numpy as np
    >>> from sparse_ref.published import indexshare
    >>> index = np.ones((1, 4, 2)), np.ones((4, 2)), np.ones((4, 1))
    >>> first, second, third = indexshare.sets([index, None, None], top_k=2)
    >>> second is first, third is first
    (True, True)
    """
    patterns: list[Chosen] = []
    for layer, index in enumerate(indexes):
        if index is not None:
            patterns.append(dsa.sets(*index, top_k=top_k))
        elif layer:
            patterns.append(patterns[-1])
        else:
            raise ValueError(
                "indexes[0] must be arrays: glm_moe_dsa has no set for a first layer that is "
                '"shared"'
            )
    return tuple(patterns)


def attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    chosen: Chosen,
    *,
    scale: float | None = None,
) -> np.ndarray:
    """The attention of one layer over its sets, its own or shared: one of those of `sets`

    q, k, v, scale and errors as for `dsa.attention`, which a full layer is.
    """
    return attend_arrays(q, k, v, chosen, scale)


def backward(
    grad_out: ArrayLike,
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    chosen: Chosen,
    *,
    scale: float | None = None,
) -> Gradients:
    """(dq, dk, dv) of sum(grad_out * attention(q, k, v, chosen)), the sets constant."""
    return gradients(grad_out, q, k, v, chosen, scale)
