"""State the set, from a picture: strides, blocks and documents."""

import sparse_ref as sr

from ...define import span
from ..kinds import Formula
from ..puzzle import Mistake, Puzzle


def every_third(i, j):
    """The distance is a multiple of three."""
    return (j <= i) & ((i - j) % 3 == 0)


def own_block(i, j):
    """j // 4 is the number of key j's block."""
    return (j <= i) & (j // 4 == i // 4)


def _own_block_runs(i, n):
    """The block of query i begins at i // 4 * 4."""
    return span(i // 4 * 4, i + 1)


def block_ends(i, j):
    """The last key of each block of four is 3, 7, 11, ..."""
    return (j <= i) & (j % 4 == 3)


def whole_blocks(i, j):
    """Both are in the block of one number."""
    return i // 4 == j // 4


def _whole_blocks_runs(i, n):
    """The block of query i begins at i // 4 * 4 and has four keys."""
    return span(i // 4 * 4, i // 4 * 4 + 4)


def three_documents(i, j):
    """The borders 5 and 9 must not lie between j and i."""
    return (j <= i) & ((i < 5) == (j < 5)) & ((i < 9) == (j < 9))


def _three_documents_runs(i, n):
    """A document begins at 0, at 5 or at 9; True counts as 1."""
    return span(5 * (i >= 5) + 4 * (i >= 9), i + 1)


PUZZLES = (
    Puzzle(
        number="4",
        title="Every third key back",
        question=(
            "Each query attends to itself and to every third key before it: i, i - 3, i - 6 and "
            "so on."
        ),
        kind=Formula(pattern=lambda: sr.Strided(3)),
        reference=every_third,
        hints=(
            "Which distances i - j are filled?",
            "% is the remainder of a division: 6 % 3 == 0.",
        ),
        mistakes=(
            Mistake(
                "later keys are included: a multiple of three may be negative",
                lambda i, j: (i - j) % 3 == 0,
            ),
            Mistake(
                "fixed keys 0, 3, 6, ...: the key counts, not the distance",
                lambda i, j: (j <= i) & (j % 3 == 0),
            ),
            Mistake(
                "every second key: the stride is one too short",
                lambda i, j: (j <= i) & ((i - j) % 2 == 0),
            ),
            Mistake(
                "the query itself is missing",
                lambda i, j: (j < i) & ((i - j) % 3 == 0),
            ),
        ),
    ),
    Puzzle(
        number="5",
        title="The own block",
        question=(
            "The sequence is cut into blocks of four: keys 0 to 3, 4 to 7, and so on. Each query "
            "attends to the keys of its own block, up to itself."
        ),
        kind=Formula(runs=_own_block_runs, pattern=lambda: sr.Block(4)),
        reference=own_block,
        hints=(
            "What have 4, 5, 6 and 7 in common, when they are divided by 4?",
            "// divides and rounds down: it numbers the blocks.",
        ),
        mistakes=(
            Mistake(
                "later keys of the block are included: j <= i is missing",
                lambda i, j: i // 4 == j // 4,
            ),
            Mistake(
                "no right edge: all keys from the start of the block on are included",
                lambda i, j: j >= i // 4 * 4,
            ),
            Mistake(
                "a sliding window: four keys for each query, whatever its block is",
                lambda i, j: (i - 4 < j) & (j <= i),
            ),
            Mistake(
                "% in place of //: equal places in blocks, not equal blocks",
                lambda i, j: (j <= i) & (j % 4 == i % 4),
            ),
            Mistake(
                "blocks of three: one key too short",
                lambda i, j: (j <= i) & (j // 3 == i // 3),
            ),
        ),
    ),
    Puzzle(
        number="6",
        title="The last key of every block",
        question=(
            "The last key of each block of four stands for its block. Each query attends to all "
            "of these, up to itself; the first three queries attend to nothing."
        ),
        kind=Formula(pattern=lambda: sr.Summary(4)),
        reference=block_ends,
        hints=(
            "The filled columns are 3, 7 and 11.",
            "These keys have one remainder when they are divided by 4.",
        ),
        mistakes=(
            Mistake(
                "the first key of each block: 0, 4, 8",
                lambda i, j: (j <= i) & (j % 4 == 0),
            ),
            Mistake("later blocks are included: j <= i is missing", lambda i, j: j % 4 == 3),
            Mistake(
                "distances in place of keys: these are strided",
                lambda i, j: (j <= i) & ((i - j) % 4 == 3),
            ),
            Mistake(
                "a block's last query does not see its own key",
                lambda i, j: (j < i) & (j % 4 == 3),
            ),
        ),
    ),
    Puzzle(
        number="7",
        title="Blocks, both ways",
        question=(
            "Each query attends to all of its block of four, later keys included. At a length "
            "that is no multiple of four the last block is shorter."
        ),
        kind=Formula(runs=_whole_blocks_runs, pattern=lambda: sr.Chunk(4)),
        reference=whole_blocks,
        hints=(
            "It is the own block, without one of its conditions.",
            "The number of a block is i // 4.",
        ),
        mistakes=(
            Mistake(
                "only the past of the block: later keys are missing",
                lambda i, j: (j <= i) & (i // 4 == j // 4),
            ),
            Mistake(
                "a window to both sides: it does not stop at the edges of a block",
                lambda i, j: abs(i - j) < 4,
            ),
            Mistake("blocks of three: one key too short", lambda i, j: i // 3 == j // 3),
        ),
    ),
    Puzzle(
        number="10",
        title="Documents of 5, 4 and 3",
        question=(
            "Three documents of 5, 4 and 3 tokens are packed into one sequence of 12. Each query "
            "attends to the keys of its own document, up to itself."
        ),
        kind=Formula(
            lengths=(12,),
            drawn_lengths=(),
            runs=_three_documents_runs,
            pattern=lambda: sr.Documents((5, 4, 3), sr.Causal()),
        ),
        reference=three_documents,
        hints=(
            "Documents begin at 0, 5 and 9: query and key are on the same side of each border.",
            "(i < 5) == (j < 5) says that 5 is no border between them.",
        ),
        mistakes=(
            Mistake("causal: documents see the ones before them", lambda i, j: j <= i),
            Mistake(
                "later tokens of the document are included",
                lambda i, j: ((i < 5) == (j < 5)) & ((i < 9) == (j < 9)),
            ),
            Mistake(
                "blocks of four: the documents have other lengths",
                lambda i, j: (j <= i) & (i // 4 == j // 4),
            ),
            Mistake(
                "the last two documents are one: the border at 9 is missing",
                lambda i, j: (j <= i) & ((i < 5) == (j < 5)),
            ),
        ),
    ),
)
