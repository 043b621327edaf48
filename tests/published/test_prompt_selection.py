"""XAttention, VSA, Quest, MInference: golden rows from their own code, statements in plain Python,
edges, and what a later query changes.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr

minference, quest = sr.published.minference, sr.published.quest
vsa, xattention = sr.published.vsa, sr.published.xattention
VECTORS = json.loads((Path(__file__).parent / "data" / "selections.json").read_text())


def rows(p, n_q, n_k=None):
    return [p.row(i, n_k or n_q).tolist() for i in range(n_q)]


def drawn(shape, seed, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize(
    "case", VECTORS["xattention"]["find"], ids=lambda case: str(case["threshold"])
)
def test_golden_rows_of_find_blocks_chunked(case):
    sizes = {name: case[name] for name in ("threshold", "first_chunk")}
    chosen = xattention.choice(np.array(case["scores"]), **sizes)
    assert rows(chosen, len(case["scores"]))[: len(case["rows"])] == case["rows"]


@pytest.mark.parametrize(
    "case", VECTORS["xattention"]["estimate"], ids=["S = 2, B = 4", "S = 2, B = 6"]
)
def test_golden_scores_and_rows_of_xattn_estimate(case):
    q, k = (np.array(case[name], np.float32) for name in "qk")
    sizes = {name: case[name] for name in ("block", "stride")}
    scores = xattention.block_scores(q, k, **sizes)
    assert np.allclose(scores, case["scores"], atol=2e-5)
    sets = xattention.sets(q, k, **sizes, threshold=case["threshold"], chunk=case["chunk"])
    tokens = [
        [j for j in range(i + 1) if j // case["block"] in case["rows"][i // case["block"]]]
        for i in range(len(q))
    ]
    assert rows(sets, len(q)) == tokens


def fewest_blocks(scores, threshold, is_early):
    """The rule in words: fill up to the share, the best first; in the first chunk one more, and the
    first block at last.
    """
    own = len(scores) - 1
    blocks = {own} if is_early else {0, own}
    required = threshold * sum(scores)
    order = sorted(set(range(own)) - blocks, key=lambda J: (-scores[J], J))
    extra = set(order[:1]) if is_early and required > 0 else set()
    taken = sum(scores[J] for J in blocks)
    for place, J in enumerate(order):
        if taken >= required:
            break
        blocks.add(J)
        taken += scores[J]
        extra = set(order[place + 1 : place + 2]) if is_early else set()
    return sorted(blocks | extra | {0})


@given(st.integers(1, 9), st.integers(0, 9), st.sampled_from([0, 0.3, 0.5, 0.9, 1]), st.data())
def test_xattention_is_its_statement_ties_included(m, first_chunk, threshold, data):
    line = st.lists(st.integers(0, 6), min_size=m, max_size=m)
    scores = np.array(data.draw(st.lists(line, min_size=m, max_size=m)), float).reshape(m, m)
    chosen = xattention.choice(scores, threshold=threshold, first_chunk=first_chunk)
    assert rows(chosen, m) == [
        fewest_blocks(scores[i, : i + 1].tolist(), threshold, i < first_chunk) for i in range(m)
    ]


@pytest.mark.parametrize("n", [0, 1, 7, 8, 21])
def test_scores_of_blocks_are_sums_over_antidiagonals(n):
    """Square by square: every query and key once."""
    S, B, d = 2, 4, 3
    q, k = drawn((n, d), 0), drawn((n, d), 1)
    squares = -(-n // S)
    logits = np.full((squares, squares), -np.inf)
    for a in range(squares):
        for b in range(a + 1):
            pairs = [((a + 1) * S - 1 - t, b * S + t) for t in range(S)]
            logits[a, b] = sum(q[i] @ k[j] for i, j in pairs if i < n and j < n)
    logits /= d**0.5 * S
    shares = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    scores = np.zeros((-(-n // B), -(-n // B)))
    for a in range(squares):
        for b in range(squares):
            scores[a * S // B, b * S // B] += shares[a, b]
    assert np.allclose(xattention.block_scores(q, k, block=B, stride=S), scores)


def test_a_later_query_of_the_same_block_row_changes_an_earlier_one():
    """So it is no causal selection: prefilling may use it, training may not."""
    q, k, v = (drawn((64, 4), seed) for seed in range(3))
    sizes = {"block": 8, "stride": 2, "threshold": 0.5, "chunk": 8}
    moved = q.copy()
    moved[58:] = 40 * k[9]
    before, after = (xattention.attention(x, k, v, **sizes) for x in (q, moved))
    changed = np.flatnonzero((before != after).any(axis=-1))
    assert 56 in changed
    assert (changed >= 56).all()


def test_all_blocks_for_the_whole_share():
    q, k = drawn((2, 21, 4), 0), drawn((1, 21, 4), 1)
    for sets in xattention.sets(q, k, block=4, stride=4, threshold=1.0):
        assert rows(sets, 21) == rows(sr.Causal(), 21)


def tile_rows(q, k, shape, tile, top_k, own):
    """By loops over tokens: tiles by their coordinates, means, the best, the own in place of the
    weakest.
    """
    places = list(np.ndindex(*shape))
    tile_of = [tuple(x // side for x, side in zip(place, tile)) for place in places]
    names = sorted(set(tile_of))
    members = {t: [i for i, other in enumerate(tile_of) if other == t] for t in names}
    means = {t: (q[members[t]].mean(axis=0), k[members[t]].mean(axis=0)) for t in names}
    chosen = {}
    for t in names:
        best = sorted(names, key=lambda e: (-float(means[t][0] @ means[e][1]), e))[:top_k]
        if own and t not in best:
            best[-1] = t
        chosen[t] = sorted(j for e in best for j in members[e])
    return [chosen[t] for t in tile_of]


@pytest.mark.parametrize(
    ("shape", "tile"), [((2, 3, 3), (2, 2, 2)), ((7,), (3,)), ((4, 4), (2, 2)), ((3, 5), (9, 2))]
)
@pytest.mark.parametrize("own", [False, True])
def test_vsa_is_its_statement(shape, tile, own):
    n = int(np.prod(shape))
    q, k = drawn((2, n, 3), 0), drawn((1, n, 3), 1)
    for top_k in range(1, vsa.tiles(shape, tile).max() + 2):
        sets = vsa.sets(q, k, shape=shape, tile=tile, top_k=top_k, own=own)
        for head in range(2):
            assert rows(sets[head], n) == tile_rows(q[head], k[0], shape, tile, top_k, own)


def test_golden_rows_of_vsa():
    """The tile scores of the vector, as those of one query and one key a token."""
    case = VECTORS["vsa"]
    scores = json.loads(case["recipe"].split("tile scores ")[1].split("]], ")[0] + "]]")
    chosen = vsa.choice(np.array(scores), top_k=2, own=True)
    tile_of_token = vsa.tiles((2, 3, 3), (2, 2, 2))
    tokens = [np.flatnonzero(np.isin(tile_of_token, chosen.row(t, 4))) for t in tile_of_token]
    assert [row.tolist() for row in tokens] == case["rows"]


def test_the_gate_adds_the_means_of_all_tiles():
    shape, tile = (5,), (2,)
    q, k, v = (drawn((5, 3), seed) for seed in range(3))
    sizes = {"shape": shape, "tile": tile, "top_k": 1}
    fine = vsa.attention(q, k, v, 0.0, **sizes)
    assert np.array_equal(fine, sr.attend(q, k, v, vsa.sets(q, k, **sizes)))
    means = [np.stack([x[:2].mean(0), x[2:4].mean(0), x[4]]) for x in (q, k, v)]
    coarse = sr.attend(*means, sr.Full())
    out = vsa.attention(q, k, v, 0.5, **sizes)
    assert np.allclose(out, fine + coarse[[0, 0, 1, 1, 2]] / 2)


def test_gradients_of_vsa_are_differences():
    sizes = {"shape": (2, 4), "tile": (2, 3), "top_k": 1}
    arrays = [drawn((2, 8, 3), seed) for seed in range(4)]
    grad = drawn((2, 8, 3), 4)
    of_qkv, of_gate = vsa.backward(grad, arrays[:3], arrays[3], **sizes)
    for number, slope in enumerate([*of_qkv, of_gate]):
        step = 1e-6 * drawn(slope.shape, 5)
        sides = []
        for sign in (1, -1):
            moved = [*arrays]
            moved[number] = arrays[number] + sign * step
            sides.append((grad * vsa.attention(*moved, **sizes)).sum())
        assert (sides[0] - sides[1]) / 2 == pytest.approx((slope * step).sum(), rel=1e-5), number


@pytest.mark.parametrize("case", VECTORS["quest"]["cases"], ids=lambda case: str(case["page"]))
def test_golden_bounds_and_rows_of_quest(case):
    q, k = (np.array(case[name], float) for name in "qk")
    bounds = np.asarray(quest.bounds(q, k, page=case["page"]))[0]
    assert bounds[:-1].tolist() == case["bounds"]
    pages = quest.page_budget(case["tokens"], case["page"])
    sets = quest.sets(q, k, page=case["page"], pages=pages)
    assert sets.row(0, len(k)).tolist() == case["row"]


@pytest.mark.parametrize("last", [False, True])
def test_quest_bounds_what_any_key_of_the_page_scores(last):
    q, k = drawn((3, 1, 4), 0), drawn((3, 14, 4), 1)
    bounds = np.asarray(quest.bounds(q, k, page=4))
    products = (q @ k.swapaxes(-1, -2))[:, 0]
    for e in range(4):
        assert (products[:, 4 * e : 4 * e + 4] <= bounds[:, 0, e, None] + 1e-12).all()
    for pages in (0, 1, 3, 9):
        for head, p in enumerate(quest.sets(q, k, page=4, pages=pages, last=last)):
            order = sorted(range(4), key=lambda e: (last and e < 3, -bounds[head, 0, e]))
            chosen = order[: max(pages, last)]
            assert p.row(0, 14).tolist() == [j for j in range(14) if j // 4 in chosen]


def test_golden_lines_of_minference():
    case = VECTORS["minference"]
    q, k = (np.array(case[name], np.float32) for name in "qk")
    columns, diagonals = minference.line_scores(q, k)
    sets = minference.sets(q, k, verticals=case["verticals"], slashes=case["slashes"])
    theirs = sr.vertical_slash(tuple(case["columns"]), tuple(case["diagonals"]))
    assert sets == theirs
    assert columns.sum() == pytest.approx(64, rel=1e-5)
    assert diagonals.sum() == pytest.approx(64, rel=1e-5)


@pytest.mark.parametrize("n", [1, 2, 30, 49, 51, 64, 70])
def test_short_prompts_have_all_lines_there_are(n):
    """Every diagonal is among the 100 nearest."""
    q, k = drawn((2, n, 3), 0), drawn((1, n, 3), 1)
    for p in minference.sets(q, k, verticals=0, slashes=100):
        assert rows(p, n) == rows(sr.Causal(), n)


@pytest.mark.parametrize(
    ("refused", "error", "message"),
    [
        (lambda x: xattention.sets(x, x, block=6, stride=4), ValueError, "block must be"),
        (lambda x: xattention.sets(x, x, block=4, stride=2, chunk=6), ValueError, "chunk must be"),
        (lambda x: xattention.choice(x, threshold=0.5, first_chunk=1), ValueError, r"\(m, m\)"),
        (lambda x: xattention.sets(x, x, threshold=1.5), ValueError, "from 0 to 1, got 1.5"),
        (lambda x: vsa.sets(x, x, shape=(5,), tile=(2,), top_k=1), ValueError, "as many tokens"),
        (lambda x: vsa.sets(x, x, shape=(2, 3), tile=(2,), top_k=1), ValueError, "as many sides"),
        (lambda x: vsa.sets(x, x, shape=(6,), tile=(2,), top_k=4), ValueError, "of tiles, 3"),
        (lambda x: vsa.sets(x, x, shape=(6,), tile=(2,), top_k=0), ValueError, "of tiles, 3"),
        (lambda x: quest.sets(x, x, page=2, pages=1), ValueError, "one query, .* got 6"),
        (lambda x: quest.sets(x[:1], x, page=2, pages=-1), ValueError, "pages must be at least 0"),
        (lambda x: minference.sets(x, x, verticals=-1, slashes=0), ValueError, "verticals must be"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(refused, error, message):
    with pytest.raises(error, match=message):
        refused(drawn((6, 2), 0))
