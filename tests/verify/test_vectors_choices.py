"""Parts of the suite: --only when it is written and when it is judged, and the base of lse."""

import json
from collections import Counter

import numpy as np
import pytest
from verify.vector_outputs import outputs, read_index

import sparse_ref as sr
from sparse_ref.cli import main
from sparse_ref.verify import vectors
from sparse_ref.verify.vectors.selection import globs, matching_ids


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    return vectors.write(tmp_path_factory.mktemp("vectors") / "suite")


@pytest.fixture(scope="module")
def right(suite, tmp_path_factory):
    """Right outputs and their lse."""
    folder = tmp_path_factory.mktemp("outputs") / "right"
    return outputs(suite, read_index(suite), folder, lambda entry, a: None, lse=True)


WINDOWS = "lookback*,grouped*"
CHOSEN = ("lookback", "lookback-own-key", "lookback-tiles", "grouped", "grouped-by-three")


def only_windows(suite, folder):
    """What a kernel writes that has windows only."""
    index = read_index(suite)
    index["cases"] = [entry for entry in index["cases"] if entry["id"] in CHOSEN]
    return outputs(suite, index, folder, lambda entry, a: None)


def test_a_kernel_for_windows_only_passes_with_the_globs_and_not_without(suite, tmp_path, capsys):
    written = only_windows(suite, tmp_path / "o")
    assert not vectors.check(suite, written).passed
    report = vectors.check(suite, written, only=WINDOWS)
    assert report.passed
    assert report.ids("pass") == CHOSEN
    assert (report.total, report.only) == (len(vectors.CASES), ("lookback*", "grouped*"))
    assert vectors.check(suite, written, only=["lookback*", "grouped*"]) == report
    command = ["vectors", str(suite), "--check", str(written), "--only", WINDOWS]
    assert main(command) == 0
    summary = f"5 of {len(vectors.CASES)} cases (--only lookback*,grouped*) in float32"
    assert capsys.readouterr().out.startswith(f"PASS: {summary}: 5 pass")
    assert main([*command, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["total"], said["only"]) == (len(vectors.CASES), ["lookback*", "grouped*"])
    (written / "lookback.out.bin").unlink()
    assert main(command) == 1
    assert "FAIL: 5 of" in capsys.readouterr().out


def test_a_part_of_the_suite_is_written_and_its_verdict_says_so(suite, tmp_path, capsys):
    folder = tmp_path / "part"
    assert main(["vectors", str(folder), "--only", WINDOWS]) == 0
    total = len(vectors.CASES)
    line = f"{folder}: 5 of {total} cases of {len(vectors.FLAGS)} known bugs\n"
    assert capsys.readouterr().out == line
    index = read_index(folder)
    assert tuple(entry["id"] for entry in index["cases"]) == CHOSEN
    assert (index["only"], index["total"]) == (["lookback*", "grouped*"], total)
    assert len((folder / "cases.txt").read_text().splitlines()) == 2 + 5
    for file in folder.glob("lookback*"):
        assert file.read_bytes() == (suite / file.name).read_bytes()
    report = vectors.check(folder, only_windows(folder, tmp_path / "o"))
    assert report.passed
    assert str(report).startswith(f"PASS: 5 of {total} cases (--only lookback*,grouped*)")
    one = vectors.check(folder, tmp_path / "o", only="lookback")
    assert str(one).startswith(f"PASS: 1 of {total} cases (--only lookback)")


def test_an_unknown_glob_is_an_error_that_lists_the_ids(suite, right, tmp_path, capsys):
    message = r"only must match an id, got 'lookbak\*'; ids are full, causal, lookback,"
    with pytest.raises(ValueError, match=message):
        vectors.check(suite, right, only="lookback*,lookbak*")
    with pytest.raises(ValueError, match=message):
        vectors.write(tmp_path / "new", only="lookbak*")
    assert not (tmp_path / "new").exists()
    assert main(["vectors", str(suite), "--check", str(right), "--only", "Lookback"]) == 2
    assert "got 'Lookback'; ids are full, causal" in capsys.readouterr().err


def test_globs_are_separated_by_commas():
    assert globs(None) == globs("") == globs(" , ") == ()
    assert globs("a*, b") == globs(["a*", "b"]) == globs(["a*,b"]) == ("a*", "b")
    assert matching_ids(["ab", "b", "ca"], ("b", "a*")) == ["ab", "b"]
    assert matching_ids(["ab", "b"], ()) == ["ab", "b"]


def test_what_is_written_for_other_cases_is_not_unknown(suite, right):
    assert vectors.check(suite, right, only="causal").unknown == ()


def test_lse_in_base_2_is_right_if_it_is_declared(suite, right, tmp_path, capsys):
    index = read_index(suite)

    def base_2(entry, a):
        a.lse = a.lse / np.log(2)

    written = outputs(suite, index, tmp_path / "o", base_2, lse=True)
    assert vectors.check(suite, written, lse="base2").passed
    assert main(["vectors", str(suite), "--check", str(written), "--lse", "base2"]) == 0
    assert [*vectors.check(suite, written).bugs] == ["lse in base 2"]
    assert [*vectors.check(suite, right, lse="base2").bugs] == ["lse in base e"]
    with pytest.raises(ValueError, match="lse must be one of natural, base2, got 'base10'"):
        vectors.check(suite, right, lse="base10")
    capsys.readouterr()
    assert main(["vectors", str(tmp_path / "new"), "--lse", "base2"]) == 2
    assert "--lse is about checking outputs: it needs --check" in capsys.readouterr().err


def test_gradients_without_one_another_are_a_verdict(suite, right, tmp_path):
    folder = tmp_path / "o"
    folder.mkdir()
    for file in right.glob("backward*"):
        (folder / file.name).write_bytes(file.read_bytes())
    assert vectors.check(suite, folder, only="backward*").passed
    (folder / "backward.dk.bin").unlink()
    content = (folder / "backward-window.dv.bin").read_bytes()
    (folder / "backward-window.dv.bin").write_bytes(content[:-4])
    verdicts = vectors.check(suite, folder, only="backward*").verdicts
    said = {verdict.id: verdict.message for verdict in verdicts if verdict.status == "fail"}
    assert said == {
        "backward": "backward.dq.bin is there, but backward.dk.bin is not",
        "backward-window": "backward-window.dv.bin must hold (2, 21, 4) numbers, 672 bytes as "
        "float32 or 1344 as float64, got 668 bytes",
    }
    for name in ("dq", "dk", "dv"):
        (folder / f"backward-grouped.{name}.bin").unlink()
    (folder / "backward-grouped.lse.bin").unlink()
    report = vectors.check(suite, folder, only="backward-grouped")
    assert report.ids("missing") == ("backward-grouped",)


def test_gradients_in_npz_are_read(suite, right, tmp_path):
    entry = next(entry for entry in read_index(suite)["cases"] if entry["id"] == "backward")
    arrays = {
        name: np.fromfile(right / f"backward.{name}.bin", "<f4").reshape(
            entry["arrays"][name]["shape"]
        )
        for name in ("dq", "dk", "dv")
    }
    np.savez(tmp_path / "backward.npz", **arrays)
    assert vectors.check(suite, tmp_path, only="backward").passed
    np.savez(tmp_path / "backward.npz", dq=arrays["dq"], dv=arrays["dv"])
    (verdict,) = vectors.check(suite, tmp_path, only="backward").verdicts
    assert verdict.message == "backward.npz must hold an array `dk`"


def test_a_bug_that_a_case_catches_in_part_is_named(suite, tmp_path):
    """`finite mask` may mean two things; where one of them is right, the other still matches."""
    index = read_index(suite)
    entry = next(entry for entry in index["cases"] if entry["id"] == "cache-huge-tail")
    assert "finite mask" in entry["flags_in_part"]
    assert not set(entry["flags"]) & set(entry["flags_in_part"])

    def added(entry, a):
        a.x = a.x + np.where(a.m > 0, 0, -1e4)
        a.m = np.ones_like(a.m)

    index["cases"] = [entry]
    written = outputs(suite, index, tmp_path / "o", added)
    report = vectors.check(suite, written, only="cache-huge-tail")
    assert "finite mask" in report.verdicts[0].matches


P, N = sr.Lookback(6), 24


def attention(m, fill=-np.inf, kv=lambda h, heads, groups: h // (heads // groups), times=1):
    """Dense attention with a mask of its own, in NumPy; `times` is how often a key counts."""

    def fn(q, k, v):
        heads = [kv(h, q.shape[-3], k.shape[-3]) for h in range(q.shape[-3])]
        x = q @ np.swapaxes(k[..., heads, :, :], -1, -2) / np.sqrt(q.shape[-1])
        x = np.where(m[: x.shape[-2], : x.shape[-1]], x, fill)
        p = (
            np.exp(x - x.max(axis=-1, keepdims=True))
            * np.broadcast_to(times, (64, 64))[: x.shape[-2], : x.shape[-1]]
        )
        return p / p.sum(axis=-1, keepdims=True) @ v[..., heads, :, :]

    return fn


i, j = np.ogrid[:64, :64]
FAULTY = {
    "left edge": (attention((j <= i) & (i - j < 7)), {}),
    "right edge": (attention((j < i) & (i - j < 6) | (i == j) & (i == 0)), {}),
    "future": (attention((j <= i + 1) & (i - j < 6)), {}),
    "transposed mask": (attention((j >= i) & (j - i < 6)), {}),
    "inverted mask": (attention(~((j <= i) & (i - j < 6))), {}),
    "rounded out to blocks": (
        attention((i // 4 * 4 + 3 >= j) & (j >= np.maximum(i // 4 * 4 - 5, 0) // 4 * 4)),
        {},
    ),
    "kv head h % G": (
        attention((j <= i) & (i - j < 6), kv=lambda h, heads, groups: h % groups),
        {"heads": 4, "kv_heads": 2},
    ),
    "finite mask": (attention((j <= i) & (i - j < 6), fill=-1e4), {}),
    "last, partial tile": (attention((j <= i) & (j < 16)), {"pattern": sr.Causal()}),
    "alignment": (attention(j <= i), {"pattern": sr.Shifted(sr.Causal(), 8), "n": (16, 24)}),
    "keys count twice": (attention((j <= i) & (i - j < 6), times=1 + (i == j)), {}),
    "no soft cap": (attention((j <= i) & (i - j < 6)), {"softcap": 1.5}),
}


@pytest.mark.parametrize("flag", vectors.CAUSES)
def test_reports_of_check_speak_the_words_of_the_flags(flag):
    fn, options = FAULTY[flag]
    question = {"pattern": P, "n": N, "ragged": False} | options
    report = sr.verify.check(fn, **question)
    assert not report.passed
    assert vectors.CAUSES[flag] in str(report), report
    assert flag in vectors.FLAGS


def test_names_of_flags_are_lines_that_no_other_begins(suite):
    assert max(Counter(vectors.FLAGS.values()).values()) == 1
    assert all(len(name) < 40 and not name.endswith(".") for name in vectors.FLAGS)
