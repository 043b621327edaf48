"""Exercises of lesson 18, the papers' tables: closed forms of cost."""

from ..kinds import Value
from ..puzzle import Mistake, Puzzle


def merged_fixed_pairs(blocks, l, c):
    """A triangle in each block, and c summaries of each earlier block for each query."""
    own = blocks * l * (l + 1) // 2
    earlier = blocks * (blocks - 1) // 2
    return own + earlier * l * c


def blocks_and_summaries():
    """Numbers of blocks, their length, and how many of each are summaries."""
    from hypothesis import strategies as st

    lengths = st.integers(1, 40)
    sizes = lengths.flatmap(lambda l: st.tuples(st.just(l), st.integers(1, l)))
    return st.tuples(st.integers(1, 40), sizes).map(lambda x: (x[0], *x[1]))


MERGED_FIXED_PAIRS = Puzzle(
    number="18.1",
    title="The pairs of merged fixed attention",
    question=(
        "Block(l) | Summary(l, c): the own block up to the query, and the last c positions of "
        "every earlier block. The length is n = blocks * l.\n\nHow many pairs are connected? "
        "Find the closed form."
    ),
    kind=Value(examples=((96, 128, 32), (1, 4, 1), (3, 2, 2)), arguments=blocks_and_summaries),
    reference=merged_fixed_pairs,
    hints=(
        "Count the own blocks first: each is a triangle.",
        "A query in block b has b earlier blocks. The sum of 0, 1, ..., m - 1 is m (m - 1) / 2.",
    ),
    mistakes=(
        Mistake(
            "summaries of the own block are counted twice: they are in Block(l) already",
            lambda blocks, l, c: (
                blocks * (l * (l + 1) + c * (c + 1)) // 2 + blocks * (blocks - 1) // 2 * l * c
            ),
        ),
        Mistake(
            "the own block is a triangle, not a square",
            lambda blocks, l, c: blocks * l * l + blocks * (blocks - 1) // 2 * l * c,
        ),
        Mistake(
            "summaries of later blocks are not seen",
            lambda blocks, l, c: blocks * l * (l + 1) // 2 + blocks * (blocks - 1) * l * c,
        ),
        Mistake(
            "the summaries are missing",
            lambda blocks, l, c: blocks * l * (l + 1) // 2,
        ),
    ),
)


def layer_fraction(n, keys, width):
    """The matrices cost 24 width^2 a token, and each pair 4 width."""
    matrices = 24 * width**2
    dense_keys = (n + 1) / 2
    return (matrices + 4 * width * keys) / (matrices + 4 * width * dense_keys)


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
    kind=Value(draw=draw_layer, examples=((12_288, 175, 512), (3_072, 137, 512))),
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
            lambda n, keys, width: (6 * width + keys) / (6 * width + n),
        ),
        Mistake(
            "a number of a matrix costs 2 FLOP, a multiplication and an addition",
            lambda n, keys, width: (3 * width + keys) / (3 * width + (n + 1) / 2),
        ),
        Mistake(
            "a pair costs two products: q . k, and the weighted value",
            lambda n, keys, width: (12 * width + keys) / (12 * width + (n + 1) / 2),
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
    kind=Value(examples=((0,), (1,), (4,), (7,), (999_999,)), arguments=positions),
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
