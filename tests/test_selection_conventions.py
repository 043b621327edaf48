"""Each cell of the table of top-k conventions, held to what the method selects on drawn data.

A method is run for some seeds; its sets are read as atoms and as tokens. A cell of the table is a
statement about them, written out here once for all methods that have it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.sets.pattern import leaves

published, selection = sr.published, sr.selection
n, B, HEADS, GROUPS, d, WINDOW, LOCAL = 22, 4, 4, 2, 3, 3, 2
LONG = 160  # for 30 columns and 100 diagonals that do not meet
m = -(-n // B)
SEEDS = range(60)
CUT = 18  # tokens from here on are perturbed; the row before has more blocks than it takes


def dense(sets, shape):
    """Masks (heads, ...) of a pattern per head, or of one."""
    return np.stack([sr.dense(p, shape) for p in (sets if isinstance(sets, tuple) else (sets,))])


def pools(tokens, length=B):
    """[some token of the pool is in], (heads, n_q, pools) from tokens (heads, n_q, n_k)."""
    missing = -tokens.shape[-1] % length
    padded = np.pad(tokens, [(0, 0), (0, 0), (0, missing)])
    return padded.reshape(*padded.shape[:2], -1, length).any(axis=-1)


def data(seed, moved=False):
    """Queries (HEADS, n, d), keys (GROUPS, n, d) and a rest (HEADS, n, d); moved: other ones from
    token CUT on.
    """
    shapes = (HEADS, n, d), (GROUPS, n, d), (HEADS, n, d)
    x = [np.random.default_rng([seed, t]).standard_normal(shape) for t, shape in enumerate(shapes)]
    for a in x if moved else ():
        a[:, CUT:] += np.random.default_rng(seed).standard_normal(a[:, CUT:].shape)
    return x


@dataclass(frozen=True)
class Method:
    """How a row of the table is run.

    sets : (seed, k, moved) -> what the method returns for tokens, and the masks of its atoms.
    visible : the atoms that query i can have.
    k : the number that is passed.
    length : tokens of an atom.
    """

    sets: Callable
    visible: Callable = lambda i: {*range(i // B + 1)}
    k: int = 4
    length: int = B

    @cache  # noqa: B019
    def run(self, seed=0, k=None, moved=False):
        """The sets, the masks of tokens (heads, n_q, n_k) and of atoms (heads, n_q, atoms)."""
        return self.sets(seed, k or self.k, moved)


def of_tokens(sets, shape=n, length=B):
    """Sets with masks, the atoms being the pools that tokens are in."""
    tokens = dense(sets, shape)
    return sets, tokens, pools(tokens, length)


def run_topk(seed, k, moved, ties=False):
    q, keys, _ = data(seed, moved)
    return of_tokens(published.topk.sets(q, keys, top_k=k, ties=ties), n, 1)


def run_moba(seed, k, moved):
    q, keys, _ = data(seed, moved)
    return of_tokens(published.moba.sets(q, keys, block=B, top_k=k))


def run_paper(seed, k, moved):
    q, keys, _ = data(seed, moved)
    sizes = published.nsa.paper.Sizes(length=B, stride=2, block=B, top_k=k, keys=WINDOW)
    atoms = selection.mean_pool(keys, B, 2)
    return of_tokens(published.nsa.paper.sets(q, atoms, sizes).selected)


def run_fla(seed, k, moved):
    q, keys, _ = data(seed, moved)
    return of_tokens(published.nsa.fla.sets(q, keys, block=B, top_k=k).selected)


def run_lucidrains(seed, k, moved):
    q, keys, _ = data(seed, moved)
    sizes = published.nsa.lucidrains.Sizes(stride=B, block=B, top_k=k, keys=WINDOW)
    windows = selection.mean_pool(keys, B)[:, : n // B]
    memory = np.zeros((GROUPS, 1, d))
    atoms = np.concatenate([memory, windows], axis=1)
    return of_tokens(published.nsa.lucidrains.sets(q, atoms, sizes).selected)


def run_dsa(seed, k, moved):
    q, keys, rest = data(seed, moved)
    return of_tokens(published.dsa.sets(q, keys[0], rest[:, :, 0].T, top_k=k), n, 1)


def run_kpool(seed, k, moved, tail=True):
    q, keys, rest = data(seed, moved)
    weights = 1 + abs(rest[:, :, 0].T)
    sizes = {"top_k": k * B, "block": B, "tail": tail}
    return of_tokens(published.kpool.sets(q, keys[0], weights, keys[1], **sizes))


def run_qsa(seed, k, moved):
    q, keys, _ = data(seed, moved)
    means = selection.mean_pool(keys[0], B)
    return of_tokens(published.qsa.sets(q, means, top_k=k * B, block=B))


def run_msa(seed, k, moved):
    q, keys, _ = data(seed, moved)
    return of_tokens(published.msa.sets(q, keys[0], top_k=k, block=B, local=LOCAL))


def window_and_entries(sets):
    """Atoms: the entries, and last the window."""
    window, entries = (dense(p, shape) for p, shape in zip(sets, (n, (n, m))))
    return sets, window, np.concatenate([entries, np.ones((1, n, 1), bool)], axis=-1)


def run_csa(seed, k, moved):
    q, keys, rest = data(seed, moved)
    entries = selection.mean_pool(keys[0], B)
    weights = rest[:, :, 0].T
    sets = published.csa.sets(q, entries, weights, top_k=k, block=B, keys=WINDOW)
    return window_and_entries(sets)


def run_hca(seed, k, moved):
    return window_and_entries(published.hca.sets(block=B, keys=WINDOW))


def run_infllm(seed, k, moved):
    q, keys, _ = data(seed, moved)
    sizes = published.infllm.Sizes(length=B, stride=2, block=B, top_k=k, first=1, local=1)
    return of_tokens(published.infllm.sets(q, keys, sizes))


def run_seer(seed, k, moved):
    """Identities for the gate; k blocks of m, the ratio that gives k."""
    q, keys, _ = data(seed, moved)
    means = [selection.mean_pool(x, B) for x in (q, keys)]
    eyes = [np.broadcast_to(np.eye(d), (len(x), d, d)) for x in means]
    scores = published.seer.gate_scores(*means, *eyes)
    ratio = 1 - (1 - (k + 0.5) / m) ** 2
    chosen = published.seer.ratio_choice(scores, ratio)
    return of_tokens(published.seer.sets(chosen, block=B))


def run_xattention(seed, k, moved):
    q, keys, _ = data(seed, moved)
    sizes = {"block": B, "stride": 2, "threshold": k / 10, "chunk": B}
    return of_tokens(published.xattention.sets(q, keys, **sizes))


VIDEO = {"shape": (2, 11), "tile": (1, B)}
TILES = published.vsa.tiles(**VIDEO)


def run_vsa(seed, k, moved, own=False):
    q, keys, _ = data(seed, moved)
    sets = published.vsa.sets(q, keys, top_k=k, own=own, **VIDEO)
    tokens = dense(sets, n)
    firsts = np.searchsorted(TILES, np.arange(TILES.max() + 1))
    return sets, tokens, tokens[..., firsts]


def run_quest(seed, k, moved, last=False):
    q, keys, _ = data(seed, moved)
    sets = published.quest.sets(q[:, -1:], keys, page=B, pages=k, last=last)
    return of_tokens(sets, (1, n))


def run_minference(seed, k, moved):
    rng = np.random.default_rng(seed)
    q, keys = 3 * rng.standard_normal((2, HEADS, LONG, d))
    sets = published.minference.sets(q, keys, verticals=k - 110, slashes=110)
    atoms = np.zeros((HEADS, 1, 2 * LONG), bool)
    for h, p in enumerate(sets):
        columns, diagonals = leaves(p)
        atoms[h, 0, list(columns.positions)] = True
        atoms[h, 0, [LONG + o for o in diagonals.offsets]] = True
    return sets, dense(sets, LONG), atoms


METHODS = {
    "top-k": Method(run_topk, lambda i: {*range(i + 1)}, length=1),
    "Explicit Sparse Transformer": Method(
        lambda *a: run_topk(*a, ties=True), lambda i: {*range(i + 1)}, length=1
    ),
    "MoBA": Method(run_moba),
    "NSA, the paper": Method(run_paper),
    "NSA, fla": Method(run_fla),
    "NSA, lucidrains": Method(run_lucidrains, k=2),
    "DSA, IndexShare": Method(run_dsa, lambda i: {*range(i + 1)}, length=1),
    "k-pool": Method(run_kpool, k=2),
    "k-pool, no tail": Method(
        lambda *a: run_kpool(*a, tail=False), lambda i: {*range((i + 1) // B)}, k=2
    ),
    "QSA": Method(run_qsa, k=2),
    "MSA": Method(run_msa),
    "CSA": Method(run_csa, lambda i: {*range((i + 1) // B), m}, k=2),
    "HCA": Method(run_hca, lambda i: {*range((i + 1) // B), m}),
    "InfLLM-V2": Method(run_infllm),
    "SeerAttention, by ratio": Method(run_seer, k=2),
    "XAttention": Method(run_xattention, k=5),
    "VSA": Method(run_vsa, lambda i: {*range(int(TILES.max()) + 1)}),
    "VSA, include_self": Method(
        lambda *a: run_vsa(*a, own=True), lambda i: {*range(int(TILES.max()) + 1)}
    ),
    "Quest, evaluated": Method(run_quest, lambda i: {*range(m)}, k=3),
    "Quest, kernels": Method(lambda *a: run_quest(*a, last=True), lambda i: {*range(m)}, k=3),
    "MInference": Method(run_minference, lambda i: {*range(2 * LONG)}, k=35 + 110),
}
ROWS = sr.selection_conventions()

# what is always in, of what query i can have
FORCED = {
    "none": lambda i: set(),
    "own block": lambda i: {i // B},
    "block 0, own": lambda i: {0, i // B},
    "block 0, own - 1, own": lambda i: {0, i // B - 1, i // B},
    "block 0, own and local before": lambda i: {0, i // B - 1, i // B},
    "own block, local - 1 before": lambda i: {i // B - t for t in range(LOCAL)},
    "tail": lambda i: {i // B} if (i + 1) % B else set(),
    "window": lambda i: {m},
    "window, all pools": lambda i: {*range(m + 1)},
    "own tile": lambda i: {int(TILES[i])},
    "last page": lambda i: {m - 1},
    "30 columns, 100 diagonals": lambda i: {*range(30), *range(LONG, LONG + 100)},
}
COUNTS = {  # atoms of a query, from k, what it can have, and what of this is forced
    "yes": lambda k, visible, forced: max(len(forced), min(k, len(visible))),
    "no, extra": lambda k, visible, forced: len(forced) + min(k, len(visible - forced)),
    "nothing is forced": lambda k, visible, forced: min(k, len(visible)),
    "all pools": lambda k, visible, forced: len(visible),
}


def members(mask):
    return set(np.flatnonzero(mask).tolist())


@pytest.fixture(params=ROWS, ids=lambda row: row.method)
def row(request):
    return request.param


def test_the_rows_are_the_methods_that_are_run():
    assert [row.method for row in ROWS] == list(METHODS)


def test_whether_the_budget_counts_the_forced(row):
    method = METHODS[row.method]
    if row.budget == "yes, in the sum":
        return assert_forced_blocks_count_in_the_sum()
    for seed in SEEDS[:5]:
        atoms = method.run(seed)[2]
        for i in range(atoms.shape[1]):
            visible = method.visible(i)
            forced = FORCED[row.forced](i) & visible
            expected = COUNTS[row.budget](method.k, visible, forced)
            assert (atoms[:, i].sum(axis=-1) == expected).all(), (seed, i)


def assert_forced_blocks_count_in_the_sum():
    """XAttention: forced blocks with half of the attention leave nothing to take."""
    choice = published.xattention.choice
    scores = np.tril(np.ones((5, 5)))
    scores[4] = 3, 1, 1, 1, 3
    assert choice(scores, threshold=6 / 9, first_chunk=1).row(4, 5).tolist() == [0, 4]
    assert choice(scores, threshold=0.7, first_chunk=1).row(4, 5).tolist() == [0, 1, 4]


def test_what_is_forced_is_always_in_and_nothing_else(row):
    method = METHODS[row.method]
    runs = [method.run(seed)[2] for seed in SEEDS]
    queries, heads = runs[0].shape[1], runs[0].shape[0]
    for i in range(queries):
        forced = FORCED[row.forced](i) & method.visible(i)
        always = [members(np.all([atoms[h, i] for atoms in runs], axis=0)) for h in range(heads)]
        assert all(forced <= common for common in always), i
        if i == queries - 1:
            assert all(forced == common for common in always), i


def test_whether_the_own_token_is_always_in(row):
    method = METHODS[row.method]

    def own_tokens(k=None):
        """[i in A_i], (seeds, heads, queries); a decoded query is the last position."""
        tokens = np.stack([method.run(seed, k)[1] for seed in SEEDS])
        first = tokens.shape[-1] - tokens.shape[-2]
        return np.diagonal(tokens, first, -2, -1)

    if row.own == "yes":
        assert own_tokens().all()
    elif row.own == "no":
        assert not own_tokens().all()
    elif row.own.startswith("only if k >= "):
        least = {"3": 3, "local": LOCAL}[row.own.rpartition(" ")[2]]
        assert own_tokens(least).all()
        assert not own_tokens(least - 1).all()
    elif row.own == "no: not at (i + 1) mod r = 0":
        is_last = (np.arange(n) + 1) % B == 0
        assert own_tokens()[..., ~is_last].all()
        assert not own_tokens()[..., is_last].all(axis=(0, 1))[B:].any()
    else:
        assert row.own == "no: rows i < r - 1 are empty"
        counts = np.stack([method.run(seed)[1].sum(axis=-1) for seed in SEEDS])
        assert not counts[..., : B - 1].any()
        assert counts[..., B - 1 :].all()


def test_how_later_keys_are_left_out(row):
    method = METHODS[row.method]
    _, tokens, atoms = method.run()
    future = np.triu(np.ones(tokens.shape[1:], bool), 1)
    if row.causality == "decodes":
        assert tokens.shape[1] == 1
        return
    if row.causality == "not causal":
        assert (tokens & future).any()
        return
    assert not (tokens & future).any()
    if row.causality == "j <= i, by the last queries":
        assert_the_last_queries_decide()
    elif row.causality == "later blocks before, later queries of the block decide":
        assert_later_queries_of_the_block_decide()
    elif row.causality == "later blocks score 0, cut after":
        assert_later_blocks_are_not_read()
    else:
        moved = method.run(moved=True)[2]
        assert np.array_equal(atoms[:, :CUT], moved[:, :CUT])
        assert row.method == "HCA" or not np.array_equal(atoms, moved)
        reaches_on = [
            (i, e)
            for i in range(n)
            for e in members(atoms[:, i].any(axis=0))
            if e < m and (e + 1) * method.length > i + 1
        ]
        if row.causality == "complete pools before, j <= i after":
            assert reaches_on
            assert all(e == i // B for i, e in reaches_on)
        else:
            assert row.causality == "before"
            assert all(e in FORCED[row.forced](i) for i, e in reaches_on)


def assert_the_last_queries_decide():
    """MInference: other last queries change the keys of the first ones."""
    q, keys = np.random.default_rng(0).standard_normal((2, LONG, d))
    moved = q.copy()
    moved[-20:] *= -9
    before, after = (
        published.minference.sets(x, keys, verticals=40, slashes=100) for x in (q, moved)
    )
    assert not np.array_equal(sr.dense(before, LONG)[:-20], sr.dense(after, LONG)[:-20])


def assert_later_queries_of_the_block_decide():
    """SeerAttention: the last token of a block of queries changes the keys of the first one."""
    rng = np.random.default_rng(0)
    q, keys = rng.standard_normal((1, 12, d)), rng.standard_normal((1, 12, d))
    eye = np.eye(d)[None]
    first_rows = []
    for last in (-50, 50):
        q[0, -1] = last
        means = [selection.mean_pool(x, B) for x in (q, keys)]
        (chosen,) = published.seer.ratio_choice(published.seer.gate_scores(*means, eye, eye), 0.5)
        first_rows.append(published.seer.sets(chosen, block=B).row(8, 12).tolist())
    assert first_rows[0] != first_rows[1]


def assert_later_blocks_are_not_read():
    """XAttention: scores above the diagonal change nothing."""
    scores = np.random.default_rng(0).random((2, 7, 7))
    chosen = published.xattention.choice
    for first_chunk in (1, 3, 7):
        sizes = {"threshold": 0.8, "first_chunk": first_chunk}
        assert chosen(np.tril(scores), **sizes) == chosen(scores, **sizes)


def test_what_has_a_set_of_its_own(row):
    runs = [METHODS[row.method].run(seed) for seed in SEEDS[:8]]
    sets, tokens, _ = runs[0]
    atoms = np.concatenate([run[2] for run in runs], axis=1)
    if row.sets == "layer":
        assert len(tokens) == 1
        assert not isinstance(sets, tuple) or row.method in ("CSA", "HCA")
        return
    equal = np.array([[np.array_equal(a, b) for b in atoms] for a in atoms])
    group = np.arange(HEADS) // (HEADS // GROUPS)
    same_group = group[:, None] == group
    expected = {
        "query head": np.eye(HEADS, dtype=bool),
        "index head": np.eye(HEADS, dtype=bool),
        "key head": same_group,
    }
    assert np.array_equal(equal, expected[row.sets])


def test_what_becomes_of_a_pool_that_is_not_full(row):
    _, tokens, atoms = METHODS[row.method].run()
    q, keys, _ = data(0)
    if row.partial == "tokens, no pools":
        assert row.method == "MInference" or np.array_equal(tokens, atoms)
    elif row.partial == "own block, up to i":
        for i in range(n):
            own = {j for j in members(tokens[0, i]) if j // B == i // B}
            assert own == {*range(i // B * B, i + 1)}
    elif row.partial == "unseen until full":
        begun = np.arange(m) * B + B > np.arange(n)[:, None] + 1
        assert not (atoms[..., :m] & begun).any()
    elif row.partial == "tail":
        for i in range(n):
            own = {j for j in members(tokens[0, i]) if j // B == i // B}
            assert own == {*range(i // B * B, i + 1)} or (i + 1) % B == 0
    elif row.partial == "maximum of its keys j <= i":
        scores = np.asarray(published.msa.scores(q, keys[0], block=B))
        i = n - 2  # the last block has two tokens, of which this is the first
        assert scores[1, i, -1] == pytest.approx(q[1, i] @ keys[0, i])
    elif row.partial == "best atom that reaches in":
        sizes = published.infllm.Sizes(length=B, stride=2, block=B, top_k=4, local=0)
        atoms_of_block = np.asarray(published.infllm.block_scores(np.eye(m * 2), m, sizes)) > 0
        assert [members(column) for column in atoms_of_block.T] == [
            {2 * J + t for t in (-1, 0, 1)} - {-1} for J in range(m)
        ]
    elif row.partial == "pools of its tokens":
        (means,) = published.seer.pool_channels(q[:1], ["avg"], block=B)
        assert np.allclose(means[-1], q[0, -2:].mean(axis=0))
    elif row.partial == "bound of its tokens":
        bound = np.asarray(published.quest.bounds(q[:, -1:], keys, page=B))[1, 0, -1]
        products = q[1, -1] * keys[0, -2:]
        assert bound == pytest.approx(products.max(axis=0).sum())
    else:
        assert row.partial == "mean over its tokens"
        means = [np.stack([x[0, t == TILES].mean(axis=0) for t in range(6)]) for x in (q, keys)]
        scores = means[0] @ means[1].T
        own = row.method == "VSA, include_self"
        chosen = published.vsa.choice(scores, top_k=4, own=own)
        assert np.array_equal(sr.dense(chosen, 6)[TILES], atoms[0])


def test_the_command_prints_the_table(capsys):
    import json

    from sparse_ref.cli import main

    assert main(["rosetta", "--selection"]) == 0
    lines = capsys.readouterr().out.strip().split("\n")
    assert len(lines) == 1 + len(ROWS)
    assert all(line.startswith(row.method) for line, row in zip(lines[1:], ROWS))
    assert main(["rosetta", "--selection", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [sr.SelectionConvention(**entry) for entry in rows] == list(ROWS)
