"""The layers of the index family against their sums in float64, their gradients against slopes, and
a future that moves nothing, bit for bit.
"""

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.published import csa, dsa, hca, indexshare, kpool, msa, qsa
from sparse_ref.published.index.entries import check_entries

H, G, D = 4, 2, 6  # query heads, key heads, width
KEYS = {"top_k": 3}
POOLS = {"top_k": 6, "block": 3}
ENTRIES = {"top_k": 2, "block": 3, "keys": 4}


def normal(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return lambda *shape: rng.standard_normal(shape).astype(dtype)


class Case:
    """One method on arrays over n tokens: what it is called with, and its sets."""

    def __init__(self, method, index, **options):
        self.method, self.index, self.options = method, index, options

    def arrays(self, n, dtype=np.float64, seed=0):
        """(q, k, v, *index), all over tokens."""
        draw = normal(seed, dtype)
        tokens = draw(H, n, D), draw(G, n, D), draw(G, n, 5)
        return *tokens, *(draw(*(size if size else n for size in shape)) for shape in self.index)

    def out(self, q, k, v, *index):
        return self.method.attention(q, k, v, self.used(index), **self.options)

    def sets(self, *index):
        sizes = {name: value for name, value in self.options.items() if name != "scale"}
        chosen = self.method.sets(*self.used(index), **sizes)
        return msa.sets_of_heads(chosen, H) if self.method is msa else chosen

    def used(self, index):
        """QSA takes keys of blocks: here the means."""
        if self.method is not qsa:
            return index
        q, k = index
        return q, sr.selection.mean_pool(k, self.options["block"])

    def __repr__(self):
        options = "".join(f", {name}={value}" for name, value in self.options.items())
        return self.method.__name__.rpartition(".")[2] + options


Q, K, W = (3, 0, D), (0, D), (0, 3)  # 0 stands for n
CASES = [
    Case(dsa, (Q, K, W), **KEYS),
    Case(dsa, (Q, K, W), top_k=0),
    Case(dsa, (Q, K, W), top_k=99, scale=0.7),
    Case(kpool, (Q, K, W, K), **POOLS),
    Case(kpool, (Q, K, W, K), **POOLS, tail=False),
    Case(qsa, (Q, K), **POOLS),
    Case(msa, ((2, 0, D), K), top_k=2, block=3),
    Case(msa, ((4, 0, D), K), top_k=2, block=3, local=2),
    Case(msa, ((1, 0, D), K), top_k=1, block=3, local=0),
]


def stated(q, k, v, rows, scale, sink=None):
    """softmax over the keys of each row of each head, in float64; 0 for an empty row."""
    out = np.zeros((*q.shape[:2], v.shape[2]))
    for h, i in np.ndindex(q.shape[:2]):
        g = h * len(k) // len(q)
        keys = rows[h][i]
        weights = np.exp(scale * (k[g, keys] @ q[h, i]))
        extra = 0 if sink is None else np.exp(sink[h])
        if len(keys):
            out[h, i] = weights @ v[g, keys] / (weights.sum() + extra)
    return out


def rows_of_heads(p, n, m):
    patterns = p if isinstance(p, tuple) else (p,) * H
    return [[p.row(i, m) for i in range(n)] for p in patterns]


@pytest.mark.parametrize("case", CASES, ids=repr)
@pytest.mark.parametrize("n", [0, 1, 2, 11])
def test_a_layer_is_its_sum(case, n):
    q, k, v, *index = case.arrays(n)
    rows = rows_of_heads(case.sets(*index), n, n)
    expected = stated(q, k, v, rows, case.options.get("scale", D**-0.5))
    np.testing.assert_allclose(case.out(q, k, v, *index), expected, atol=1e-12)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_arrays_of_two_axes_are_one_head(case):
    q, k, v, *index = case.arrays(7)
    if case.method is msa:
        index[0] = index[0][:1]
    whole = case.out(q[:1], k[:1], v[:1], *index)
    assert (case.out(q[0], k[0], v[0], *index) == whole[0]).all()


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_the_future_moves_nothing(case):
    n = 13
    before = case.arrays(n, np.float32)
    out = case.out(*before)
    for first in (1, 5, 6, 12):
        after = [x.copy() for x in before]
        for x, other in zip(after, case.arrays(n, np.float32, seed=1)):
            token_axis = x.shape.index(n)
            late = (slice(None),) * token_axis + (slice(first, None),)
            x[late] = other[late]
        moved = case.out(*after)
        assert moved[:, :first].tobytes() == out[:, :first].tobytes()
        if case.options["top_k"]:
            assert (moved[:, first:] != out[:, first:]).any()


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_gradients_are_slopes_with_the_sets_constant(case):
    n = 9
    q, k, v, *index = case.arrays(n)
    draw = normal(2)
    grad_out, chosen = draw(H, n, 5), case.sets(*index)
    scale = case.options.get("scale")
    gradients = case.method.backward(grad_out, q, k, v, case.used(index), **case.options)
    assert_slopes(
        lambda *arrays: (grad_out * sr.attend(*arrays, chosen, scale=scale)).sum(),
        (q, k, v),
        gradients,
    )


def assert_slopes(total, arrays, gradients):
    """The gradient at each array, along one direction at random, by central differences."""
    draw = normal(3)
    for place, gradient in enumerate(gradients):
        assert gradient.shape == arrays[place].shape
        direction = draw(*arrays[place].shape)
        ends = []
        for step in (1e-5, -1e-5):
            moved = list(arrays)
            moved[place] = arrays[place] + step * direction
            ends.append(total(*moved))
        slope = (ends[0] - ends[1]) / 2e-5
        np.testing.assert_allclose((gradient * direction).sum(), slope, atol=1e-7, rtol=1e-6)


def test_a_shared_layer_is_attention_over_the_set_of_the_full_one():
    q, k, v, *index = CASES[0].arrays(8)
    first, second = indexshare.sets([tuple(index), None], **KEYS)
    full = dsa.attention(q, k, v, tuple(index), **KEYS)
    assert (indexshare.attention(q, k, v, second) == full).all()
    assert first is second
    grads = indexshare.backward(full, q, k, v, second)
    expected = dsa.backward(full, q, k, v, tuple(index), **KEYS)
    assert all((x == y).all() for x, y in zip(grads, expected, strict=True))


def v4_arrays(n, dtype=np.float64, seed=0):
    """q, kv, vectors and gates of entries, sink; q, w, vectors and gates of the indexer."""
    draw = normal(seed, dtype)
    layer = draw(H, n, D), draw(n, D), draw(n, 2 * D), draw(n, 2 * D), draw(H)
    return *layer, draw(3, n, D), draw(n, 3), draw(n, 2 * D), draw(n, 2 * D)


def csa_layer(q, kv, vectors, gates, sink, index_q, index_w, index_vectors, index_gates):
    """CSA from what is over tokens: entries without norm and rotation."""
    entries = csa.pool(vectors, gates, block=3)
    index_k = csa.pool(index_vectors, index_gates, block=3)
    index = index_q, index_k, index_w
    return csa.attention(q, kv, entries, index, sink, **ENTRIES)


def hca_layer(q, kv, vectors, gates, sink, *_):
    entries = hca.pool(vectors[:, :D], gates[:, :D], block=3)
    return hca.attention(q, kv, entries, sink, block=3, keys=4)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 11])
def test_tokens_entries_and_a_sink_are_one_softmax(n):
    draw = normal(4)
    m = n // 3
    q, kv, entries, sink = draw(H, n, D), draw(n, D), draw(m, D), draw(H)
    index = draw(3, n, D), draw(m, D), draw(n, 3)
    both = np.concatenate([kv, entries])[None]
    outputs = [
        (hca.sets(block=3, keys=4), hca.attention(q, kv, entries, sink, block=3, keys=4)),
        (csa.sets(*index, **ENTRIES), csa.attention(q, kv, entries, index, sink, **ENTRIES)),
    ]
    for (window, chosen), out in outputs:
        rows = [np.concatenate([window.row(i, n), n + chosen.row(i, m)]) for i in range(n)]
        expected = stated(q, both, both, [rows] * H, D**-0.5, sink)
        np.testing.assert_allclose(out, expected, atol=1e-12)


@pytest.mark.parametrize("layer", [csa_layer, hca_layer])
def test_the_future_moves_no_entry_that_is_seen(layer):
    n = 14
    before = v4_arrays(n, np.float32)
    out = layer(*before)
    for first in (1, 5, 6, 13):
        after = [x.copy() for x in before]
        for x, other in zip(after, v4_arrays(n, np.float32, seed=1)):
            if n in x.shape:  # not the sink
                late = (slice(None),) * x.shape.index(n) + (slice(first, None),)
                x[late] = other[late]
        moved = layer(*after)
        assert moved[:, :first].tobytes() == out[:, :first].tobytes()
        assert (moved[:, first:] != out[:, first:]).any()


@pytest.mark.parametrize("method", [csa, hca])
def test_gradients_over_tokens_and_entries_are_slopes(method):
    n, m = 10, 3
    draw = normal(5)
    arrays = draw(H, n, D), draw(n, D), draw(m, D), draw(H)
    grad_out = draw(H, n, D)
    index = draw(3, n, D), draw(m, D), draw(n, 3)
    if method is hca:
        chosen = hca.sets(block=3, keys=4)

        def out(q, kv, entries, sink):
            return hca.attention(q, kv, entries, sink, block=3, keys=4)

    else:
        chosen = csa.sets(*index, **ENTRIES)

        def out(q, kv, entries, sink):
            return csa.attention(q, kv, entries, index, sink, **ENTRIES)

    gradients = method.backward(grad_out, *arrays, chosen)
    assert_slopes(lambda *moved: (grad_out * out(*moved)).sum(), arrays, gradients)


@pytest.mark.parametrize(("method", "width"), [(csa, 2 * D), (hca, D)])
@pytest.mark.parametrize(("n", "block"), [(0, 3), (2, 3), (3, 3), (10, 3), (3, 1)])
def test_gradients_of_pools_are_slopes(method, width, n, block):
    draw = normal(6)
    kv, gates = draw(n, width), draw(n, width)
    grad = draw(n // block, D)
    gradients = method.pool_backward(grad, kv, gates, block=block)
    assert_slopes(
        lambda kv, gates: (grad * method.pool(kv, gates, block=block)).sum(),
        (kv, gates),
        gradients,
    )


@pytest.mark.parametrize("n", [2, 3, 7, 12])
def test_an_entry_is_what_it_pools(n):
    """By perturbation: entry e of HCA hears its own block, of CSA the one before it, too."""
    draw = normal(7)
    kv, gates = draw(n, 2), draw(n, 2)
    heard = {hca: [], csa: []}
    for method in heard:
        pools = method.pool(kv, gates, block=3)
        assert len(pools) == n // 3
        for j in range(n):
            moved = kv.copy()
            moved[j] += 1
            changed = (method.pool(moved, gates, block=3) != pools).any(axis=1)
            heard[method].append(np.flatnonzero(changed).tolist())
    full = n // 3
    assert heard[hca] == [[j // 3] if j // 3 < full else [] for j in range(n)]
    assert heard[csa] == [
        [e for e in (j // 3, j // 3 + 1) if e < full] if j // 3 < full else [] for j in range(n)
    ]


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.method in (kpool, msa, qsa)], ids=repr
)
def test_an_indexer_of_more_queries_is_refused(case):
    q, k, v, *index = case.arrays(9)
    tokens = q[:, :6], k[:, :6], v[:, :6]
    with pytest.raises(ValueError, match="index must have queries for the n = 6 of q, got 9"):
        case.out(*tokens, *index)


class OnlyDlpack:
    """An array that has no `__array__`, as tensors of some libraries."""

    def __init__(self, array):
        self.array = array

    @property
    def shape(self):
        return self.array.shape

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_arrays_cross_by_dlpack_and_masks_are_not_dropped(case):
    arrays = case.arrays(7)
    out = case.out(*arrays)
    used = case.used(arrays[3:])
    crossed = [OnlyDlpack(x) for x in (*arrays[:3], *used)]
    again = case.method.attention(*crossed[:3], crossed[3:], **case.options)
    assert np.array_equal(out, again)
    masked = np.ma.array(arrays[0], mask=True)
    with pytest.raises(TypeError, match="q must not be a masked array"):
        case.method.attention(masked, *arrays[1:3], used, **case.options)


def test_what_does_not_fit_is_refused():
    draw = normal(8)
    q, kv, sink = draw(H, 7, D), draw(7, D), draw(H)
    with pytest.raises(ValueError, match="= 2 full blocks of n = 7 tokens, block = 3, got 3"):
        check_entries(q, draw(3, D), 3)
    with pytest.raises(ValueError, match="full blocks"):
        hca.attention(q, kv, draw(1, D), sink, block=3, keys=2)
    with pytest.raises(ValueError, match=r"sink must have shape"):
        hca.attention(q, kv, draw(2, D), sink[:2], block=3, keys=2)
    with pytest.raises(ValueError, match=r"kv must have shape \(m, d\), one head for all"):
        hca.attention(q, kv[None], draw(2, D), sink, block=3, keys=2)
    with pytest.raises(ValueError, match=r"kv must have shape \(n, 2 d\), got \(7, 3\)"):
        csa.pool(draw(7, 3), draw(7, 3), block=3)
    with pytest.raises(ValueError, match="kv and gates must have one shape"):
        hca.pool(draw(7, 3), draw(7, 1), block=3)


@pytest.mark.parametrize("method", [csa, hca])
def test_a_gate_far_above_the_others_takes_its_token(method):
    kv = np.arange(12.0).reshape(6, 2)
    gates = np.zeros((6, 2))
    gates[[1, 4]] = 1e4
    width = 1 if method is csa else 2
    assert method.pool(kv, gates, block=3).tolist() == [
        kv[1, -width:].tolist(),
        kv[4].tolist() if method is hca else [(kv[1, 0] + kv[4, 1]) / 2],
    ]
