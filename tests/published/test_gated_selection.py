"""FlexPrefill, SeerAttention, InfLLM-V2: golden blocks from the first two's own code, statements in
plain Python, edges.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import sparse_ref as sr

flexprefill, infllm, seer = (
    sr.published.flexprefill,
    sr.published.infllm,
    sr.published.seer,
)
VECTORS = json.loads((Path(__file__).parent / "data" / "selections.json").read_text())
SIZES = infllm.Sizes(length=4, stride=2, block=4, top_k=4, first=1, local=1)


def rows(p, n_q, n_k=None):
    return [p.row(i, n_k or n_q).tolist() for i in range(n_q)]


def drawn(shape, seed, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def tokens(blocks, block, n):
    """The keys j <= i of the blocks of each block row."""
    return [[j for j in range(i + 1) if j // block in blocks[i // block]] for i in range(n)]


@pytest.mark.parametrize("number", range(4))
def test_golden_blocks_of_flexprefill(number):
    case = VECTORS["flexprefill"]["cases"][number]
    q, k = (np.array(case[name], np.float32)[None] for name in "qk")
    sizes = {name: case[name] for name in ("block", "share", "divergence")}
    (sets,) = flexprefill.sets(q, k, **sizes)
    assert rows(sets, q.shape[1]) == tokens(case["rows"], case["block"], q.shape[1])


def test_lines_cover_the_share_of_the_last_block():
    """No more than the 128ths that the best columns and diagonals need, and the first of each."""
    n, block = 700, 16
    q, k = 2 * drawn((2, n, 4), 0), drawn((1, n, 4), 1)
    columns, diagonals = (x / block for x in sr.published.minference.line_scores(q, k, last=block))
    for share in (0.3, 0.7, 0.95):
        sets = flexprefill.sets(q, k, share=share, block=block)
        for h in range(2):
            counts = []
            for shares in (columns[h], diagonals[h]):
                best = np.cumsum(sorted(shares, reverse=True))
                counts.append(int(np.argmax(best > share)) + 1)
            lines = [count // 128 + 1 for count in counts]
            bounded = flexprefill.sets(q, k, share=0.0, block=block, least=lines[0] * block)[h]
            last = {j // block for j in sets[h].row(n - 1, n).tolist()}
            assert 0 in last and (n - 1) // block in last
            assert len(last) <= sum(lines)
            if lines[0] == lines[1]:
                assert sets[h] == bounded


def test_short_prompts_are_dense():
    q = drawn((2, 32, 3), 0)
    assert flexprefill.sets(q, q, share=0.1, block=16) == (sr.Causal(), sr.Causal())
    assert flexprefill.sets(q, q, share=0.1, block=8) != (sr.Causal(), sr.Causal())
    assert flexprefill.sets(q, q, share=0.1, block=8, least=25) == (sr.Causal(), sr.Causal())


def test_most_bounds_the_lines():
    q, k = drawn((1, 600, 4), 0), drawn((1, 600, 4), 1)
    sizes = {"share": 1.0, "block": 16}
    (everything,) = flexprefill.sets(q, k, **sizes)
    (few,) = flexprefill.sets(q, k, **sizes, most=17)  # two blocks
    lines = [{j // 16 for j in p.row(599, 600).tolist()} for p in (everything, few)]
    assert len(lines[1]) <= 4 < len(lines[0])


def test_golden_gate_and_masks_of_seer():
    case = VECTORS["seer"]
    q, k, W_q, W_k = (np.array(case[name], np.float32) for name in ("q", "k", "W_q", "W_k"))
    pools = [
        seer.pool_channels(x, case[name], block=case["block"])
        for x, name in ((q, "q_pools"), (k, "k_pools"))
    ]
    scores = seer.gate_scores(*pools, W_q, W_k)
    assert np.allclose(scores, case["scores"], atol=2e-5)
    m = pools[0].shape[1]
    chosen = {
        "above": seer.threshold_choice(scores, case["threshold"]),
        "last": seer.threshold_choice(scores, case["threshold"], dense_last=True),
        "best": seer.ratio_choice(scores, case["ratio"]),
    }
    for name, patterns in chosen.items():
        assert [rows(p, m) for p in patterns] == case[name], name
    sets = seer.sets(chosen["above"], block=case["block"])
    assert [rows(p, 19) for p in sets] == [tokens(head, 4, 19) for head in case["above"]]


def test_a_threshold_can_leave_a_row_without_a_block():
    """Also without its own token: nothing is forced."""
    scores = np.array([[1.0, 0], [0.5, 0.5]])
    chosen = seer.threshold_choice(scores, 0.5)
    assert rows(chosen, 2) == [[0], []]
    q = drawn((4, 2), 0)
    out = seer.attention(q, q, q, chosen, block=2)
    assert out[:2].any(axis=-1).all()
    assert not out[2:].any()
    assert rows(seer.threshold_choice(scores, 0.5, dense_last=True), 2) == [[0], [0, 1]]


def best_blocks(q, k, z):
    """One key head: q (H, n, d), its query heads."""
    n, d = q.shape[1:]
    atoms = [k[c : c + z.length].mean(axis=0) for c in range(0, n, z.stride)]
    for i in range(n):
        own = i // z.block
        seen = [c for c in range(len(atoms)) if c * z.stride + z.length - 1 <= i]
        shares = np.zeros(len(atoms))
        for head in q:
            e = np.exp([head[i] @ atoms[c] / d**0.5 for c in seen])
            shares[seen] += e / e.sum()
        scores = {}
        for J in range(own + 1):
            first = J * z.block // z.stride
            last = (J + 1) * z.block // z.stride
            scores[J] = max(shares[max(first - 1, 0) : last], default=0)
        forced = {block for block in scores if block < z.first or own - block <= z.local}
        rest = sorted(scores.keys() - forced, key=lambda J: (-scores[J], J))
        yield forced | {*rest[: max(z.top_k - len(forced), 0)]}


@pytest.mark.parametrize("n", [1, 4, 9, 22, 30])
def test_infllm_is_its_statement(n):
    q, k = drawn((4, n, 3), 0), drawn((2, n, 3), 1)
    sets = infllm.sets(q, k, SIZES)
    for head in range(4):
        group = head // 2
        blocks = list(best_blocks(q[2 * group : 2 * group + 2], k[group], SIZES))
        expected = [[j for j in range(i + 1) if j // SIZES.block in blocks[i]] for i in range(n)]
        assert rows(sets[head], n) == expected


@pytest.mark.parametrize("first", [1, 6, 8, 17])
def test_a_perturbed_suffix_moves_no_earlier_output_of_infllm(first):
    x = [drawn((2, 20, 4), seed, np.float32) for seed in range(3)]
    y = [a.copy() for a in x]
    for a in y:
        a[:, first:] = drawn(a[:, first:].shape, 9)
    before, after = infllm.attention(*x, SIZES), infllm.attention(*y, SIZES)
    assert np.array_equal(before[:, :first], after[:, :first])
    assert not np.array_equal(before, after)


def test_gradients_of_infllm_are_differences():
    arrays = [drawn((2, 24, 3), seed) for seed in range(3)]
    grad = drawn((2, 24, 3), 3)
    slopes = infllm.backward(grad, *arrays, SIZES)
    for number, slope in enumerate(slopes):
        step = 1e-6 * drawn(slope.shape, 5)
        sides = []
        for sign in (1, -1):
            moved = [*arrays]
            moved[number] = arrays[number] + sign * step
            sides.append((grad * infllm.attention(*moved, SIZES)).sum())
        assert (sides[0] - sides[1]) / 2 == pytest.approx((slope * step).sum(), rel=1e-5), number


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda x: infllm.Sizes(block=24), "block must be a multiple of the stride"),
        (lambda x: infllm.Sizes(local=-1), "local must be at least 0, got -1"),
        (lambda x: seer.pool_channels(x, ["mean"], block=2), "pools must be of avg, max, min"),
        (lambda x: seer.ratio_choice(x[0], 1.5), "ratio must be from 0 to 1, got 1.5"),
        (lambda x: flexprefill.sets(x, x, share=0.5, block=0), "block must be at least 1, got 0"),
        (lambda x: flexprefill.sets(x, x, share=0.5, least=0), "least must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_is_refused(refused, message):
    with pytest.raises(ValueError, match=message):
        refused(drawn((2, 6, 6), 0))


def test_a_threshold_in_float32_is_compared_in_float64():
    """The next float32 after 0.5 is 0.50000006."""
    scores = np.full((1, 1), 0.50000003)
    assert seer.threshold_choice(scores, np.float32(0.5)).row(0, 1).tolist() == [0]
