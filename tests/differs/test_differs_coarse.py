"""One test for each row of docs/differs.md on coarse keys and hierarchies."""

import numpy as np
from layer_checks import arrays
from strategies import mask

from sparse_ref.published import HTransformer1D, package_level_sets


def test_mean_queries_of_a_causal_h_transformer_see_the_future():
    q, k, v = arrays(16)
    moved = q.copy()
    moved[:, 15] += 1
    for coarse_query, leaks in (None, False), ("first", False), ("mean", True):
        layer = HTransformer1D(2, True, coarse_query)
        change = np.abs(layer(moved, k, v) - layer(q, k, v))
        assert (change[:, :15].max() > 1e-3) == leaks


def test_flaxformer_fades_rows_far_below_its_greatest_logit():
    layer, (q, k, v) = HTransformer1D(2, scale=1.0), arrays(8, heads=1, groups=1)
    q[0, 0] = 0
    k[0, 7] = 30 * q[0, 6] / (q[0, 6] @ q[0, 6])  # the logit of row 6 and key 7 is 30
    exact, faded = layer(q, k, v), layer.flaxformer_output(q, k, v)
    assert np.abs(exact[0, 0]).max() > 0.01
    assert np.abs(faded[0, 0]).max() < 1e-10
    np.testing.assert_allclose(faded[0, 6], exact[0, 6])


def union(levels, n):
    return np.any([mask(p, n) for p in levels], axis=0)


def test_the_package_h_transformer_has_siblings_for_neighbours():
    n = 32
    package = union(package_level_sets(n, 4), n)
    assert union(HTransformer1D(4).level_sets(n), n).all()
    assert not package[:16, 16:].any()
    assert not package[16:, :16].any()
    near = mask(package_level_sets(n, 4)[0], n) | mask(package_level_sets(n, 4)[1], n)
    assert near[3, 4]
    assert not near[7, 8]
    assert mask(HTransformer1D(4).level_sets(n)[0], n)[7, 8]


def test_the_causal_package_h_transformer_misses_most_of_the_past():
    n = 64
    past = np.tril(np.ones((n, n), bool))
    assert np.array_equal(union(HTransformer1D(4, causal=True).level_sets(n), n), past)
    package = union(package_level_sets(n, 4, causal=True), n)
    assert not (package & ~past).any()
    assert (past & ~package).sum() == 1536
    assert past.sum() == 2080
