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

import sparse_ref as sr
from sparse_ref.cli import main
from sparse_ref.verify import vectors
from sparse_ref.verify.vectors import files
from sparse_ref.verify.vectors.flags import results
from sparse_ref.verify.vectors.tolerance import compare

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """The suite, written once."""
    return vectors.write(tmp_path_factory.mktemp("vectors") / "suite")


@pytest.fixture(scope="module")
def index(suite):
    """index.json."""
    return json.loads((suite / "index.json").read_text())


def raw(suite, entry, name):
    """An array as a program without zip reads it."""
    said = entry["arrays"][name]
    return np.fromfile(suite / said["file"], np.dtype(said["dtype"]).newbyteorder("<")).reshape(
        said["shape"]
    )


def softmax(x, m):
    """Rows of m exp(x) over their sums; 0 where the sum is, and in rows without keys."""
    x = np.where(m > 0, x, -np.inf)
    top = x.max(axis=-1, keepdims=True)
    p = m * np.exp(x - np.where(top == -np.inf, 0, top))
    return p / np.maximum(p.sum(axis=-1, keepdims=True), 1e-300)


def outputs(suite, index, folder, change, lse=False):
    """A folder of outputs of dense float32 attention, after `change(entry, a)` on its arrays a."""
    folder.mkdir()
    for entry in index["cases"]:
        q, k, v = (np.nan_to_num(raw(suite, entry, name), posinf=0, neginf=0) for name in "qkv")
        kv = np.arange(len(q)) // (len(q) // len(k))
        a = dict(
            q=q,
            k=k,
            x=q @ k[kv].mT * entry["scale"],
            m=raw(suite, entry, "mask").astype(float),
            v=v[kv],
            out=None,
            lse=raw(suite, entry, "lse"),
        )
        with np.errstate(all="ignore"):
            change(entry, a)
            out = softmax(a["x"], a["m"]) @ a["v"] if a["out"] is None else a["out"]
        if entry["id"] == "nan-member" and "swallows" not in a:
            out[..., 0] = np.where(a["m"][..., 5] > 0, np.nan, out[..., 0])
        out.astype("<f4").tofile(folder / f"{entry['id']}.out.bin")
        if lse:
            a["lse"].astype("<f4").tofile(folder / f"{entry['id']}.lse.bin")
    return folder


def test_a_right_implementation_passes_and_so_does_its_log_sum_exp(suite, index, tmp_path):
    report = vectors.check(
        suite, outputs(suite, index, tmp_path / "o", lambda entry, a: None, lse=True)
    )
    assert report.passed, report
    assert report
    assert report.ids("pass") == tuple(case.id for case in vectors.CASES)
    assert not report.bugs
    assert not report.suspects


def of(*beginnings):
    """Whether the sets of a case begin with one of these."""
    return lambda entry: entry["patterns"][0].startswith(beginnings)


def masked(applies, change):
    """A bug that changes the mask m (H, n_q, n_k), at positions i and j, where it applies."""

    def changed(entry, a):
        if applies(entry):
            i, j = np.ogrid[: a["m"].shape[1], : a["m"].shape[2]]
            a["m"] = np.broadcast_to(np.asarray(change(a["m"], i, j), float), a["m"].shape)

    return changed


def always(entry):
    return True


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
        masked_ = np.where(a["m"] > 0, 0, fill)
        a["x"] = a["x"] + masked_ if added else np.where(a["m"] > 0, a["x"], fill)
        a["m"] = np.ones_like(a["m"])

    return change


def scaled(factor):
    def change(entry, a):
        a["x"] = a["x"] / entry["scale"] * factor(entry["d"])

    return change


def in_turn(entry, a):
    q, k, g = a["q"], a["k"], np.arange(len(a["q"])) % entry["groups"]
    per = entry["heads"] // entry["groups"]
    a["x"], a["v"] = q @ k[g].mT * entry["scale"], a["v"][::per][g]


def averaged(put):
    def change(entry, a):
        none = a["m"].sum(axis=-1, keepdims=True) == 0
        a["out"] = np.where(none, put(a["v"]), softmax(a["x"], a["m"]) @ a["v"])

    return change


def ghosts(entry, a):
    more = -a["m"].shape[2] % 16
    a["x"], a["m"] = (
        np.concatenate([y, np.full((*y.shape[:2], more), fill)], axis=2)
        for y, fill in ((a["x"], 0), (a["m"], 1))
    )
    a["v"] = np.pad(a["v"], [(0, 0), (0, more), (0, 0)])


def cut(entry, a):
    a["out"] = a["m"] * softmax(a["x"], np.ones_like(a["m"])) @ a["v"]


def drowned(entry, a):
    p = a["m"] * np.exp(a["x"] - a["x"].max(axis=-1, keepdims=True)).astype(np.float32)
    a["out"] = p / p.sum(axis=-1, keepdims=True) @ a["v"]
    a["out"][a["m"].sum(axis=-1) == 0] = 0


def unshifted(entry, a):
    p = a["m"] * np.exp(a["x"].astype(np.float32))
    a["out"] = p / p.sum(axis=-1, keepdims=True) @ a["v"]
    a["out"][a["m"].sum(axis=-1) == 0] = 0


def base_2(entry, a):
    a["lse"] = a["lse"] / np.log(2)


def without_maximum(entry, a):
    a["lse"] = a["lse"] - np.where(a["m"] > 0, a["x"], -np.inf).max(axis=-1)


MUTANTS = [
    ("left edge", masked(of("Lookback", "Window(3", "Local(4)"), wider)),
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
        "twice",
        masked(
            of("Local(4) | Strided(4)"),
            lambda m, i, j: 1.0 * ((j <= i) & (i - j <= 4)) + ((j <= i) & ((i - j) % 4 == 0)),
        ),
    ),
    ("rounded", masked(always, tiled)),
    ("transposed", masked(lambda e: e["n"][0] == e["n"][1], lambda m, i, j: m.mT)),
    ("inverted", masked(always, lambda m, i, j: m == 0)),
    ("shifted", masked(always, lambda m, i, j: np.pad(m, [(0, 0), (0, 0), (0, 1)])[..., 1:])),
    ("shifted", masked(always, lambda m, i, j: np.pad(m, [(0, 0), (0, 0), (1, 0)])[..., :-1])),
    ("heads permuted", masked(always, lambda m, i, j: m[::-1])),
    ("head modulo", in_turn),
    ("empty rows", averaged(lambda v: v.mean(axis=1, keepdims=True))),
    ("empty rows", averaged(lambda v: np.nan)),
    ("remainder", masked(always, lambda m, i, j: m * (j < m.shape[2] // 16 * 16))),
    ("ghost", ghosts),
    ("leak", finite(-1e4, added=False)),
    ("leak", finite(-1e4, added=True)),
    ("zeroed", finite(0, added=False)),
    ("row sum", cut),
    ("poison", drowned),
    ("overflow", unshifted),
    ("scale", scaled(lambda d: 1)),
    ("scale", scaled(lambda d: d**-0.5)),
    ("lse", base_2),
    ("lse", without_maximum),
]


def test_every_flag_has_a_mutant():
    assert {flag for flag, _ in MUTANTS} == set(vectors.FLAGS)


@pytest.mark.parametrize(
    ("flag", "change"), MUTANTS, ids=[f"{flag}-{t}" for t, (flag, _) in enumerate(MUTANTS)]
)
def test_a_bug_fails_and_is_named(flag, change, suite, index, tmp_path):
    report = vectors.check(suite, outputs(suite, index, tmp_path / "o", change, lse=flag == "lse"))
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
                statuses = {
                    compare(entry, arrays, out, lse if flag == "lse" else None, precision).status
                    for out, lse in bugs
                }
                if flag in entry["flags"] and statuses == {"fail"}:
                    caught.add(flag)
        assert caught == set(vectors.FLAGS)


def test_the_files_are_what_the_index_says_in_both_forms(suite, index):
    assert (index["schema"], index["version"], index["library"]) == (
        "sparse_ref vectors",
        1,
        f"sparse_ref {sr.__version__}",
    )
    assert 40 <= len(index["cases"]) <= 70
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


def test_expected_outputs_are_the_reference_s_over_the_set_in_notation(suite, index):
    for entry in index["cases"]:
        q, k, v, mask, indptr, indices, out, lse = (
            raw(suite, entry, name) for name in entry["arrays"]
        )
        patterns = [sr.parse(text) for text in entry["patterns"]] * (
            entry["heads"] // len(entry["patterns"])
        )
        n = tuple(entry["n"])
        assert np.array_equal(mask, np.stack([sr.dense(p, n) for p in patterns]))
        rows = [indices[start:stop] for start, stop in pairwise(indptr)]
        assert all(
            np.array_equal(np.flatnonzero(row), keys)
            for row, keys in zip(mask.reshape(-1, n[1]), rows)
        )
        expected = sr.attend_with_lse(
            *(x.astype(float) for x in (q, k, v)),
            patterns,
            scale=entry["scale"],
            device="reference",
        )
        assert np.array_equal(out, expected[0], equal_nan=True)
        assert np.array_equal(lse, expected[1], equal_nan=True)
        assert {
            name: x.dtype.name
            for name, x in zip(entry["arrays"], (q, k, v, mask, indptr, indices, out, lse))
        } == {
            "q": "float32",
            "k": "float32",
            "v": "float32",
            "mask": "uint8",
            "indptr": "int64",
            "indices": "int64",
            "out": "float64",
            "lse": "float64",
        }


def test_bfloat16_and_float16_hold_the_inputs_exactly(suite, index):
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="ml_dtypes is missing")
    for entry in index["cases"]:
        for name in "qkv":
            x = raw(suite, entry, name)
            for dtype in (np.float16, ml_dtypes.bfloat16):
                assert np.array_equal(x.astype(dtype).astype(np.float32), x, equal_nan=True), (
                    entry["id"],
                    name,
                    dtype,
                )


def test_the_text_for_c_says_what_the_index_says(suite, index):
    first, columns, *lines = (suite / "cases.txt").read_text().splitlines()
    assert first == "# sparse_ref vectors 1"
    for line, entry in zip(lines, index["cases"], strict=True):
        said = dict(zip(columns.lstrip("# ").split(), line.split(), strict=True))
        assert said.pop("id") == entry["id"]
        assert float(said.pop("tolerance")) == entry["tolerance"]["out"]["float32"]
        assert [float(value) for value in said.values()] == [
            entry["heads"],
            entry["groups"],
            *entry["n"],
            entry["d"],
            entry["e"],
            entry["scale"],
        ]


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
    assert "zeroed" in vectors.check(suite, written).bugs, "masked logits stay 0 there"


def test_nan_where_no_query_looks_is_acceptable_from_dense_code_and_nowhere_else(
    suite, index, tmp_path
):
    def dense(entry, a):
        k, v = raw(suite, entry, "k"), raw(suite, entry, "v")
        kv = np.arange(entry["heads"]) // (entry["heads"] // entry["groups"])
        a["out"] = softmax(a["q"] @ k[kv].mT * entry["scale"], a["m"]) @ v[kv]

    def broken(entry, a):
        a["swallows"] = True
        a["out"] = np.where(
            entry["id"] in ("causal", "nan-beside"), np.nan, softmax(a["x"], a["m"]) @ a["v"]
        )

    report = vectors.check(suite, outputs(suite, index, tmp_path / "dense", dense))
    assert report.ids("acceptable") == ("nan-beside", "inf-beside", "nan-member")
    assert report.passed
    assert "acceptable nan-beside" in str(report)
    other = vectors.check(suite, outputs(suite, index, tmp_path / "broken", broken))
    assert other.ids("fail") == ("causal", "nan-member"), "a NaN that is swallowed fails too"
    assert other.ids("acceptable") == ("nan-beside",)


def test_an_infinite_lse_of_empty_rows_is_acceptable_a_finite_one_is_not(suite, index, tmp_path):
    def put(number):
        def change(entry, a):
            a["lse"] = np.where(a["m"].sum(axis=-1) == 0, number, a["lse"])

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
        none = a["m"].sum(axis=-1, keepdims=True) == 0
        if none.any():
            a["out"] = np.where(none, a["v"][:, :1] + 5, softmax(a["x"], a["m"]) @ a["v"])

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
    assert said["local"].startswith(
        "local.npz is no .npz of arrays: ValueError: Object arrays cannot be loaded"
    )
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
    (copy / "index.json").write_text(json.dumps({**index, "version": 2}))
    with pytest.raises(
        ValueError,
        match=r"of schema 'sparse_ref vectors', version 1, got \('sparse_ref vectors', 2\)",
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
    assert f" {len(vectors.CASES)} cases, about 1 MB" in (DOCS / "vectors.md").read_text()
    rows = re.findall(
        r"^\| `([a-z 0-9]+)` \| (.+) \|$",
        (DOCS / "vectors.md").read_text().partition("| flag |")[2],
        re.M,
    )
    assert dict(rows) == vectors.FLAGS
    assert list(dict(rows)) == list(vectors.FLAGS)
