"""GPT-Neo: layers that alternate between causal attention and a causal window.

Black, Gao, Wang, Leahy, Biderman 2021, "GPT-Neo: Large Scale Autoregressive Language Modeling with
Mesh-Tensorflow", DOI 10.5281/zenodo.5297715. Software without a paper: its sets are those of
Hugging Face transformers, `models/gpt_neo`.
"""

from __future__ import annotations

from ..sets.checks import integer
from ..sets.factorized import Factorized, notation
from .elementary import Causal, Lookback


def gpt_neo(keys: int = 256) -> Factorized:
    """(Causal(), Lookback(keys)): all before, then the last `keys` with i included.

    Black et al. 2021.

    `Interleaved(gpt_neo(keys)).at(layer, head)` is the model: layers 0, 2, ... global, layers 1, 3,
    ... local.

    Raises ValueError for `keys` below 1.

    >>> import sparse_ref as sr
    >>> sr.Interleaved(sr.gpt_neo(256)).at(layer=1, head=0)
    Lookback(256)
    >>> print(sr.picture(sr.gpt_neo(2), 5))
    █····  █····
    ██···  ██···
    ███··  ·██··
    ████·  ··██·
    █████  ···██
    """
    local = Lookback(integer("gpt_neo: keys", keys, 1))
    return Factorized((Causal(), local), notation("gpt_neo", keys))
