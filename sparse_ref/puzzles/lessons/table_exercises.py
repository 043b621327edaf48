"""Exercises of lesson 18, the papers' tables: closed forms of cost."""

from ..kinds import Value
from ..puzzle import Mistake, Puzzle


def merged_fixed_pairs(blocks, l, c):
    """A triangle in each block, and c summaries of each earlier block for each query."""
    own = blocks * l * (l + 1) // 2
    earlier = blocks * (blocks - 1) // 2
    return own + earlier * l * c


def _own_twice(blocks, l, c):
    """Summaries of the own block, as a triangle that is added."""
    return merged_fixed_pairs(blocks, l, c) + blocks * c * (c + 1) // 2


def _square_blocks(blocks, l, c):
    """All pairs of the own block, with the future."""
    return merged_fixed_pairs(blocks, l, c) + blocks * l * (l - 1) // 2


def _both_ways(blocks, l, c):
    """Summaries of later blocks, too."""
    later = blocks * (blocks - 1) // 2
    return merged_fixed_pairs(blocks, l, c) + later * l * c


def draw_blocks(numbers, size):
    """A number of blocks, their length, and how many positions of each are summaries."""
    l = int(numbers.integers(1, 8 * size))
    c = int(numbers.integers(1, l + 1))
    return int(numbers.integers(1, 40)), l, c


MERGED_FIXED_PAIRS = Puzzle(
    number="18.1",
    title="The pairs of merged fixed attention",
    question=(
        "Block(l) | Summary(l, c): the own block up to the query, and the last c positions of "
        "every earlier block. The length is n = blocks * l.\n\nHow many pairs are connected? "
        "Find the closed form."
    ),
    kind=Value(
        draw=draw_blocks,
        examples=(
            (96, 128, 32),
            (1, 4, 1),
            (3, 2, 2),
        ),
    ),
    reference=merged_fixed_pairs,
    hints=(
        "Count the own blocks first: each is a triangle.",
        "A query in block b has b earlier blocks. The sum of 0, 1, ..., m - 1 is m (m - 1) / 2.",
    ),
    mistakes=(
        Mistake(
            "summaries of the own block are counted twice: they are in Block(l) already",
            _own_twice,
        ),
        Mistake("the own block is a triangle, not a square", _square_blocks),
        Mistake("summaries of later blocks are not seen", _both_ways),
        Mistake(
            "the query itself is missing: a triangle with its diagonal is l (l + 1) / 2",
            lambda blocks, l, c: merged_fixed_pairs(blocks, l, c) - blocks * l,
        ),
        Mistake(
            "each of the l queries of a block sees the summaries, not one",
            lambda blocks, l, c: merged_fixed_pairs(blocks, l, 0) + c * blocks * (blocks - 1) // 2,
        ),
        Mistake(
            "the summaries are missing",
            lambda blocks, l, c: blocks * l * (l + 1) // 2,
        ),
    ),
)


def layer_fraction(n, keys, width):
    """The matrices cost 24 width^2 a token, and each key 4 width: divide both by 4 width."""
    matrices = 6 * width
    dense_keys = (n + 1) / 2
    return (matrices + keys) / (matrices + dense_keys)


def _fraction(matrices, keys, dense_keys):
    """(matrices + keys) / (matrices + dense_keys), in units of a key's FLOP."""
    return (matrices + keys) / (matrices + dense_keys)


def draw_layer(numbers, size):
    """A length, fewer keys than it has, and a width."""
    n = int(numbers.integers(64, 4096 * size))
    return n, int(numbers.integers(1, n)), 64 * size


LAYER_FRACTION = Puzzle(
    number="18.2",
    title="A layer's FLOP, as a fraction of the dense layer's",
    question=(
        "A query of a sparse pattern has `keys` keys on average; in dense causal attention of n "
        "tokens it has (n + 1) / 2. A layer of this width has 12 width^2 numbers in its matrices; "
        "a pair costs 2 products of width `width`, over all heads together.\n\nWhich fraction of "
        "the FLOP of the dense layer, forward, does the sparse layer have? A multiplication and an "
        "addition are 2 FLOP."
    ),
    kind=Value(
        draw=draw_layer,
        examples=(
            (12_288, 175, 512),
            (3_072, 137, 512),
        ),
    ),
    reference=layer_fraction,
    hints=(
        "Count per token: the matrices are the same for both.",
        "24 width^2 for the matrices, and 4 width for each key.",
    ),
    mistakes=(
        Mistake(
            "the matrices are missing: this is the fraction of pairs",
            lambda n, keys, width: keys / ((n + 1) / 2),
        ),
        Mistake(
            "dense causal attention has (n + 1) / 2 keys on average, not n",
            lambda n, keys, width: _fraction(6 * width, keys, n),
        ),
        Mistake(
            "a number of a matrix costs 2 FLOP, a multiplication and an addition",
            lambda n, keys, width: layer_fraction(n, keys, width / 2),
        ),
        Mistake(
            "a pair costs two products: q . k, and the weighted value",
            lambda n, keys, width: layer_fraction(n, keys, 2 * width),
        ),
    ),
)


def log_keys(i):
    """The query itself, and one key for each power of two up to i."""
    return 1 + i.bit_length()


def positions():
    """Positions of a query, near and far."""
    from hypothesis import strategies as st

    return st.tuples(st.integers(0, 10**9))


LOG_KEYS = Puzzle(
    number="18.3",
    title="The keys of a LogSparse query",
    question=(
        "Query i of LogSparse attends to itself and to the keys i - 1, i - 2, i - 4, i - 8, ... "
        "that are not negative. How many keys is that? i is an integer from 0."
    ),
    kind=Value(
        examples=(
            (0,),
            (1,),
            (4,),
            (7,),
            (999_999,),
        ),
        arguments=positions,
    ),
    reference=log_keys,
    hints=(
        "List the keys of queries 0, 1, 2, 3, 4 by hand.",
        "How many powers of two are at most i? A loop is right, too; i.bit_length() is shorter.",
    ),
    mistakes=(
        Mistake("the query itself is missing", lambda i: i.bit_length()),
        Mistake("key -1 or lower does not exist", lambda i: 2 + i.bit_length()),
        Mistake(
            "these are the hops from key 0 to query i, not its keys",
            lambda i: 1 + i.bit_count(),
        ),
        Mistake(
            "if i is a power of two, key 0 is at that distance",
            lambda i: 1 + max(i - 1, 0).bit_length(),
        ),
    ),
)

PUZZLES = (MERGED_FIXED_PAIRS, LAYER_FRACTION, LOG_KEYS)
