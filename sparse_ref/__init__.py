"""sparse_ref: the executable definition of sparse attention.

    import sparse_ref as sr
    p = sr.Local(4) | sr.Strided(4)     # a set of keys for each query
    p.picture(16)                       # its picture
    out = sr.attend(q, k, v, p)         # the attention that it allows
    sr.verify.check(fn, p, n=16)        # which keys another implementation really attends to

Windows           Full Causal Window Lookback Band Local Dilated Chunk Block SubBlock Circular
Global, random    Global GlobalAt Sinks Prefix Summary Random Slashes Verticals Flip
Strided, distant  Strided LogSparse LogSparseRestart DilatedSegment MemoryBlock
                  Neighborhood CausalNeighborhood
Sparse Transformer   strided fixed openai_fixed
Longformer, ETC      longformer longformer_causal longformer_no_overlap etc
                     longt5_local longt5_tglobal
BigBird              bigbird bigbird_google bigbird_hf
LongNet, LogSparse   longnet logsparse_code logsparse_local
Chunks, streams      llama4 llama4_chunked gpt_neo local_attention streaming star prefix_lm
                     reformer_local reformer_local_hf block_diffusion
Images, grids        image_local image_local_2d natten natten_nd axial swin
Pools                Complete Started
Blocks               butterfly a_shape vertical_slash deepspeed_dense deepspeed_fixed
                     deepspeed_sliding deepspeed_bslongformer deepspeed_bigbird deepspeed_variable

Combine    p | q   p & q   p - q   ~p   Shifted Listed Blockwise Pooled Documents Grid padding
           Factorized Branches Interleaved Merged MultiHead   (Pattern is the class of all patterns)
Look       picture difference explore Explorer catalogue parse window_conventions Convention
           selection_conventions SelectionConvention
Lower      plan csr bsr dense nnz density multiplicity   Plan CSR BSR
Attend     attend attend_with_lse attend_backward merge
Test       conforms

Rooms      define     what a pattern of your own is made of: Rule, Sized, every, span
           selection  scores -> explicit sets: top-k and its kin, pools, hashing, clustering
           paths      what reaches what through layers, with proofs
           verify     other implementations against these definitions
           plot       figures;  explorer  pages to play with
           interop    other libraries' masks;  published  whole layers
           puzzles    exercises, and a checker that names the mistake
           sets, patterns, lower, kernels, attention, cli     how all this is built
"""

import typing as _typing
from importlib import import_module as _import_module

from . import define, patterns, sets
from ._claims import conforms
from .catalogue import (
    Convention,
    SelectionConvention,
    catalogue,
    parse,
    selection_conventions,
    window_conventions,
)
from .patterns import *
from .patterns.padding import padding
from .picture import difference, picture
from .sets import (
    Blockwise,
    Branches,
    Documents,
    Factorized,
    Grid,
    Interleaved,
    Listed,
    Merged,
    MultiHead,
    Pattern,
    Pooled,
    Shifted,
)

if _typing.TYPE_CHECKING:
    from . import (
        attention,
        cli,
        explorer,
        interop,
        kernels,
        lower,
        paths,
        plot,
        published,
        puzzles,
        selection,
        verify,
    )
    from .attention import attend, attend_backward, attend_with_lse, merge
    from .explorer import Explorer, explore
    from .lower import BSR, CSR, Plan, bsr, csr, dense, density, multiplicity, nnz, plan

__version__ = "0.1.0"

__all__ = [
    "BSR",
    "CSR",
    "Blockwise",
    "Branches",
    "Convention",
    "Documents",
    "Explorer",
    "Factorized",
    "Grid",
    "Interleaved",
    "Listed",
    "Merged",
    "MultiHead",
    "Pattern",
    "Plan",
    "Pooled",
    "SelectionConvention",
    "Shifted",
    "attend",
    "attend_backward",
    "attend_with_lse",
    "attention",
    "bsr",
    "catalogue",
    "cli",
    "conforms",
    "csr",
    "define",
    "dense",
    "density",
    "difference",
    "explore",
    "explorer",
    "interop",
    "kernels",
    "lower",
    "merge",
    "multiplicity",
    "nnz",
    "padding",
    "parse",
    "paths",
    "patterns",
    "picture",
    "plan",
    "plot",
    "published",
    "puzzles",
    "selection",
    "selection_conventions",
    "sets",
    "verify",
    "window_conventions",
]
__all__ += patterns.__all__

_ROOM_OF = {
    **dict.fromkeys(["BSR", "CSR", "Plan"], "lower"),
    **dict.fromkeys(["bsr", "csr", "dense", "density", "multiplicity", "nnz", "plan"], "lower"),
    **dict.fromkeys(["Explorer", "explore"], "explorer"),
    **dict.fromkeys(["attend", "attend_backward", "attend_with_lse", "merge"], "attention"),
}

if not _typing.TYPE_CHECKING:

    def __getattr__(name):
        """Rooms that need numba or matplotlib are opened when they are first asked for."""
        if name not in __all__:
            raise AttributeError(f"module 'sparse_ref' has no attribute {name!r}")
        room = _import_module(f".{_ROOM_OF.get(name, name)}", __name__)
        value = getattr(room, name) if name in _ROOM_OF else room
        globals()[name] = value  # so that the next look finds it
        return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
