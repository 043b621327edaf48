"""Originals: BigBird of Hugging Face transformers, its draws and its attention, against plans and
multisets.

Google's code needs TensorFlow. Its draws are those of the functions here, so that its plan for 2048
positions, which Hugging Face does not use, is had by asking them for it.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.patterns.bigbird_plans import focus_plan, range_plan

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
big_bird = pytest.importorskip(
    "transformers.models.big_bird.modeling_big_bird",
    reason="transformers is missing: make test-originals",
)

pytestmark = pytest.mark.originals


@pytest.fixture(autouse=True, scope="module")
def own_global_generator():
    """The original draws from NumPy's global generator: it is put back afterwards."""
    before = np.random.get_state()  # noqa: NPY002
    yield
    np.random.set_state(before)  # noqa: NPY002


def layer_of(block, random, layer, heads, training=True):
    """The original's attention of one layer, 4096 positions at most."""
    config = big_bird.BigBirdConfig(
        hidden_size=heads, num_attention_heads=heads, num_random_blocks=random, block_size=block
    )
    return big_bird.BigBirdBlockSparseAttention(config, layer).train(training)


def weights(n, block, random, layer, training, heads):
    """(what comes out, attention_probs), both (heads, n, n): all logits are 0 and the values
    one-hot, so weights come out.
    """
    blocked, band, rows, keys = big_bird.BigBirdModel.create_masks_for_block_sparse_attn(
        torch.ones(1, n), block
    )
    zero, one_hot = torch.zeros(1, heads, n, 1), torch.eye(n).expand(1, heads, n, n)
    with torch.no_grad():
        out, probs = layer_of(block, random, layer, heads, training).bigbird_block_sparse_attention(
            zero,
            zero,
            one_hot,
            band,
            rows,
            keys,
            blocked,
            blocked,
            heads,
            random,
            1,
            block,
            block,
            1,
            n,
            n,
            seed=layer,
            plan_from_length=None,
            plan_num_rand_blocks=None,
        )
    return out[0].transpose(0, 1).numpy(), probs[0].numpy()


def assert_counted(n, block, random, layer, training, heads):
    """Times the number of keys that a row lists, the weights are our multiplicities."""
    out, _ = weights(n, block, random, layer, training, heads)
    for head in range(heads):
        counts = sr.multiplicity(sr.bigbird_hf(n, block, random, layer, training, head, heads), n)
        np.testing.assert_allclose(out[head] * counts.sum(axis=1, keepdims=True), counts, atol=1e-4)


@st.composite
def sparse_settings(draw):
    """n, block, random, layer, training, heads above the bound below which the model is full."""
    block, random = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    blocks = draw(st.integers(2 * random + 6, 2 * random + 14))
    return (
        blocks * block,
        block,
        random,
        draw(st.integers(0, 60)),
        draw(st.booleans()),
        draw(st.integers(1, 4)),
    )


@given(sparse_settings())
def test_sets_and_multiplicities_of_every_head(drawn):
    assert_counted(*drawn)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("layer", [0, 5])
def test_multiplicities_at_1024_where_the_last_block_is_drawn(layer, training):
    assert_counted(1024, 64, 3, layer, training, 2)
    if training:
        assert any(
            (
                sr.multiplicity(sr.bigbird_hf(1024, 64, 3, layer, True, head, 2), 1024)[:, -1] == 2
            ).any()
            for head in range(2)
        )


@given(
    st.sampled_from([1024, 3072, 4096]),
    st.sampled_from([16, 32, 64, 128]),
    st.integers(1, 3),
    st.integers(0, 60),
    st.integers(1, 4),
)
@settings(max_examples=30)
def test_plans_at_the_paper_s_lengths(n, block, random, layer, heads):
    expected = focused_original(n, block, random, layer, heads)
    assert np.array_equal(focus_plan(n, block, random, layer, heads), expected)
    for head in range(heads):
        google = sr.bigbird_google(n, block, random, layer, head, heads)
        hf = sr.bigbird_hf(n, block, random, layer, True, head, heads)
        assert np.array_equal(random_blocks(google, block, n), expected[head])
        assert (hf == google) == (n > (5 + 2 * random) * block), "full attention below"


@given(st.sampled_from([16, 32, 64, 128]), st.integers(1, 3), st.integers(0, 60), st.integers(1, 4))
@settings(max_examples=30)
def test_google_s_plan_at_2048_is_the_one_for_the_paper_s_lengths(block, random, layer, heads):
    expected = focused_original(2048, block, random, layer, heads)
    for head in range(heads):
        ours = sr.bigbird_google(2048, block, random, layer, head, heads)
        assert np.array_equal(random_blocks(ours, block, 2048), expected[head])


@given(
    st.sampled_from([512, 768, 1536, 2048, 5120]),
    st.sampled_from([16, 32]),
    st.integers(1, 3),
    st.integers(0, 60),
    st.integers(1, 4),
)
@settings(max_examples=30)
def test_plans_at_other_lengths(n, block, random, layer, heads):
    expected = ranged_original(n, block, random, layer, heads)
    for head in range(heads):
        assert np.array_equal(
            random_blocks(sr.bigbird_hf(n, block, random, layer, True, head, heads), block, n),
            expected[head],
        )
    if n != 2048:
        assert sr.bigbird_google(n, block, random, layer) == sr.bigbird_hf(
            n, block, random, layer, True
        )


@given(st.integers(6, 40), st.integers(1, 10), st.integers(0, 60), st.integers(1, 3))
@settings(max_examples=300)
def test_plans_of_few_blocks_stop_together(blocks, random, layer, heads):
    """In one range or two, below the bound of the model; Google's has none."""
    try:
        expected = ranged_original(blocks, 1, random, layer, heads)
    except ValueError:
        with pytest.raises(ValueError, match="random must leave blocks to choose from"):
            range_plan(blocks, 1, random, layer, heads)
    else:
        assert np.array_equal(range_plan(blocks, 1, random, layer, heads), expected)


@pytest.mark.parametrize(
    ("n", "block", "random"),
    [
        (4096, 256, 3),
        (4096, 256, 1),
        (3072, 256, 2),
        (4096, 512, 1),
        (4096, 512, 4),
        (3072, 96, 3),
        (4096, 128, 4),
        (4096, 128, 5),
    ],
)
def test_plans_of_large_blocks_stop_together(n, block, random):
    try:
        expected = focused_original(n, block, random, 3, 2)
    except ValueError:
        with pytest.raises(ValueError, match="random must leave blocks to choose from"):
            sr.bigbird_google(n, block, random, 3, 1, 2)
    else:
        assert np.array_equal(
            random_blocks(sr.bigbird_google(n, block, random, 3, 1, 2), block, n), expected[1]
        )


def focused_original(n, block, random, layer, heads):
    """The plan that the code calls old, cut to n as its caller cuts it."""
    original = layer_of(block, random, layer, heads)
    np.random.seed(layer)  # noqa: NPY002
    plans = [
        original._bigbird_block_rand_mask(4096, 4096, block, block, random, last_idx=1024)
        for _ in range(heads)
    ]
    return np.stack(plans)[:, : n // block - 2]


def ranged_original(n, block, random, layer, heads):
    """The plan of all other lengths."""
    original = layer_of(block, random, layer, heads)
    np.random.seed(layer)  # noqa: NPY002
    lengths, counts = original._get_rand_attn_plan(n, block, random)
    return np.stack(
        original._bigbird_block_rand_mask_with_head(n, n, block, block, heads, lengths, counts)
    )


def random_blocks(branches, block, n):
    """The blocks that the branches after the first attend to, row by row (nb - 2, r)."""
    rows = range(block, n - block, block)
    keys = [[p.row(i, n) for p in branches.patterns[1:]] for i in rows]
    assert all(len(each) == block and each[0] % block == 0 for row in keys for each in row)
    return np.array([[each[0] // block for each in row] for row in keys])


def model(layers=3, random=2, block=2):
    """A small BigBird, in evaluation mode."""
    return big_bird.BigBirdModel(
        big_bird.BigBirdConfig(
            vocab_size=10,
            hidden_size=8,
            num_hidden_layers=layers,
            num_attention_heads=2,
            intermediate_size=8,
            block_size=block,
            num_random_blocks=random,
            max_position_embeddings=64,
        ),
        add_pooling_layer=False,
    ).eval()


def test_the_seed_of_a_layer_is_its_number():
    assert [layer.attention.self.seed for layer in model().encoder.layer] == [0, 1, 2]


def test_a_model_that_once_saw_a_short_input_stays_full():
    bound = (5 + 2 * 2) * 2
    for n in (bound, bound + 2):
        found = model()
        found(torch.ones(1, n, dtype=torch.int64))
        assert (found.attention_type == "original_full") == (
            len(sr.bigbird_hf(n, 2, 2, 0, False)) == 1
        )
    found = model()
    for n in (bound, 2 * bound):
        found(torch.ones(1, n, dtype=torch.int64))
        assert found.attention_type == "original_full"


def test_defect_in_evaluation_nothing_is_random():
    out, _ = weights(40, 2, 3, 1, False, 1)
    first = out[0, 4:-4, :2]  # rows of five blocks and three random ones
    np.testing.assert_allclose(
        first * 16,
        4,
        atol=1e-5,
        err_msg="transformers no longer reads block 0 in every random place: "
        "compare evaluation with bigbird_hf(training=True)",
    )


@pytest.mark.parametrize("random", [1, 3])
def test_defect_in_evaluation_the_returned_weights_do_not_sum_to_one(random):
    out, probs = weights(40, 2, random, 1, False, 1)
    np.testing.assert_allclose(out[0].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(
        probs[0, 4:-4].sum(axis=1),
        5 / (5 + random),
        atol=1e-5,
        err_msg=(
            "transformers now adds up the weights of a block that is listed more than once: "
            "compare attention_probs with the output"
        ),
    )
