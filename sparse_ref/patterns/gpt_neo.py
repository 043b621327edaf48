"""Models whose layers take turns, some seeing everything before them and some less: GPT-Neo and Llama 4.

Black, Gao, Wang, Leahy, Biderman 2021, "GPT-Neo: Large Scale Autoregressive Language Modeling with Mesh-Tensorflow",
DOI 10.5281/zenodo.5297715. Both are software without a paper: their sets are those of Hugging Face transformers.
"""

from __future__ import annotations

from ..checks import whole
from ..factorized import Factorized
from .chunked import llama4_chunked
from .elementary import Causal, Lookback


def gpt_neo(keys: int = 256) -> Factorized:
    """(Causal(), Lookback(keys)): all before, then the last `keys` with i included.        Black et al. 2021

    `Interleaved(gpt_neo(keys)).at(layer, head)` is the model: layers 0, 2, ... global, layers 1, 3, ... local.

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
    return Factorized((Causal(), Lookback(whole("gpt_neo: keys", keys, 1))), f"gpt_neo({keys})")


def llama4(keys: int = 8192, interval: int = 4) -> Factorized:
    """(llama4_chunked(keys), ..., Causal()): of every `interval` layers the last sees all before it.        Llama 4

    `Interleaved(llama4(keys)).at(layer, head)` is the model: layers 3, 7, ... see all, and have no positions.

    Raises ValueError for `keys` or `interval` below 1.

    >>> import sparse_ref as sr
    >>> print(sr.picture(sr.llama4(2, interval=2), 5))
    █····  █····
    ██···  ██···
    ··█··  ███··
    ··██·  ████·
    ····█  █████
    """
    chunked, turns = llama4_chunked(whole("llama4: keys", keys, 1)), whole("llama4: interval", interval, 1)
    return Factorized((chunked,) * (turns - 1) + (Causal(),), f"llama4({keys}, {turns})")
