"""The catalogue: every constructor of this library with an example of it.

An example is in the notation of `repr`, with {n} for the length, {s} for its square root, {h} and
{q} for a half and a quarter of it, {m} for one less, so that one text stands for the pattern at
every length.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import isqrt

from ..sets.definitions import first_line, set_and_source
from ..sets.pattern import Pattern
from . import notation

PICTURE_LENGTH = 24


@dataclass(frozen=True)
class Entry:
    """A constructor, an example of it, and a length at which the example draws well."""

    name: str
    example: str
    n: int = PICTURE_LENGTH
    keys: str = ""

    @property
    def family(self) -> str:
        """The name of the file that defines it: a paper, or what the sets have in common."""
        return notation.NAMES[self.name].__module__.rpartition(".")[2]

    @property
    def title(self) -> str:
        """The first line of that file: what the family is."""
        return first_line(sys.modules[notation.NAMES[self.name].__module__])

    @property
    def definition(self) -> tuple[str, str]:
        """(set, source), the first two paragraphs of the definition."""
        return set_and_source(notation.NAMES[self.name])

    def text(self, n: int | None = None) -> str:
        """The example in notation at length n, its own unless given; with {s}, n is a square."""
        n = self.n if n is None else n
        return fill_lengths(self.example, n)

    def shape(self, n: int | None = None) -> tuple[int, int]:
        """(n_q, n_k) of the example; `keys` is the number of keys beyond that of the queries."""
        n = self.n if n is None else n
        return n, n + int(fill_lengths(self.keys, n) or 0)

    def value(self, n: int | None = None):
        """The value of the example: a pattern, steps, branches, or one pattern per head."""
        return notation.read(self.text(n))

    def patterns(self, n: int | None = None) -> tuple[Pattern, ...]:
        """The patterns of the example: itself, its steps, its branches, or those of its heads."""
        value = self.value(n)
        return (value,) if isinstance(value, Pattern) else tuple(value)


def fill_lengths(text: str, n: int) -> str:
    """The text for the length n."""
    root, half, quarter = isqrt(n), n // 2, n // 4
    text = text.replace("{m}", str(n - 1))
    return text.format(n=n, s=root, h=half, q=quarter)


def catalogue() -> tuple[Entry, ...]:
    """Every constructor with an example, family by family.

    >>> import sparse_ref as sr
    >>> [entry.text() for entry in sr.catalogue() if entry.family == "sparse_transformer"]
    ['Local(4)', 'Strided(4)', 'Block(4)', 'Summary(4, 1)', 'strided(4)', 'fixed(4, 1)']
    """
    return ENTRIES


ENTRIES = (
    Entry("Full", "Full()"),
    Entry("Causal", "Causal()"),
    Entry("Window", "Window(3)"),
    Entry("Lookback", "Lookback(4)"),
    Entry("Band", "Band(4, 1)"),
    Entry("Dilated", "Dilated(2, 3)"),
    Entry("Chunk", "Chunk(6)"),
    Entry("Global", "Global(2)"),
    Entry("GlobalAt", "GlobalAt((0, 9, 10))"),
    Entry("Sinks", "Sinks(2)"),
    Entry("Prefix", "Prefix(5)"),
    Entry("Random", "Random({n}, keys=3, seed=0)"),
    Entry("Blockwise", "Blockwise(Strided(2), 4)"),
    Entry("Documents", "Documents(({q}, {h}, {q}), Causal())"),
    Entry("Grid", "Grid(({s}, {s}), (Window(1), Full()))", 25),
    Entry("Shifted", "Shifted(Causal(), {h})", 16, "{h}"),
    Entry("Complete", "Complete(4)"),
    Entry("Started", "Started(4)"),
    Entry("Pooled", "Pooled(Complete(4), 4)"),
    Entry("Local", "Local({s})"),
    Entry("Strided", "Strided({s})"),
    Entry("Block", "Block({s})"),
    Entry("Summary", "Summary({s}, 1)"),
    Entry("strided", "strided({s})"),
    Entry("fixed", "fixed({s}, 1)"),
    Entry("SubBlock", "SubBlock(6, 2, 2)"),
    Entry("openai_fixed", "openai_fixed(8, 2, num_verts=2)"),
    Entry("longformer", "longformer(2, globals=(0, 12))"),
    Entry("longformer_causal", "longformer_causal(3, dilation=2)"),
    Entry("longformer_no_overlap", "longformer_no_overlap(4)"),
    Entry("etc", "etc(3, radius=2)"),
    Entry("longt5_local", "longt5_local(3)"),
    Entry("longt5_tglobal", "longt5_tglobal(2, radius=3)", 20, "2"),
    Entry("bigbird", "bigbird({n}, 2, random=1, seed=0)"),
    Entry("bigbird_google", "bigbird_google({n}, 2, random=1, layer=0, heads=2)"),
    Entry("bigbird_hf", "bigbird_hf({n}, 2, random=1, layer=0, training=False)"),
    Entry("DilatedSegment", "DilatedSegment(12, 3, 1)"),
    Entry("longnet", "longnet((6, 12, 24), (1, 2, 4), head=1, heads=4)"),
    Entry("LogSparse", "LogSparse()"),
    Entry("LogSparseRestart", "LogSparseRestart(9, 2)"),
    Entry("logsparse_local", "logsparse_local(3)"),
    Entry("logsparse_code", "logsparse_code({n}, 12)"),
    Entry("Neighborhood", "Neighborhood({n}, 5, 2, 1)"),
    Entry("CausalNeighborhood", "CausalNeighborhood({n}, 5, 2, 1)"),
    Entry("natten", "natten({n}, 4, dilation=2)"),
    Entry("natten_nd", "natten_nd(({s}, {s}), 3)", 25),
    Entry("axial", "axial(({s}, {s}), 0)", 25),
    Entry("swin", "swin(({s}, {s}), 2, 1)", 25),
    Entry("MemoryBlock", "MemoryBlock(4, 3, 2)"),
    Entry("image_local", "image_local(6, 4)"),
    Entry("image_local_2d", "image_local_2d(({s}, {s}), (2, 3), (1, 2))", 36),
    Entry("streaming", "streaming(3, 6)"),
    Entry("Verticals", "Verticals((0, 5, 6, 15))"),
    Entry("Slashes", "Slashes((0, 1, 4, 11))"),
    Entry("a_shape", "a_shape(3, 5)"),
    Entry("vertical_slash", "vertical_slash((0, 1, 9), (0, 1, 6, 13))"),
    Entry("Circular", "Circular({n}, 4, 2)"),
    Entry("reformer_local", "reformer_local({n}, 4)"),
    Entry("reformer_local_hf", "reformer_local_hf({n}, 4, 3, 3)"),
    Entry("local_attention", "local_attention(4)"),
    Entry("gpt_neo", "gpt_neo(4)"),
    Entry("llama4_chunked", "llama4_chunked(6, padding=3)"),
    Entry("llama4", "llama4(4, interval=2)"),
    Entry("star", "star({m})", 9, "{m}"),
    Entry("Flip", "Flip(4)", 16),
    Entry("butterfly", "butterfly(4)", 16),
    Entry("prefix_lm", "prefix_lm(6)"),
    Entry("block_diffusion", "block_diffusion({h}, 2)"),
    Entry("deepspeed_dense", "deepspeed_dense()", 8),
    Entry("deepspeed_sliding", "deepspeed_sliding(5)", 16),
    Entry("deepspeed_bslongformer", "deepspeed_bslongformer(3, (0, 9))", 16),
    Entry("deepspeed_fixed", 'deepspeed_fixed({n}, 4, 2, "unidirectional")', 16),
    Entry(
        "deepspeed_variable",
        'deepspeed_variable({n}, 1, (2, 4), (0,), None, "unidirectional", seed=1)',
        16,
    ),
    Entry("deepspeed_bigbird", "deepspeed_bigbird({n}, 2, seed=1)", 16),
)
