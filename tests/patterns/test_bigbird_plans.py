"""Definition: what the plans of BigBird's codes may draw, and what they drew."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sparse_ref.patterns.bigbird_plans import focus_plan, range_plan

SEEDS = st.integers(0, 50)
RANGED = [
    [[5, 3], [5, 6], [6, 5], [1, 2], [2, 7], [1, 4], [2, 3], [2, 1], [1, 5], [2, 7]],
    [[6, 3], [6, 5], [5, 1], [2, 6], [2, 7], [2, 1], [4, 5], [3, 2], [6, 3], [2, 4]],
]
FOCUSED = [[8, 4, 10], [10, 12, 6], [12, 8, 7], [2, 5, 8]]


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 9), SEEDS)
def test_drawn_by_ranges_random_blocks_are_new_ones_among_the_first(random, block, more, layer):
    n = (2 * random + 5 + more) * block
    for plan in range_plan(n, block, random, layer, heads=2):
        for row, chosen in enumerate(plan.tolist(), 1):
            assert len(set(chosen)) == random
            assert not {0, row - 1, row, row + 1, n // block - 1} & set(chosen)
            assert max(chosen) < 2 * random + 5 - 1


@given(
    st.sampled_from([1024, 2048, 3072, 4096]),
    st.sampled_from([32, 64, 128]),
    st.integers(1, 3),
    SEEDS,
)
def test_at_the_paper_s_lengths_random_blocks_lie_in_the_first_1024_positions(
    n, block, random, layer
):
    plan, total = focus_plan(n, block, random, layer, heads=2), 4096 // block
    assert plan.shape == (2, n // block - 2, random)
    assert plan.min() >= 1
    assert plan.max() < 1024 // block
    for row in range(1, n // block - 1):
        near = np.abs(plan[:, row - 1] - row) <= 1
        assert not near.any() or row >= total - 3


def test_the_last_two_rows_of_4096_choose_in_their_window_too():
    """Where 1024 positions reach up to them: two of 8 blocks."""
    rows = np.array([focus_plan(4096, 512, 3, layer, 1)[0] for layer in range(40)])
    near = [(np.abs(rows[:, row - 1] - row) <= 1).any() for row in range(1, 7)]
    assert near == [False, False, False, False, True, True]


def test_draws_are_those_of_numpy_s_legacy_generator():
    """Written down from a run, so that another NumPy has to draw them too."""
    assert range_plan(12, 1, 2, 7, 2).tolist() == RANGED
    assert focus_plan(1024, 64, 3, 5, 1)[0, [0, 1, 2, 13]].tolist() == FOCUSED


def test_the_global_generator_of_numpy_stays_where_it_is():
    before = np.random.get_state(legacy=False)  # noqa: NPY002
    range_plan(20, 1, 2, 3, 2), focus_plan(1024, 64, 3, 3, 1)
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    assert before["state"]["pos"] == after["state"]["pos"]
    assert (before["state"]["key"] == after["state"]["key"]).all()
