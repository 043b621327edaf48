"""Kernels over batches: a pattern for each sequence and head, padding, and packed documents. Each
sequence is what it is alone, bit for bit, forward and backward.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged import BUDGET, DTYPES, assert_close, stated
from strategies import mask, patterns, qkv

import sparse_ref as sr
from sparse_ref.attention import inputs
from sparse_ref.attention.documents import documents_of
from sparse_ref.sets import heads_by_pattern, patterns_of_batch

HEADS, GROUPS = 4, 2
PATHS = {
    "tiles": (lambda p, n: p, "cpu"),
    "rows": (sr.csr, "cpu"),
    "reference": (lambda p, n: p, "reference"),
}
every_path = pytest.mark.parametrize("path", PATHS)
INNER = [
    sr.Causal(),
    sr.Full(),
    sr.Local(5) | sr.Strided(7),
    sr.Summary(9, 2),
    sr.Global(2) | sr.Window(3),
]
SINK = np.array([0.3, -np.inf, 2.0, -1.0])


def both_ways(x, pattern, device="cpu", sink=None):
    """[out, lse, dq, dk, dv] of x = (grad, q, k, v)."""
    grad, *vectors = x
    out, lse = sr.attend_with_lse(*vectors, pattern, device=device, sink=sink)
    gradients = sr.attend_backward(grad, *vectors, out, lse, pattern, device=device, sink=sink)
    return [out, lse, *gradients]


def batch_of(n, batch=(), dtype=np.float32, seed=0, d=6, e=5):
    """(grad, q, k, v) drawn from a seed."""
    q, k, v = qkv((n, n), HEADS, GROUPS, d=d, e=e, dtype=dtype, seed=seed, batch=batch)
    return qkv((n, n), HEADS, d=e, dtype=dtype, seed=seed + 1, batch=batch)[0], q, k, v


def assert_same_bits(results, expected):
    for x, right in zip(results, expected):
        assert x.shape == right.shape
        assert np.ascontiguousarray(x).tobytes() == np.ascontiguousarray(right).tobytes()


def rows_of(x, start, length):
    """These rows of arrays (..., H, n, width), or (..., H, n) for the lse."""
    stop = start + length
    return [a[..., start:stop] if t == 1 else a[..., start:stop, :] for t, a in enumerate(x)]


def sequence(x, start, length):
    """These rows of (grad, q, k, v), contiguous."""
    return [np.ascontiguousarray(a[..., start : start + length, :]) for a in x]


@every_path
@pytest.mark.parametrize("n", [12, 130])
def test_each_sequence_and_head_may_have_its_own_pattern(path, n):
    lower, device = PATHS[path]
    x = batch_of(n, batch=(3,))
    drawn = [[INNER[(2 * b + h) % 5] for h in range(HEADS)] for b in range(3)]
    pattern = [[lower(p, n) for p in of_sequence] for of_sequence in drawn]
    results = both_ways(x, pattern, device, SINK)
    for b in range(3):
        alone = both_ways([a[b] for a in x], pattern[b], device, SINK)
        assert_same_bits([a[b] for a in results], alone)


def test_branches_may_differ_from_sequence_to_sequence():
    x = batch_of(40, batch=(2,))
    branches = sr.Branches((sr.Causal(), sr.Lookback(3)))
    pattern = ([branches] * 2 + [sr.Causal()] * 2, [sr.Full(), branches, branches, sr.Full()])
    results = both_ways(x, pattern)
    for b in range(2):
        assert_same_bits([a[b] for a in results], both_ways([a[b] for a in x], pattern[b]))


def test_two_batch_axes_are_two_levels():
    x = batch_of(20, batch=(2, 3))
    pattern = [[[INNER[(a + b + h) % 5] for h in range(4)] for b in range(3)] for a in range(2)]
    results = both_ways(x, pattern)
    for a in range(2):
        for b in range(3):
            alone = both_ways([y[a, b] for y in x], pattern[a][b])
            assert_same_bits([y[a, b] for y in results], alone)


def test_a_flat_sequence_means_heads_in_a_batch_as_large_as_they_are_many():
    x = batch_of(20, batch=(4,))
    results = both_ways(x, INNER[:4])
    assert_same_bits(results, both_ways(x, [INNER[:4]] * 4))
    assert_same_bits([a[1] for a in results], both_ways([a[1] for a in x], INNER[:4]))


def test_equal_patterns_are_lowered_once(monkeypatch):
    lowered = []

    def counting_plan(p, n):
        lowered.append(p)
        return sr.plan(p, n)

    monkeypatch.setattr(inputs, "plan", counting_plan)
    _, *vectors = batch_of(70, batch=(3,))
    rows = [[i // 2] for i in range(70)]
    pattern = [[sr.Listed.of_rows(rows) if h % 2 else sr.Causal() for h in range(4)]] * 2
    pattern.append([sr.Listed.of_rows(rows)] * 4)
    sr.attend(*vectors, pattern)
    assert lowered == [sr.Causal(), sr.Listed.of_rows(rows)]


def test_the_patterns_of_a_batch_are_folded_into_the_heads():
    p, q = sr.Causal(), sr.Full()
    assert patterns_of_batch("pattern", p, (2, 2), 1) == (p,) * 4
    assert patterns_of_batch("pattern", [p, q], (2,), 2) == (p, q, p, q)
    assert patterns_of_batch("pattern", [[p, q], (q, q)], (2,), 2) == (p, q, q, q)
    assert patterns_of_batch("pattern", [[[p], [q]], [[q], [q]]], (2, 2), 1) == (p, q, q, q)
    assert heads_by_pattern([p, q, q, p]) == [(p, (0, 3)), (q, (1, 2))]


P = sr.Causal()


@pytest.mark.parametrize(
    ("pattern", "error", "problem"),
    [
        ([[P] * 4, P], TypeError, r"^pattern\[1\] must be a sequence, as the pattern of a batch"),
        ([P, [P] * 4], TypeError, r"^pattern\[0\] must be a sequence, as the pattern of a batch"),
        ([[P] * 4, [P, 3, P, P]], TypeError, r"^pattern\[1\]\[1\] must be a Pattern, got 3"),
        ([[P] * 4, [P] * 3], ValueError, r"^pattern\[1\] must be one for each of heads = 4, got 3"),
        (
            [[P] * 4] * 3,
            ValueError,
            "^pattern must be one sequence for each of the batch of 2, got 3",
        ),
        ([[P] * 4, [[P]] * 4], TypeError, r"^pattern\[1\]\[0\] must be a Pattern, got"),
        ([[P] * 4, [sr.strided(3)] * 4], TypeError, r"^pattern\[1\]\[0\] strided\(3\) is 2 steps"),
        ([[], []], TypeError, r"^pattern\[0\] must be a Pattern, .*, got \[\]"),
        (
            [P, P],
            ValueError,
            r"^pattern must be one for each of heads = 4, got 2: one for each sequence .* nested",
        ),
    ],
)
def test_bad_patterns_of_a_batch_are_refused_by_their_place(pattern, error, problem):
    _, *vectors = batch_of(8, batch=(2,))
    with pytest.raises(error, match=problem):
        sr.attend(*vectors, pattern)


def test_a_level_too_few_is_refused():
    _, *vectors = batch_of(8, batch=(2, 3))
    with pytest.raises(TypeError, match=r"^pattern\[0\]\[0\] must be a sequence, as the pattern"):
        sr.attend(*vectors, [[P] * 3] * 2)


def test_a_pattern_of_another_length_is_refused_with_its_place():
    _, *vectors = batch_of(8, batch=(2,))
    pattern = [[P] * 4, [P, sr.Listed.of_rows([[0]]), P, P]]
    with pytest.raises(ValueError, match=r"needs n_q = 1, got n_q = 8") as caught:
        sr.attend(*vectors, pattern)
    assert caught.value.__notes__ == ["This is the pattern of head (1, 1) of q, (2, 4)."]


LENGTHS = (0, 3, 16, 17, 64, 65, 100)


@every_path
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("inner", INNER, ids=repr)
def test_a_padded_batch_is_each_sequence_alone(inner, side, path):
    lower, device = PATHS[path]
    n = max(LENGTHS)
    x = batch_of(n, batch=(len(LENGTHS),))
    padded = [[lower(p, n)] * HEADS for p in sr.padding(LENGTHS, n, inner, side=side)]
    results = both_ways(x, padded, device, SINK)
    for b, length in enumerate(LENGTHS):
        start = n - length if side == "left" else 0
        own_x = sequence([a[b] for a in x], start, length)
        own_results = [a[b] for a in results]
        alone = both_ways(own_x, lower(inner, length), device, SINK)
        assert_same_bits(rows_of(own_results, start, length), alone)
        is_padding = np.ones(n, bool)
        is_padding[start : start + length] = False
        out, lse, *gradients = own_results
        assert not out[:, is_padding].any()
        assert (lse[:, is_padding] == SINK[:, None].astype(np.float32)).all()
        assert not any(gradient[:, is_padding].any() for gradient in gradients)


@pytest.mark.parametrize("side", ["left", "right"])
def test_whatever_stands_in_the_padding_moves_nothing(side):
    x = batch_of(40, batch=(2,))
    padded = [[p] * HEADS for p in sr.padding((25, 40), 40, sr.Causal(), side=side)]
    results = both_ways(x, padded)
    is_padding = slice(15) if side == "left" else slice(25, 40)
    poisoned = [a.copy() for a in x]
    for a in poisoned:
        a[0, :, is_padding] = np.nan
    assert_same_bits(both_ways(poisoned, padded), results)


@every_path
@pytest.mark.parametrize("inner", INNER, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_packed_documents_are_each_alone(inner, dtype, path):
    lower, device = PATHS[path]
    lengths = (3, 70, 0, 16, 70, 17, 1, 64)
    x = batch_of(sum(lengths), batch=(2,), dtype=dtype)
    cu_seqlens = np.cumsum([0, *lengths])
    packed = sr.Documents.of_cu_seqlens(cu_seqlens, inner)
    results = both_ways(x, lower(packed, sum(lengths)), device, SINK)
    for start, length in zip(cu_seqlens, lengths):
        alone = both_ways(sequence(x, start, length), lower(inner, length), device, SINK)
        assert_same_bits(rows_of(results, start, length), alone)


@pytest.mark.parametrize("dtype", DTYPES)
def test_packed_documents_of_other_heads_add_to_shared_keys_as_they_do_alone(dtype):
    lengths = (30, 70, 30)
    inner = [sr.Causal(), sr.Full(), sr.Causal(), sr.Strided(3)]
    x = batch_of(130, dtype=dtype, d=16, e=16)
    results = both_ways(x, [sr.Documents(lengths, p) for p in inner])
    for start, length in zip((0, 30, 100), lengths):
        alone = both_ways(sequence(x, start, length), inner)
        assert_same_bits(rows_of(results, start, length), alone)


@given(
    patterns(leaves=3),
    st.lists(st.integers(0, 40), min_size=1, max_size=4),
    st.sampled_from(DTYPES),
    st.integers(0, 99),
)
def test_packed_documents_agree_with_the_statement(inner, lengths, dtype, seed):
    p, n = sr.Documents(lengths, inner), sum(lengths)
    grad, q, k, v = batch_of(n, dtype=dtype, seed=seed)
    out, lse, *gradients = both_ways((grad, q, k, v), p)
    expected = stated(q, k, v, p, (n, n))
    assert_close(out, expected[0], BUDGET[out.dtype.name])
    assert_close(lse, expected[1], max(BUDGET[lse.dtype.name], BUDGET["float64"]))
    wide = [a.astype(np.float64) for a in (grad, q, k, v, out, lse)]
    exact = sr.attend_backward(*wide, p, device="reference")
    for gradient, right in zip(gradients, exact):
        assert_close(gradient, right, 4 * BUDGET[gradient.dtype.name])


@given(
    st.lists(st.integers(0, 9), max_size=4),
    st.integers(0, 20),
    st.sampled_from([None, sr.Causal(), sr.Strided(2)]),
    st.booleans(),
)
def test_documents_before_or_after_a_border_are_documents(lengths, count, inner, is_before):
    """Each pair of the pattern is in one of the pieces, and no other; or there are none."""
    documents = sr.Documents(lengths, inner)
    p = documents & sr.Global(count) if is_before else documents - sr.Global(count)
    n = sum(lengths)
    pieces = documents_of(p, (n, n))
    if count not in np.cumsum([0, *lengths]):
        assert pieces is None
        return
    expected = np.zeros((n, n), bool)
    for starts, length, sets in pieces:
        for start in starts:
            stop = start + length
            expected[start:stop, start:stop] = mask(sets, length)
    assert expected.tolist() == mask(p, n).tolist()


@pytest.mark.parametrize(
    ("p", "n"),
    [
        (sr.Documents((30, 40), sr.Causal()) & sr.Global(20), (70, 70)),
        (sr.Documents((30, 40), sr.Causal()) - sr.Global(31), (70, 70)),
        (sr.Documents((30, 40), sr.Causal()) & sr.Strided(3), (70, 70)),
        (sr.Documents((30, 40), sr.Causal()) | sr.Global(30), (70, 70)),
        (sr.Documents((30, 40), sr.Causal()), (50, 70)),
        (sr.Documents((), sr.Causal()), (0, 0)),
    ],
    ids=repr,
)
def test_what_is_not_whole_documents_agrees_with_the_statement(p, n):
    q, k, v = qkv(n, HEADS, GROUPS)
    out, lse = sr.attend_with_lse(q, k, v, p)
    expected = stated(q, k, v, p, n)
    assert_close(out, expected[0], BUDGET["float32"])
    assert_close(lse, expected[1], BUDGET["float32"])


def test_documents_in_documents_are_each_alone():
    inner = sr.Documents((10, 20), sr.Causal())
    x = batch_of(60)
    results = both_ways(x, sr.Documents((30, 30), inner))
    for start, length in ((0, 10), (10, 20), (30, 10), (40, 20)):
        alone = both_ways(sequence(x, start, length), sr.Causal())
        assert_same_bits(rows_of(results, start, length), alone)


def test_a_document_that_needs_float64_gets_it_and_leaves_the_others():
    lengths = (30, 70)
    x = batch_of(100)
    _, q, _, v = x
    v[:, :30] *= np.float32(1e38) / np.abs(v[:, :30]).max()
    q[:, :30] *= np.float32(1e-30)
    results = both_ways(x, sr.Documents(lengths, sr.Full()))
    assert np.isfinite(results[0]).all()
    for start, length in zip((0, 30), lengths):
        alone = both_ways(sequence(x, start, length), sr.Full())
        assert_same_bits(rows_of(results, start, length)[:2], alone[:2])


def test_the_own_length_of_documents_is_that_of_the_keys():
    _, *vectors = batch_of(8)
    with pytest.raises(ValueError, match=r"is stated for n = 7, got n = 8"):
        sr.attend(*vectors, sr.Documents((3, 4)))
