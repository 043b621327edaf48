"""NSA in its three readings: golden rows, statements in plain Python, edges, gradients, no leak."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sparse_ref as sr

nsa = sr.published.nsa
VECTORS = json.loads((Path(__file__).parent / "data" / "selections.json").read_text())
PAPER = nsa.paper.Sizes(length=4, stride=2, block=4, top_k=4, keys=3)
LUCIDRAINS = nsa.lucidrains.Sizes(stride=2, block=4, top_k=2, keys=3, memory=2)


def drawn(shape, seed, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def rows(p, n, m=None):
    return [p.row(i, m or n).tolist() for i in range(n)]


def test_golden_rows_of_fla():
    case = VECTORS["nsa_fla"]
    chosen = nsa.fla.choice(case["scores"], block=case["pool"], top_k=case["k"])
    assert rows(chosen, 22, 6) == case["rows"]


def test_golden_picture_of_the_selected_tokens():
    scores = np.zeros((12, 6))
    scores[:, 1] = 0.5
    chosen = nsa.fla.choice(scores, block=2, top_k=4)
    tokens = sr.Pooled(chosen, 2) & sr.Causal()
    assert sr.picture(tokens, 12) == "\n".join([
        "█···········",
        "██··········",
        "███·········",
        "████········",
        "█████·······",
        "██████······",
        "███████·····",
        "████████····",
        "████··███···",
        "████··████··",
        "████····███·",
        "████····████",
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("length", "stride", "block"), [(32, 16, 64), (4, 2, 4), (4, 4, 8), (6, 2, 2)]
)
def test_equation_9_counts_the_strides_of_each_atom_in_each_block(length, stride, block):
    """As its 0-based form does; the printed signs, from 0, would not."""
    sizes = nsa.paper.Sizes(length=length, stride=stride, block=block)
    atoms, blocks = 9, 4
    weights = np.asarray(nsa.paper.block_scores(np.eye(atoms), blocks, sizes))
    for c in range(atoms):
        strides = [(c * stride + t) // block for t in range(0, length, stride)]
        assert weights[c].tolist() == [strides.count(J) for J in range(blocks)], c


def softmax(x):
    e = np.exp(x - max(x, default=0))
    return e / e.sum()


def best(scores, forced, count):
    """The forced, then the greatest, the earliest of equal ones, `count` in all."""
    rest = sorted(scores.keys() - forced, key=lambda e: (-scores[e], e))
    return forced | set(rest[: max(count - len(forced), 0)])


def paper_rows(q, k_atoms, z):
    """One key head: by p' summed over its query heads q (H, n, d), the forced in the budget."""
    n, d = q.shape[1:]
    for i in range(n):
        own = i // z.block
        seen = [c for c in range(len(k_atoms)) if c * z.stride + z.length - 1 <= i]
        scores = dict.fromkeys(range(own + 1), 0.0)
        for head in q:
            p = softmax(np.array([head[i] @ k_atoms[c] / d**0.5 for c in seen]))
            for c, share in zip(seen, p):
                for t in range(0, z.length, z.stride):
                    J = (c * z.stride + t) // z.block
                    scores[J] += share
        forced = {block for block in scores if block < z.first or own - block < z.local}
        blocks = best(scores, forced, z.top_k)
        yield [j for j in range(i + 1) if j // z.block in blocks]


def lucidrains_rows(q, k_windows, z):
    """One key head: by the mean logit of the heads q and of the windows of a block, the own block
    extra.
    """
    n, d = q.shape[1:]
    in_block = z.block // z.stride
    for i in range(n):
        own = i // z.block
        logits = q[:, i] @ k_windows.T / d**0.5
        means = {
            J: logits[:, J * in_block : (J + 1) * in_block].mean() for J in range(own)
        }  # fmt: skip
        blocks = best(means, set(), z.top_k) | {own}
        yield [j for j in range(i + 1) if j // z.block in blocks]


@pytest.mark.parametrize("n", [1, 3, 7, 12, 23])
@pytest.mark.parametrize("top_k", [0, 2, 4, 99])
def test_the_papers_blocks_are_their_statement(n, top_k):
    sizes = replace(PAPER, top_k=top_k)
    q, k_atoms = drawn((4, n, 3), 0), drawn((2, n // 2 + 1, 3), 1)
    sets = nsa.paper.sets(q, k_atoms, sizes)
    for head in range(4):
        group = head // 2
        statement = paper_rows(q[2 * group : 2 * group + 2], k_atoms[group], sizes)
        assert rows(sets.selected[head], n) == list(statement)
    assert sets.window == sr.Lookback(3)
    complete = [[c for c in range(n // 2 + 1) if 2 * c + 3 <= i] for i in range(n)]
    assert rows(sets.compressed, n, n // 2 + 1) == complete


@pytest.mark.parametrize("n", [1, 4, 5, 12, 23])
@pytest.mark.parametrize("top_k", [0, 2, 99])
def test_the_blocks_of_lucidrains_are_their_statement(n, top_k):
    sizes = replace(LUCIDRAINS, top_k=top_k)
    q, k_atoms = drawn((4, n, 3), 0), drawn((2, 2 + n // 2, 3), 1)
    sets = nsa.lucidrains.sets(q, k_atoms, sizes)
    for head in range(4):
        group = head // 2
        statement = lucidrains_rows(q[2 * group : 2 * group + 2], k_atoms[group, 2:], sizes)
        assert rows(sets.selected[head], n) == list(statement)
    strictly = [[0, 1, *(2 + c for c in range(n // 2) if 2 * c + 1 < i)] for i in range(n)]
    assert rows(sets.compressed, n, 2 + n // 2) == strictly


def test_a_block_without_a_share_is_not_taken():
    """Its mean logit is 30 below that of another: a share under 1e-10."""
    sizes = replace(LUCIDRAINS, stride=4, top_k=2)
    logits = np.zeros((1, 13, 3))
    logits[..., 1] = -30
    (chosen,) = nsa.lucidrains.choice(logits, sizes)
    assert chosen.row(12, 3).tolist() == [0, 2]
    (chosen,) = nsa.lucidrains.choice(logits / 2, sizes)
    assert chosen.row(11, 3).tolist() == [0, 1]


def test_windows_of_lucidrains_end_where_the_paper_begins_the_next():
    """Which tokens move an atom; the last one is cut by the end and does not exist."""
    n, length, stride = 11, 5, 2
    layers = np.ones((3, length * 1)), np.zeros(3), np.ones((1, 3)), np.zeros(1)
    positions = np.ones((1, length, 1))
    x = np.ones((1, n, 1))
    plain = nsa.lucidrains.compress(x, positions, layers, stride=stride)
    tokens = [[] for _ in range(n // stride)]
    for j in range(n):
        y = x.copy()
        y[0, j] += 1
        moved = nsa.lucidrains.compress(y, positions, layers, stride=stride) != plain
        for c in np.flatnonzero(moved[0, :, 0]):
            tokens[c].append(j)
    assert tokens == [
        [j for j in range(n) if (c + 1) * stride - length <= j < (c + 1) * stride]
        for c in range(n // stride)
    ]  # fmt: skip


def layer_inputs(n, dtype=np.float64, seed=0):
    """q, k, v, gates, and a network that makes atoms from tokens for all three."""
    shapes = (4, n, 4), (2, n, 4), (2, n, 4), (3, 4, n)
    return [drawn(shape, [seed, number], dtype) for number, shape in enumerate(shapes)]


def layer_fla(q, k, v, gates):
    return nsa.fla.attention(q, k, v, gates, block=3, top_k=4, keys=2)


def layer_paper(q, k, v, gates):
    atoms = [sr.selection.mean_pool(x, PAPER.length, PAPER.stride) for x in (k, v)]
    return nsa.paper.attention(q, k, v, atoms, gates, PAPER)


def layer_lucidrains(q, k, v, gates):
    layers = drawn((6, 16), 1), drawn(6, 2), drawn((4, 6), 3), drawn(4, 4)
    positions = drawn((2, 4, 4), 5)
    memory = drawn((2, 2, 4), 6)
    windows = [nsa.lucidrains.compress(x, positions, layers, stride=2) for x in (k, v)]
    atoms = [np.concatenate([memory, x.astype(q.dtype)], axis=1).astype(q.dtype) for x in windows]
    return nsa.lucidrains.attention(q, k, v, atoms, gates, LUCIDRAINS)


LAYERS = {"fla": layer_fla, "paper": layer_paper, "lucidrains": layer_lucidrains}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("first", [1, 4, 6, 11])
def test_a_perturbed_suffix_moves_no_earlier_output(name, first):
    """Bit for bit; the atoms are made from the perturbed tokens, too."""
    x = layer_inputs(13, np.float32)
    y = [a.copy() for a in x]
    for a in y[:3]:
        a[:, first:] = drawn(a[:, first:].shape, 9)
    before, after = LAYERS[name](*x), LAYERS[name](*y)
    assert np.array_equal(before[:, :first], after[:, :first])
    assert not np.array_equal(before, after)


@pytest.mark.parametrize("name", LAYERS)
def test_three_softmaxes_and_a_gate(name):
    """A gate of 1 for one branch gives that branch; gates add up."""
    *qkv, gates = layer_inputs(9)
    ones = [np.zeros_like(gates) for _ in range(3)]
    for branch in range(3):
        ones[branch][branch] = 1
    outs = [LAYERS[name](*qkv, one) for one in ones]
    together = sum(gate[..., None] * out for gate, out in zip(gates, outs))
    assert np.allclose(LAYERS[name](*qkv, gates), together, atol=1e-14)
    if name != "lucidrains":  # before the first complete pool there is no compressed key
        length = 3 if name == "fla" else 4
        assert not outs[0][:, : length - 1].any()
        assert outs[0][:, length - 1 :].any(axis=-1).all()


def test_no_window_for_no_keys():
    q, k, *_ = layer_inputs(6)
    assert rows(nsa.fla.sets(q, k, block=2, top_k=3).window, 6) == [[]] * 6


def differences(attention, arrays, number, grad):
    """The change along a random step at one array, by central differences, and the step."""
    step = 1e-6 * drawn(arrays[number].shape, 8)
    sides = []
    for sign in (1, -1):
        moved = [*arrays]
        moved[number] = arrays[number] + sign * step
        sides.append((grad * attention(*moved)).sum())
    return (sides[0] - sides[1]) / 2, step


def test_gradients_of_fla_are_differences():
    *qkv, gates = layer_inputs(8)
    grad = drawn((4, 8, 4), 7)
    of_qkv, of_gates = nsa.fla.backward(grad, qkv, gates, block=3, top_k=4, keys=2)
    for number, slope in enumerate([*of_qkv, of_gates]):
        difference, step = differences(layer_fla, [*qkv, gates], number, grad)
        assert difference == pytest.approx((slope * step).sum(), rel=1e-5), number


@pytest.mark.parametrize("name", ["paper", "lucidrains"])
def test_gradients_are_differences(name):
    layer = getattr(nsa, name)
    sizes = PAPER if name == "paper" else LUCIDRAINS
    q, k, v, gates = layer_inputs(8)
    k_atoms, v_atoms = drawn((2, 6, 4), 5), drawn((2, 6, 4), 6)
    grad = drawn(q.shape, 7)
    qkv = (q, k, v) if name == "paper" else ((q, k, v),)
    slopes = layer.backward(grad, *qkv, (k_atoms, v_atoms), gates, sizes)

    def attention(q, k, v, k_atoms, v_atoms, gates):
        return layer.attention(q, k, v, (k_atoms, v_atoms), gates, sizes)

    for number, slope in enumerate(slopes):
        arrays = [q, k, v, k_atoms, v_atoms, gates]
        difference, step = differences(attention, arrays, number, grad)
        assert difference == pytest.approx((slope * step).sum(), rel=1e-5), number


@pytest.mark.parametrize(
    ("refused", "error", "message"),
    [
        (lambda x: nsa.paper.Sizes(length=10, stride=4), ValueError, "length .* sec. 3.3.2"),
        (lambda x: nsa.paper.Sizes(block=24), ValueError, "block must be a multiple of the stride"),
        (lambda x: nsa.paper.Sizes(top_k=-1), ValueError, "top_k must be at least 0, got -1"),
        (lambda x: nsa.paper.Sizes(local=0), ValueError, "local must be at least 1, got 0"),
        (lambda x: nsa.lucidrains.Sizes(3, 4, 1, 1), ValueError, "selection_block_size"),
        (lambda x: nsa.lucidrains.Sizes(2, 4, 1, 0), ValueError, "keys must be at least 1"),
        (lambda x: layer_fla(*x[:3], x[3][:2]), ValueError, r"gates must have shape \(3, 4, 6\)"),
        (lambda x: layer_fla(x[0][:3], *x[1:]), ValueError, "must divide those of q"),
        (lambda x: layer_fla(x[0], x[1][:, :4], *x[2:]), ValueError, "as many keys"),
        (lambda x: nsa.fla.sets(*x[:2], block=0, top_k=3), ValueError, "^block must be at least 1"),
        (
            lambda x: nsa.paper.sets(x[0], x[1][:, :4], nsa.paper.Sizes(2, 1, 2)),
            ValueError,
            "k_atoms must have the 5 atoms that n = 6 tokens complete, .* got 4",
        ),
        (
            lambda x: nsa.lucidrains.sets(x[0], x[1], nsa.lucidrains.Sizes(2, 2, 1, 1)),
            ValueError,
            r"k_atoms must have memory \+ n // stride = 4 atoms, got 6",
        ),
        (lambda x: nsa.fla.sets(*x[:2], block=2, top_k=-3), ValueError, "at least 0, got -3"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(refused, error, message):
    with pytest.raises(error, match=message):
        refused(layer_inputs(6))
