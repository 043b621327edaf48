"""The suite of vectors: its files are what the index says, the same each time.

An implementation with a bug, written here in a few lines of NumPy, fails with that bug's name. The
C reader of the docs is compiled and passes.
"""

import json
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from verify.vector_mutants import GRADIENT_MUTANTS, OPTION_MUTANTS, to_the_end_of_pages
from verify.vector_outputs import Attention, always, cap, masked, of, outputs, raw, softmax

import sparse_ref as sr
from sparse_ref.cli import main
from sparse_ref.verify import vectors
from sparse_ref.verify.vectors import files
from sparse_ref.verify.vectors.comparison import compare
from sparse_ref.verify.vectors.flags import LSE_FLAGS, results

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """The suite, written once."""
    return vectors.write(tmp_path_factory.mktemp("vectors") / "suite")


@pytest.fixture(scope="module")
def index(suite):
    """index.json."""
    return json.loads((suite / "index.json").read_text())


def test_a_right_implementation_passes_and_so_does_its_log_sum_exp(suite, index, tmp_path):
    report = vectors.check(
        suite, outputs(suite, index, tmp_path / "o", lambda entry, a: None, lse=True)
    )
    assert report.passed, report
    assert report
    assert report.ids("pass") == tuple(case.id for case in vectors.CASES)
    assert not report.bugs
    assert not report.suspects


def wider(m, i, j):
    return np.maximum(m, np.pad(m, [(0, 0), (0, 0), (0, 1)])[..., 1:])


def later(m, i, j):
    return np.maximum(m, np.pad(m, [(0, 0), (0, 0), (1, 0)])[..., :-1])


def tiled(m, i, j):
    any_ = np.stack(
        [
            [
                [h[r : r + 4, c : c + 4].max() for c in range(0, h.shape[1], 4)]
                for r in range(0, h.shape[0], 4)
            ]
            for h in m
        ]
    )
    big = np.kron(any_, np.ones((1, 4, 4)))
    return big[:, : m.shape[1], : m.shape[2]]


def finite(fill, added):
    def change(entry, a):
        masked_ = np.where(a.m > 0, 0, fill)
        a.x = a.x + masked_ if added else np.where(a.m > 0, a.x, fill)
        a.m = np.ones_like(a.m)

    return change


def scaled(factor):
    def change(entry, a):
        raw_logits = a.products() / entry["scale"] * factor(entry["d"])
        a.x = cap(raw_logits, entry["softcap"])
        if entry["backward"]:
            scaled_entry = {**entry, "scale": factor(entry["d"])}
            b = Attention(scaled_entry, a.q, a.k, a.values, a.m, a.sinks, a.grad, None, None)
            b.kv, b.right_kv, b.right_m, b.x, b.right_x = a.kv, a.kv, a.m, a.x, a.x
            dq, dk, dv = b.backward()
            a.gradients = {"dq": dq, "dk": a.sum_heads(dk), "dv": a.sum_heads(dv)}

    return change


def in_turn(entry, a):
    if entry["heads"] != entry["kv_heads"]:
        a.kv = np.arange(len(a.q)) % entry["kv_heads"]
        a.x, a.v = cap(a.products(), entry["softcap"]), a.values[a.kv]


def averaged(put):
    def change(entry, a):
        none = a.m.sum(axis=-1, keepdims=True) == 0
        a.out = np.where(none, put(a.v), a.weights() @ a.v)

    return change


def no_partial_tile(entry, a):
    tile = entry["page_size"] or 16
    m = a.m.copy()
    for queries, keys in a.parts:
        whole = (keys.stop - keys.start) // tile * tile
        m[:, queries, keys.start + whole :] = 0
    a.m = m


def ghosts(entry, a):
    more = -a.m.shape[2] % 16
    if entry["sequences"] or not more:
        return
    a.x, a.m = (
        np.concatenate([y, np.full((*y.shape[:2], more), fill)], axis=2)
        for y, fill in ((a.x, 0), (a.m, 1))
    )
    a.v = np.pad(a.v, [(0, 0), (0, more), (0, 0)])


def cut(entry, a):
    if a.sinks is None:
        a.out = a.m * softmax(a.x, np.ones_like(a.m)) @ a.v


def drowned(entry, a):
    if a.sinks is None:
        p = a.m * np.exp(a.x - a.x.max(axis=-1, keepdims=True)).astype(np.float32)
        a.out = p / p.sum(axis=-1, keepdims=True) @ a.v
        a.out[a.m.sum(axis=-1) == 0] = 0


def unshifted(entry, a):
    if a.sinks is None:
        p = a.m * np.exp(a.x.astype(np.float32))
        a.out = p / p.sum(axis=-1, keepdims=True) @ a.v
        a.out[a.m.sum(axis=-1) == 0] = 0


def without_rescale(tile, rescales_sum):
    """Online softmax over tiles of keys that forgets what a new maximum means for old tiles."""

    def change(entry, a):
        if entry["sequences"] or a.sinks is not None:
            return
        out = np.zeros((*a.m.shape[:2], a.v.shape[2]))
        for h, i in np.ndindex(*a.m.shape[:2]):
            top, total = -np.inf, 0.0
            for start in range(0, a.m.shape[2], tile):
                keys = start + np.flatnonzero(a.m[h, i, start : start + tile])
                new_top = max(top, a.x[h, i, keys].max(initial=-np.inf))
                if new_top == -np.inf:
                    continue
                p = np.exp(a.x[h, i, keys].astype(float) - new_top)
                total = (total * np.exp(top - new_top) if rescales_sum else total) + p.sum()
                out[h, i] += p @ a.v[h, keys]
                top = new_top
            out[h, i] /= total or 1
        a.out = out

    return change


def base_2(entry, a):
    a.lse = a.lse / np.log(2)


def twice_converted(entry, a):
    a.lse = a.lse * np.log(2)


def without_maximum(entry, a):
    top = np.where(a.m > 0, a.x, -np.inf).max(axis=-1, initial=-np.inf)
    a.lse = a.lse - (top if a.sinks is None else np.maximum(top, a.sinks[:, None]))


WINDOWS = "Lookback", "Window(3", "Local(4)"
MUTANTS = [
    ("left edge", masked(of(*WINDOWS), wider)),
    (
        "left edge",
        masked(
            of("Lookback(4)", "Lookback(17)"),
            lambda m, i, j: m * (i - j < m.sum(axis=-1).max() - 1),
        ),
    ),
    ("right edge", masked(of("Window(3)", "Band(5"), later)),
    ("right edge", masked(of("Window(3)"), lambda m, i, j: m * (j < i + 3))),
    ("own key", masked(lambda e: e["n"][0] == e["n"][1], lambda m, i, j: m * (i != j))),
    ("future", masked(of("Lookback", "Causal"), later)),
    (
        "alignment",
        masked(
            lambda e: of("Causal()")(e) and e["n"][0] != e["n"][1],
            lambda m, i, j: j <= i + m.shape[2] - m.shape[1],
        ),
    ),
    ("alignment", masked(of("Shifted(Causal"), lambda m, i, j: j <= i)),
    ("steps", masked(of("Strided(4)"), lambda m, i, j: (j <= i) & (j % 4 == 0))),
    ("steps", masked(of("Dilated(2, 3)"), lambda m, i, j: abs(i - j) <= 6)),
    ("borders", masked(of("Documents((5, 1"), lambda m, i, j: j <= i)),
    ("globals missing", masked(of("Window(1) | Global"), lambda m, i, j: abs(i - j) <= 1)),
    ("random missing", masked(of("Window(1) | Random"), lambda m, i, j: abs(i - j) <= 1)),
    (
        "keys count twice",
        masked(
            of("Local(4) | Strided(4)"),
            lambda m, i, j: 1.0 * ((j <= i) & (i - j <= 4)) + ((j <= i) & ((i - j) % 4 == 0)),
        ),
    ),
    ("rounded out to blocks", masked(always, tiled)),
    ("transposed mask", masked(lambda e: e["n"][0] == e["n"][1], lambda m, i, j: m.mT)),
    ("inverted mask", masked(always, lambda m, i, j: m == 0)),
    ("shifted", masked(always, lambda m, i, j: np.pad(m, [(0, 0), (0, 0), (0, 1)])[..., 1:])),
    ("shifted", masked(always, lambda m, i, j: np.pad(m, [(0, 0), (0, 0), (1, 0)])[..., :-1])),
    ("heads permuted", masked(always, lambda m, i, j: m[::-1])),
    ("kv head h % G", in_turn),
    ("empty rows", averaged(lambda v: v.mean(axis=1, keepdims=True))),
    ("empty rows", averaged(lambda v: np.nan)),
    ("last, partial tile", no_partial_tile),
    ("padding attended to", ghosts),
    ("finite mask", finite(-1e4, added=False)),
    ("finite mask", finite(-1e4, added=True)),
    ("masked logits 0", finite(0, added=False)),
    ("masked after softmax", cut),
    ("maximum over all keys", drowned),
    ("maximum not subtracted", unshifted),
    ("scale", scaled(lambda d: 1)),
    ("scale", scaled(lambda d: d**-0.5)),
    ("missing rescale of the accumulator", without_rescale(16, rescales_sum=True)),
    ("missing rescale of the accumulator", without_rescale(8, rescales_sum=False)),
    ("lse in base 2", base_2),
    ("lse in base e", twice_converted),
    ("lse without the maximum", without_maximum),
    *OPTION_MUTANTS,
    *GRADIENT_MUTANTS,
]


def test_every_flag_has_a_mutant():
    assert {flag for flag, _ in MUTANTS} == set(vectors.FLAGS)


@pytest.mark.parametrize(
    ("flag", "change"), MUTANTS, ids=[f"{flag}-{t}" for t, (flag, _) in enumerate(MUTANTS)]
)
def test_a_bug_fails_and_is_named(flag, change, suite, index, tmp_path):
    folder = outputs(suite, index, tmp_path / "o", change, lse=flag in LSE_FLAGS)
    report = vectors.check(suite, folder)
    assert not report.passed
    assert next(iter(report.bugs), None) == flag, report
    assert len(report.bugs[flag]) > 0.8 * len(report.ids("fail"))
    line = f"points to {flag}: {vectors.FLAGS[flag]}; {len(report.bugs[flag])} of the "
    assert line in str(report)
    assert " failing outputs match this bug exactly" in str(report)


def test_each_set_that_a_bug_makes_is_wrong_and_each_flag_is_caught_at_every_precision(index):
    for entry in index["cases"]:
        assert set(entry["wrong"]) <= set(entry["flags"]), entry["id"]
    for precision in ("float64", "bfloat16", "float16"):
        caught = set()
        for case in vectors.CASES:
            arrays = vectors.arrays(case)
            entry = vectors.entry(case, arrays)
            for flag, bugs in results(entry, arrays):
                names = ["lse"] if flag in LSE_FLAGS else entry["outputs"]
                written = [{name: bug.by_name()[name] for name in names} for bug in bugs]
                statuses = {compare(entry, arrays, bug, precision).status for bug in written}
                if flag in entry["flags"] and statuses == {"fail"}:
                    caught.add(flag)
        assert caught == set(vectors.FLAGS)


def test_the_files_are_what_the_index_says_in_both_forms(suite, index):
    assert (index["schema"], index["version"], index["library"]) == (
        "sparse_ref vectors",
        2,
        f"sparse_ref {sr.__version__}",
    )
    assert (index["only"], index["total"]) == ([], len(vectors.CASES))
    assert 90 <= len(index["cases"]) <= 120
    assert max(max(entry["n"]) for entry in index["cases"]) <= 64
    assert sum(file.stat().st_size for file in suite.iterdir()) < 3e6
    listed = {"index.json", "cases.txt"}
    for entry in index["cases"]:
        with np.load(suite / entry["npz"], allow_pickle=False) as arrays:
            assert sorted(arrays.files) == sorted(entry["arrays"])
            for name in entry["arrays"]:
                assert arrays[name].dtype == entry["arrays"][name]["dtype"]
                assert arrays[name].tobytes() == raw(suite, entry, name).tobytes(), (
                    entry["id"],
                    name,
                )
        listed |= {entry["npz"], *(said["file"] for said in entry["arrays"].values())}
    assert {file.name for file in suite.iterdir()} == listed


DTYPES = {
    **dict.fromkeys(["q", "k", "v", "sinks", "grad_out", "k_pages", "v_pages"], "float32"),
    **dict.fromkeys(["block_table", "seq_lens", "cu_seqlens_q", "cu_seqlens_k"], "int32"),
    **dict.fromkeys(["offsets", "topk"], "int32"),
    "mask": "uint8",
    **dict.fromkeys(["indptr", "indices"], "int64"),
    **dict.fromkeys(["out", "lse", "dq", "dk", "dv"], "float64"),
}


def test_arrays_have_one_dtype_each_and_the_names_that_the_options_say(suite, index):
    for entry in index["cases"]:
        names = {"q", "mask", "indptr", "indices", "out", "lse"}
        pages = {"k_pages", "v_pages", "block_table", "seq_lens"}
        names |= pages if entry["page_size"] else {"k", "v"}
        names |= {"sinks"} if entry["sinks"] else set()
        names |= {"topk"} if entry["topk"] else set()
        names |= {"grad_out", "dq", "dk", "dv"} if entry["backward"] else set()
        names |= {"cu_seqlens_q", "cu_seqlens_k", "offsets"} if entry["sequences"] else set()
        assert set(entry["arrays"]) == names, entry["id"]
        for name in names:
            assert raw(suite, entry, name).dtype.name == DTYPES[name]


def test_masks_are_the_sets_in_notation_and_the_selected_keys(suite, index):
    for entry in index["cases"]:
        mask, indptr, indices = (raw(suite, entry, name) for name in ("mask", "indptr", "indices"))
        rows = [indices[start:stop] for start, stop in pairwise(indptr)]
        assert all(
            np.array_equal(np.flatnonzero(row), keys)
            for row, keys in zip(mask.reshape(-1, mask.shape[2]), rows)
        )
        n = tuple(entry["n"])
        patterns = [sr.parse(text) for text in entry["patterns"]]
        if entry["topk"]:
            topk = raw(suite, entry, "topk")
            assert not patterns
            for keys, row in zip(topk.reshape(-1, entry["topk"]), mask.reshape(-1, n[1])):
                selected = keys[keys >= 0]
                assert len(set(selected)) == len(selected)
                assert np.array_equal(np.flatnonzero(row), np.sort(selected))
                assert (keys[len(selected) :] == -1).all(), "padding is behind the keys"
        elif entry["sequences"]:
            expected = np.zeros(n, bool)
            a = Attention.read(suite, entry)
            for p, (queries, keys), offset in zip(
                patterns, a.parts, raw(suite, entry, "offsets"), strict=True
            ):
                shape = queries.stop - queries.start, keys.stop - keys.start
                base = getattr(p, "pattern", p)
                assert getattr(p, "offset", 0) == offset
                for i, j in np.ndindex(*shape):
                    expected[queries.start + i, keys.start + j] = base.contains(i + offset, j)
            assert (mask == expected).all()
        else:
            patterns *= entry["heads"] // len(patterns)
            assert np.array_equal(mask, np.stack([sr.dense(p, n) for p in patterns]))


def test_the_selections_have_padding_and_no_key_after_the_query(suite, index):
    paddings, futures = 0, 0
    for entry in index["cases"]:
        if entry["topk"]:
            topk = raw(suite, entry, "topk")
            paddings += int((topk < 0).sum())
            if entry["id"] != "topk-shared":
                offset = 2 if entry["id"] == "topk-decoding" else 0
                futures += int((topk > np.arange(topk.shape[1])[:, None] + offset).sum())
            assert any(list(keys) != sorted(keys) for keys in topk[0]), "some are in no order"
    assert paddings
    assert not futures


def test_expected_outputs_are_the_reference_s_and_those_of_plain_numpy(suite, index):
    """attend_with_lse and attend_backward, bit for bit without options; a second statement else."""
    for entry in index["cases"]:
        a = Attention.read(suite, entry)
        out, lse = raw(suite, entry, "out"), raw(suite, entry, "lse")
        qkv = [x.astype(float) for x in (a.q, a.k, a.values)]
        if not entry["page_size"]:
            qkv[1:] = [raw(suite, entry, name).astype(float) for name in "kv"]
        a.q, a.k, a.values = (np.nan_to_num(x, posinf=0, neginf=0) for x in qkv)
        a.x = a.right_x = cap(a.products(), entry["softcap"])
        a.v, a.grad = a.values[a.kv], None if a.grad is None else a.grad.astype(float)
        a.sinks = None if a.sinks is None else a.sinks.astype(float)
        plain, members = a.output(), entry["id"] != "nan-member"
        if members:
            assert np.allclose(out, plain, rtol=1e-12, atol=1e-12), entry["id"]
        if entry["softcap"] or entry["sinks"]:
            total = np.exp(np.where(a.m > 0, a.x, -np.inf)).sum(axis=-1)
            total += 0 if a.sinks is None else np.exp(a.sinks)[:, None]
            assert np.allclose(lse, np.log(total), rtol=1e-12)
        else:
            lists = [sr.Listed(*lists_of(mask)) for mask in a.m]
            expected = sr.attend_with_lse(*qkv, lists, scale=entry["scale"], device="reference")
            assert np.array_equal(out, expected[0], equal_nan=True)
            assert np.array_equal(lse, expected[1], equal_nan=True)
        if entry["backward"]:
            for name, gradient in zip(("dq", "dk", "dv"), a.backward()):
                gradient = gradient if name == "dq" else a.sum_heads(gradient)
                assert np.allclose(raw(suite, entry, name), gradient, rtol=1e-10, atol=1e-12)


def lists_of(mask):
    return np.cumsum([0, *mask.sum(axis=1).astype(int)]), np.nonzero(mask)[1]


def test_gradients_are_finite_differences_of_the_output(suite, index):
    """Of sum(grad_out * out), by central differences in float64, for a soft cap and for sinks."""
    for name in ("backward-grouped", "backward-softcap", "backward-sink-logits", "backward-ragged"):
        entry = next(entry for entry in index["cases"] if entry["id"] == name)
        a = Attention.read(suite, entry)
        inputs = {"q": a.q.astype(float), "k": a.k.astype(float), "v": a.values.astype(float)}

        def loss(inputs, a=a, entry=entry):
            x = cap(inputs["q"] @ inputs["k"][a.kv].mT * entry["scale"], entry["softcap"])
            return (a.grad * (softmax(x, a.m, a.sinks) @ inputs["v"][a.kv])).sum()

        for letter in inputs:
            expected = raw(suite, entry, f"d{letter}")
            for index_ in [(0, 0, 0), (-1, 3, 1), (0, 7, 2), (-1, -1, -1)]:
                step = np.zeros_like(inputs[letter])
                step[index_] = 1e-5
                ends = [loss({**inputs, letter: inputs[letter] + sign * step}) for sign in (1, -1)]
                assert np.isclose(expected[index_], (ends[0] - ends[1]) / 2e-5, atol=1e-7)


def test_bfloat16_and_float16_hold_the_inputs_exactly(suite, index):
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="ml_dtypes is missing")
    for entry in index["cases"]:
        for name in ("q", "k", "v", "sinks", "grad_out", "k_pages", "v_pages"):
            if name not in entry["arrays"]:
                continue
            x = raw(suite, entry, name)
            for dtype in (np.float16, ml_dtypes.bfloat16):
                assert np.array_equal(x.astype(dtype).astype(np.float32), x, equal_nan=True), (
                    entry["id"],
                    name,
                    dtype,
                )


def test_pages_are_scattered_and_stale_numbers_lie_where_no_key_is(suite, index):
    stale = {}
    for entry in index["cases"]:
        if not entry["page_size"]:
            continue
        table, lengths = (raw(suite, entry, name) for name in ("block_table", "seq_lens"))
        v = raw(suite, entry, "v_pages")
        assert v.shape[0] == entry["pages"]
        assert table.shape == (entry["sequences"], entry["blocks"])
        blocks = -(-lengths // entry["page_size"])
        used = [row[:count] for row, count in zip(table, blocks)]
        assert len(set(np.concatenate(used))) == blocks.sum(), "no page twice"
        assert all((row[count:] == 0).all() for row, count in zip(table, blocks))
        assert 0 not in np.concatenate(used), "what is behind a row names an unused page"
        assert any((np.diff(pages) != 1).any() for pages in used)
        unused = np.setdiff1d(np.arange(entry["pages"]), np.concatenate(used))
        tails = [v[p[-1], :, n % entry["page_size"] or 99 :] for p, n in zip(used, lengths)]
        tail = np.concatenate([x.ravel() for x in tails])
        stale[entry["id"]] = np.isnan(v[unused]).all(), np.isnan(tail).any(), np.nanmax(v) > 9999
    assert stale["paged"] == (False, False, False)
    assert stale["paged-huge"] == (False, False, True)
    assert stale["paged-nan-pages"] == (True, False, False)
    assert stale["paged-nan-tails"] == (True, True, False)


def test_the_text_for_c_says_what_the_index_says(suite, index):
    first, columns, *lines = (suite / "cases.txt").read_text().splitlines()
    assert first == "# sparse_ref vectors 2"
    names = columns.lstrip("# ").split()
    for line, entry in zip(lines, index["cases"], strict=True):
        said = dict(zip(names, line.split(), strict=True))
        assert (said.pop("id"), said.pop("kind")) == (entry["id"], entry["kind"])
        expected = {**entry, "n_q": entry["n"][0], "n_k": entry["n"][1]}
        tolerances = [entry["tolerance"][name]["float32"] for name in entry["outputs"]]
        assert float(said.pop("tolerance")) == min(tolerances)
        if entry["sequences"]:
            assert said.pop("offset") == "0", "it is in an array"
        for name, value in said.items():
            assert float(value) == float(expected[name]), (entry["id"], name)


KINDS = {
    "full": lambda i, j, a, b: True,
    "causal": lambda i, j, a, b: j <= i,
    "lookback": lambda i, j, a, b: i - a < j <= i,
    "local": lambda i, j, a, b: i - a <= j <= i,
    "window": lambda i, j, a, b: abs(i - j) <= a,
    "band": lambda i, j, a, b: i - a <= j <= i + b,
    "dilated": lambda i, j, a, b: abs(i - j) <= a * b and (i - j) % b == 0,
    "strided": lambda i, j, a, b: j <= i and (i - j) % a == 0,
    "block": lambda i, j, a, b: j <= i and i // a == j // a,
    "chunk": lambda i, j, a, b: (i - b) // a == (j - b) // a,
    "prefix": lambda i, j, a, b: j < a,
}


def test_a_window_is_its_columns_without_any_notation(suite, index):
    """What a C program does with `kind a b offset`, in a line for each kind."""
    seen = set()
    for entry in index["cases"]:
        kind, a, b, offset = (entry[name] for name in ("kind", "a", "b", "offset"))
        if kind not in KINDS or entry["sequences"]:
            continue
        seen.add(kind)
        for mask in raw(suite, entry, "mask"):
            for i, j in np.ndindex(*mask.shape):
                assert mask[i, j] == KINDS[kind](i + offset, j, a, b), (entry["id"], i, j)
    assert seen == set(KINDS)


def test_the_same_bytes_each_time(suite, tmp_path):
    code = f"from sparse_ref.verify import vectors; vectors.write({str(tmp_path / 'again')!r})"
    subprocess.run([sys.executable, "-c", code], check=True)
    for file in suite.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes(), file.name


def test_a_c_program_reads_the_suite_and_passes(suite, tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler: none of cc, gcc and clang is on the path")
    program, written = tmp_path / "reader", tmp_path / "outputs"
    written.mkdir()
    options = ["-O2", "-std=c99", "-Wall", "-Wextra", "-Werror", "-o", program]
    subprocess.run([compiler, *options, DOCS / "vectors" / "reader.c", "-lm"], check=True)
    subprocess.run([program, suite, written], check=True)
    for precision in ("float32", "float64"):
        report = vectors.check(suite, written, precision)
        assert len(report.ids("pass")) == len(vectors.CASES), report
    broken = (
        (DOCS / "vectors" / "reader.c")
        .read_text()
        .replace("if (!mask[j]) continue;", "if (0) continue;")
    )
    (tmp_path / "broken.c").write_text(broken)
    subprocess.run([compiler, "-std=c99", tmp_path / "broken.c", "-o", program, "-lm"], check=True)
    subprocess.run([program, suite, written], check=True)
    assert "masked logits 0" in vectors.check(suite, written).bugs, "masked logits stay 0 there"


def test_a_c_kernel_for_windows_reads_its_columns_and_no_mask(suite, tmp_path):
    """The reader with `kind a b offset` in place of the mask, and no case but windows."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler: none of cc, gcc and clang is on the path")
    text = (DOCS / "vectors" / "reader.c").read_text()
    window = "(j <= i + c->offset && j > i + c->offset - c->a)"
    skip = 'if (strcmp(c.kind, "lookback") || c.sequences || c.backward) continue;\n        '
    for old, new in (
        ("mask[j]", window),
        ("    const unsigned char *mask = x->mask + row * c->n_k;\n", ""),
        ("run(&c, ", skip + "run(&c, "),
        ("#include <stdlib.h>\n", "#include <stdlib.h>\n#include <string.h>\n"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "windows.c").write_text(text)
    program, written = tmp_path / "windows", tmp_path / "outputs"
    written.mkdir()
    subprocess.run([compiler, "-std=c99", tmp_path / "windows.c", "-o", program, "-lm"], check=True)
    subprocess.run([program, suite, written], check=True)
    report = vectors.check(suite, written, only="lookback*,grouped-by-three,ragged-window,decoding")
    assert report.passed, report
    assert len(report.ids("pass")) == 6
    assert not vectors.check(suite, written).passed, "what is missing does not pass"


def test_nan_where_no_query_looks_is_acceptable_from_dense_code_and_nowhere_else(
    suite, index, tmp_path
):
    def dense(entry, a):
        if entry["page_size"]:  # reads whole pages, and multiplies what is behind by 0
            to_the_end_of_pages(entry, a)
            whole = a.m.copy()
            whole[..., :] = 0
            for (queries, keys), start in zip(a.parts, starts_of_pages(a)):
                count = keys.stop - keys.start
                whole[:, queries, start : start + count] = a.right_m[:, queries, keys]
            a.out = softmax(a.x, whole) @ a.v
            return
        k, v = raw(suite, entry, "k"), raw(suite, entry, "v")
        x = cap(a.q @ k[a.kv].mT * entry["scale"], entry["softcap"])
        a.out = softmax(x, a.m, a.sinks) @ v[a.kv]

    def starts_of_pages(a):
        size = a.entry["page_size"]
        lengths = -(-a.pages["seq_lens"] // size) * size
        return np.cumsum(lengths) - lengths

    def broken(entry, a):
        a.swallows_nan = True
        if entry["id"] in ("causal", "nan-beside"):
            a.out = np.full(a.right_out.shape, np.nan)

    report = vectors.check(suite, outputs(suite, index, tmp_path / "dense", dense))
    acceptable = ("nan-beside", "inf-beside", "nan-member", "paged-nan-tails", "cache-nan-tail")
    assert report.ids("acceptable") == acceptable
    assert report.passed
    assert "acceptable nan-beside" in str(report)
    other = vectors.check(suite, outputs(suite, index, tmp_path / "broken", broken))
    assert other.ids("fail") == ("causal", "nan-member"), "a NaN that is swallowed fails too"
    assert other.ids("acceptable") == ("nan-beside",)


def test_an_infinite_lse_of_empty_rows_is_acceptable_a_finite_one_is_not(suite, index, tmp_path):
    def put(number):
        def change(entry, a):
            if not entry["sinks"]:  # with a sink, it is the sink
                a.lse = np.where(a.m.sum(axis=-1) == 0, number, a.lse)

        return change

    above = vectors.check(suite, outputs(suite, index, tmp_path / "above", put(np.inf), lse=True))
    assert above.passed
    assert "empty-all" in above.ids("acceptable")
    zero = vectors.check(suite, outputs(suite, index, tmp_path / "zero", put(0), lse=True))
    assert set(zero.ids("fail")) == set(above.ids("acceptable"))


def test_two_bugs_at_once_are_both_named(suite, index, tmp_path):
    def both(entry, a):
        masked(of("Lookback"), wider)(entry, a)
        masked(of("Documents((5, 1"), lambda m, i, j: j <= i)(entry, a)

    assert set(vectors.check(suite, outputs(suite, index, tmp_path / "o", both)).bugs) == {
        "left edge",
        "borders",
    }


def test_a_bug_with_other_numbers_is_a_suspicion(suite, index, tmp_path):
    def first_value(entry, a):
        none = a.m.sum(axis=-1, keepdims=True) == 0
        if none.any():
            a.out = np.where(none, a.v[:, :1] + 5, a.weights() @ a.v)

    report = vectors.check(suite, outputs(suite, index, tmp_path / "o", first_value))
    assert not report.bugs
    assert "empty rows" in report.suspects
    assert "perhaps empty rows" in str(report)


@pytest.fixture
def right(suite, index, tmp_path):
    """A folder of right outputs, to be spoilt."""
    return outputs(suite, index, tmp_path / "right", lambda entry, a: None)


def test_missing_short_and_strange_files_are_verdicts(suite, right):
    (right / "causal.out.bin").unlink()
    (right / "full.out.bin").write_bytes(b"12345")
    (right / "window.npz").write_bytes(b"no zip")
    (right / "local.out.bin").rename(right / "locale.out.bin")
    np.savez(right / "local.npz", out=np.array([object()]))
    (right / "band.out.bin").unlink()
    np.savez(right / "band.npz", lse=np.zeros((2, 18)))
    (right / "chunk.out.bin").unlink()
    np.savez(right / "chunk.npz", out=np.zeros((2, 18, 5)))
    (right / "scale.out.bin").unlink()
    np.savez(
        right / "scale.npz",
        out=np.fromfile(suite / "scale.out.bin").reshape(2, 18, 4).astype(np.float32),
        lse=np.fromfile(suite / "scale.lse.bin").reshape(2, 18),
    )
    report = vectors.check(suite, right)
    said = {verdict.id: verdict.message for verdict in report.verdicts}
    assert report.ids("missing") == ("causal",)
    assert set(report.ids("fail")) == {"full", "window", "local", "band", "chunk"}
    assert said["full"] == (
        "full.out.bin must hold (2, 18, 4) numbers, 576 bytes as float32 or 1152 as float64, "
        "got 5 bytes"
    )
    assert said["window"] == "both window.out.bin and window.npz are there"
    assert said["local"] == "out in local.npz must be floats (2, 18, 4), got object (1,)"
    assert said["band"] == "band.npz must hold an array `out`"
    assert said["chunk"] == "out in chunk.npz must be floats (2, 18, 4), got float64 (2, 18, 5)"
    assert report.unknown == ("locale.out.bin",)
    assert not report.passed
    assert json.loads(report.to_json())["passed"] is False
    assert "missing    causal" in str(report)


def test_a_suite_that_changed_or_is_none_is_refused(suite, right, tmp_path):
    with pytest.raises(
        FileNotFoundError,
        match=r"folder must be a suite that `sparse-ref vectors` wrote, got .*no index\.json",
    ):
        vectors.check(right, right.parent)
    with pytest.raises(FileNotFoundError, match="outputs must be a folder, got"):
        vectors.check(suite, tmp_path / "none")
    with pytest.raises(ValueError, match="outputs must be another folder than the suite's"):
        vectors.check(suite, suite)
    with pytest.raises(
        ValueError, match="precision must be one of float64, float32, float16, bfloat16, got 'int8'"
    ):
        vectors.check(suite, right, "int8")
    copy = Path(shutil.copytree(suite, tmp_path / "copy"))
    (copy / "causal.npz").write_bytes((copy / "causal.npz").read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match=r"as it was written, but .*causal\.npz has changed since"):
        vectors.check(copy, right)
    index = json.loads((copy / "index.json").read_text())
    (copy / "index.json").write_text(json.dumps({**index, "version": 1}))
    with pytest.raises(
        ValueError,
        match=r"version 2, got \('sparse_ref vectors', 1\): write it again with `sparse-ref",
    ):
        vectors.check(copy, right)


def test_it_is_written_to_new_and_empty_folders_alone_and_wholly_or_not_at_all(
    tmp_path, monkeypatch
):
    full, file, empty = tmp_path / "full", tmp_path / "file", tmp_path / "empty"
    full.mkdir()
    empty.mkdir()
    (full / "mine").write_text("kept")
    file.write_text("kept")
    with pytest.raises(
        FileExistsError, match=r"folder must be new or empty, got .*full, which is neither"
    ):
        vectors.write(full)
    with pytest.raises(
        FileExistsError, match=r"folder must be new or empty, got .*file, which is a file"
    ):
        vectors.write(file)
    monkeypatch.setattr(files, "CASES", vectors.CASES[:2])
    assert vectors.write(empty) == empty
    assert {"index.json", "cases.txt", "full.npz"} <= {path.name for path in empty.iterdir()}
    monkeypatch.setattr(files, "CASES", (*vectors.CASES[:2], None))
    with pytest.raises(AttributeError):
        vectors.write(tmp_path / "deep" / "new")
    assert not list((tmp_path / "deep").iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "empty", "file", "full"]


def test_the_command_writes_and_judges(right, tmp_path, capsys):
    target = tmp_path / "by-command"
    assert main(["vectors", str(target)]) == 0
    assert (
        capsys.readouterr().out
        == f"{target}: {len(vectors.CASES)} cases of {len(vectors.FLAGS)} known bugs\n"
    )
    assert main(["vectors", str(target)]) == 2
    assert "folder must be new or empty" in capsys.readouterr().err
    assert main(["vectors", str(target), "--check", str(right)]) == 0
    count = len(vectors.CASES)
    assert (
        capsys.readouterr().out
        == f"PASS: {count} cases in float32: {count} pass, 0 acceptable, 0 fail, 0 missing\n"
    )
    (right / "full.out.bin").unlink()
    assert (
        main(["vectors", str(target), "--check", str(right), "--json", "--precision", "bfloat16"])
        == 1
    )
    found = json.loads(capsys.readouterr().out)
    assert (found["precision"], found["passed"]) == ("bfloat16", False)
    assert main(["vectors", str(target), "--json"]) == 2
    assert "--json is about checking outputs: it needs --check" in capsys.readouterr().err


def test_the_table_of_flags_in_the_docs_is_that_of_the_code():
    assert f" {len(vectors.CASES)} cases, about 2 MB" in (DOCS / "vectors.md").read_text()
    rows = re.findall(
        r"^\| `([^`]+)` \| (.+) \|$",
        (DOCS / "vectors.md").read_text().partition("| flag |")[2],
        re.M,
    )
    assert dict(rows) == vectors.FLAGS
    assert list(dict(rows)) == list(vectors.FLAGS)


def test_the_docs_name_each_column_and_kind_and_show_a_real_report(suite, index, tmp_path):
    page = (DOCS / "vectors.md").read_text()
    columns = (suite / "cases.txt").read_text().splitlines()[1].lstrip("# ").split()
    table = page.partition("| columns | |")[2].partition("\n\n")[0]
    named = " ".join(re.findall(r"^\| `([^`]+)` \|", table, re.M)).split()
    assert named == columns
    kinds = page.partition("| kind | keys j of query i |")[2].partition("`index.json`")[0]
    assert {entry["kind"] for entry in index["cases"]} <= set(re.findall(r"`([a-z-]+)", kinds))
    written = outputs(suite, index, tmp_path / "o", masked(of(*WINDOWS), wider))
    lines = str(vectors.check(suite, written)).splitlines()
    assert lines[0] in page
    assert lines[-1] in page
