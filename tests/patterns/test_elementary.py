"""Golden: small matrices of the elementary sets, checked by eye; relations; closed-form counts."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import brute, rule_or_none

import sparse_ref as sr

COUNTED = [
    sr.Full,
    sr.Causal,
    sr.Window,
    sr.Lookback,
    sr.Band,
    sr.Dilated,
    sr.Chunk,
    sr.Global,
    sr.GlobalAt,
    sr.Sinks,
    sr.Prefix,
    sr.Local,
    sr.Strided,
    sr.Block,
    sr.Summary,
    sr.SubBlock,
]
SMALL = st.integers(0, 12)


def notation(parameter):
    """The name of a case is the notation of its pattern; a matrix has none."""
    return repr(parameter) if isinstance(parameter, sr.Pattern) else ""


@pytest.mark.parametrize(
    ("p", "matrix"),
    [
        (
            sr.Dilated(1, 2),
            [[1, 0, 1, 0, 0], [0, 1, 0, 1, 0], [1, 0, 1, 0, 1], [0, 1, 0, 1, 0], [0, 0, 1, 0, 1]],
        ),
        (
            sr.Dilated(2, 1),
            [[1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1], [0, 1, 1, 1, 1], [0, 0, 1, 1, 1]],
        ),
        (
            sr.Chunk(2),
            [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1]],
        ),
        (
            sr.Chunk(3, 1),
            [[1, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 1]],
        ),
        (sr.Global(2), [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 0, 0]]),
        (sr.GlobalAt((0, 3)), [[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]]),
        (sr.Sinks(2), [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]),
        (sr.Prefix(2), [[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]),
        (sr.GlobalAt(()), [[0, 0], [0, 0]]),
        (sr.Global(0), [[0, 0], [0, 0]]),
        (sr.Sinks(9), [[1, 0], [1, 1]]),
        (sr.Prefix(9), [[1, 1], [1, 1]]),
        (sr.Chunk(9), [[1, 1], [1, 1]]),
        (sr.Dilated(0, 9), [[1, 0], [0, 1]]),
    ],
    ids=notation,
)
def test_matrices_by_eye(p, matrix):
    assert brute(p, len(matrix)).tolist() == matrix
    assert sr.dense(p, len(matrix)).tolist() == matrix


@pytest.mark.parametrize(
    ("p", "matrix"),
    [
        (sr.Global(2), [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 0, 0]]),
        (sr.GlobalAt((2,)), [[0, 0, 1, 0], [0, 0, 1, 0], [1, 1, 1, 1]]),
        (sr.Chunk(2, 1), [[1, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]]),
        (sr.Shifted(sr.Chunk(2, 1), -1), [[1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 1, 0]]),
        (sr.Shifted(sr.Global(0), -2), [[1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]]),
    ],
    ids=notation,
)
def test_matrices_of_fewer_queries_than_keys_by_eye(p, matrix):
    assert brute(p, (3, 4)).tolist() == matrix
    assert sr.dense(p, (3, 4)).tolist() == matrix


@given(SMALL, SMALL, st.integers(1, 9), SMALL, st.lists(SMALL, max_size=6))
@example(0, 0, 1, 0, [])
def test_what_they_say_of_one_another(n, count, keys, offset, positions):
    same = [
        (sr.Global(count), sr.GlobalAt(range(count))),
        (sr.Sinks(count), sr.Prefix(count) & sr.Causal()),
        (sr.Chunk(keys) & sr.Causal(), sr.Block(keys)),
        (sr.Chunk(keys), sr.Blockwise(sr.Window(0), keys)),
        (sr.Chunk(keys, offset), sr.Chunk(keys, offset % keys)),
        (sr.Dilated(count, 1), sr.Window(count)),
        (sr.Dilated(count, keys) & sr.Causal(), sr.Strided(keys) & sr.Lookback(count * keys + 1)),
    ]
    for p, q in same:
        assert (brute(p, n) == brute(q, n)).all(), (p, q)
    p = sr.GlobalAt(positions)
    assert p == sr.GlobalAt(sorted(positions, reverse=True) + positions), (
        "any order, repeats dropped"
    )
    assert brute(p, n).tolist() == [
        [i in positions or j in positions for j in range(n)] for i in range(n)
    ]
    assert (brute(p, n) == brute(p, n).T).all()


@pytest.mark.parametrize("rule", COUNTED)
@given(data=st.data())
def test_pairs_counts_the_mask_whatever_is_larger(rule, data):
    """n and each parameter drawn apart: each is smaller, larger, and far larger than the other."""
    n = data.draw(st.integers(0, 40), "n")

    def field(kind, least):
        one = (
            st.integers(-40 if least is None else least, 50)
            | st.integers(least or 0, 4)
            | st.just(10**18)
        )
        return st.lists(one, max_size=4).map(tuple) if kind is tuple else one

    drawn = st.tuples(*[field(*bound) for bound in rule.bounds().values()])
    p = data.draw(
        drawn.map(lambda values: rule_or_none(rule, values)).filter(lambda p: p is not None), "p"
    )
    counted = rule.pairs(n, *p.parameters)
    assert type(counted) is int
    assert counted == brute(p, n).sum()


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        (sr.Window.pairs(10**18, 10**18), 10**36),
        (sr.Band.pairs(10**18, 0, 0), 10**18),
        (sr.Dilated.pairs(10**18, 1, 10**18 - 1), 10**18 + 2),
        (sr.Chunk.pairs(10**18, 10**9, 1), 10**27 - 2 * (10**9 - 1)),
        (sr.Block.pairs(10**18, 10**9), 10**18 * (10**9 + 1) // 2),
        (sr.Strided.pairs(10**18, 10**9), 10**18 * (10**9 + 1) // 2),
        (sr.Summary.pairs(10**18, 10**9, 1), 10**18 * (10**9 - 1) // 2 + 10**9),
        (sr.Summary.pairs(10**18, 10**18, 10**18), 10**18 * (10**18 + 1) // 2),
    ],
)
def test_pairs_are_exact_where_floats_are_not(counted, expected):
    assert counted == expected
