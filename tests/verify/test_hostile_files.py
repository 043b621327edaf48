"""Hostile outputs and suites: a verdict on the output, or one ValueError that names the field.

In a process of little memory, with a bound on its time.
"""

import json
import os
import shutil
import sys
from contextlib import suppress

import numpy as np
import pytest
from bounded_process import BoundedProcess
from hypothesis import given
from hypothesis import strategies as st
from verify.hostile_folders import (
    ARCHIVES,
    IDS,
    KINDS,
    MEMORY,
    copied,
    header_of,
    npy,
    rewrite,
    rewrite_archive,
    rewrite_arrays,
    zipped,
)
from verify.vector_outputs import outputs, raw, read_index
from withstood import withstands

from sparse_ref.cli import main
from sparse_ref.verify import vectors
from sparse_ref.verify.vectors import judge, regular_files

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="its process is one of Linux")
REFUSALS = ("FileError", "ValueError", "FileNotFoundError")


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    return vectors.write(tmp_path_factory.mktemp("hostile") / "suite", only=IDS)


@pytest.fixture(scope="module")
def right(suite):
    return outputs(suite, read_index(suite), suite.parent / "right", lambda entry, a: None)


@pytest.fixture(scope="module")
def wrong(suite):
    """Outputs of zeros, which are compared with those of every bug."""

    def zeros(entry, a):
        a.out = np.zeros((*a.m.shape[:2], entry["e"]))

    return outputs(suite, read_index(suite), suite.parent / "wrong", zeros)


@pytest.fixture(scope="module")
def process():
    with BoundedProcess(MEMORY) as process:
        yield process


def verdict_on_full(process, suite, folder):
    """The message on the case `full`; all others pass."""
    answer = process.call("check", str(suite), str(folder))
    assert answer.kind == "value", answer
    statuses = {name: status for name, (status, _) in answer.value.items()}
    assert statuses == dict.fromkeys(IDS, "pass") | {"full": "fail"}, answer
    assert answer.seconds < 10
    return answer.value["full"][1]


@pytest.mark.parametrize("ending", ["out.bin", "npz"])
@pytest.mark.parametrize("kind", KINDS)
@withstands("hostile files")
def test_an_output_of_another_kind_is_a_verdict(kind, ending, suite, right, process, tmp_path):
    place, message = KINDS[kind]
    with copied(right, tmp_path / "o") as folder:
        (folder / "full.out.bin").unlink()
        place(folder / f"full.{ending}")
        said = verdict_on_full(process, suite, folder)
    assert said.startswith(f"full.{ending} ")
    assert message in said


@pytest.mark.parametrize("kind", ARCHIVES)
@withstands("hostile files")
def test_a_hostile_archive_is_a_verdict(kind, suite, right, process, tmp_path):
    place, message = ARCHIVES[kind]
    with copied(right, tmp_path / "o") as folder:
        (folder / "full.out.bin").unlink()
        place(folder / "full.npz")
        assert message in verdict_on_full(process, suite, folder)


def test_archives_in_other_orders_of_bytes_and_axes_are_read(suite, right, process, tmp_path):
    entry = read_index(suite)["cases"][0]
    out = raw(suite, entry, "out")
    forms = [
        npy(header_of("'>f8'"), out.astype(">f8").tobytes()),
        npy(header_of(fortran=True), out.tobytes(order="F")),
        npy(header_of("'<f4'"), out.astype("<f4").tobytes(), version=b"\x02\x00"),
    ]
    with copied(right, tmp_path / "o") as folder:
        (folder / "full.out.bin").unlink()
        for content in forms:
            zipped(folder / "full.npz", [("out.npy", content)])
            answer = process.call("check", str(suite), str(folder))
            assert set(map(tuple, answer.value.values())) == {("pass", "")}


def test_a_link_inside_the_folder_is_followed(suite, right, process, tmp_path):
    with copied(right, tmp_path / "o") as folder:
        (folder / "full.out.bin").rename(folder / "x")
        (folder / "full.out.bin").symlink_to("x")
        answer = process.call("check", str(suite), str(folder))
        assert answer.value["full"][0] == "pass"


def test_a_file_without_permission_is_a_verdict(suite, right, monkeypatch):
    def refuse(path, flags):
        raise PermissionError(13, "Permission denied", path)

    read_index(suite)
    original = regular_files._descriptor
    monkeypatch.setattr(
        regular_files,
        "_descriptor",
        lambda path, flags: (refuse if "full.out" in path else original)(path, flags),
    )
    report = vectors.check(suite, right)
    assert report.ids("fail") == ("full",)
    assert report.verdicts[0].message == "full.out.bin cannot be read: Permission denied"


def test_a_file_that_shrinks_while_it_is_read_is_a_verdict(suite, right, tmp_path, monkeypatch):
    with copied(right, tmp_path / "o") as folder:
        original = regular_files.RegularFile.content

        def content(file):
            if file.name == "full.out.bin":
                os.truncate(folder / file.name, 5)
            return original(file)

        monkeypatch.setattr(regular_files.RegularFile, "content", content)
        report = vectors.check(suite, folder)
    message = "full.out.bin must not change while it is read, got 5 bytes of 576"
    assert report.verdicts[0].message == message


def test_of_many_unknown_files_the_first_are_listed(suite, right, tmp_path):
    with copied(right, tmp_path / "o") as folder:
        names = [f"x{t:04}" for t in range(judge.MAX_UNKNOWN + 10)]
        for name in names:
            (folder / name).touch()
        assert vectors.check(suite, folder).unknown == tuple(names[: judge.MAX_UNKNOWN])


def refused(process, suite, right):
    """The message of the one ValueError."""
    answer = process.call("check", str(suite), str(right))
    assert answer.kind == "FileError", answer
    assert answer.seconds < 20
    return answer.value


@pytest.mark.parametrize("name", ["index.json", "full.npz"])
@pytest.mark.parametrize("kind", KINDS)
@withstands("hostile files")
def test_a_suite_of_other_kinds_is_refused(kind, name, suite, right, process, tmp_path):
    place, message = KINDS[kind]
    with copied(suite, tmp_path / "s") as folder:
        (folder / name).unlink()
        place(folder / name)
        said = refused(process, folder, right)
    is_changed = (kind, name) == ("a file of gigabytes", "full.npz")
    assert ("has changed since" if is_changed else message) in said
    assert name in said


TEXTS = {
    "no UTF-8": (b"\xff\xfe{}", "index.json is no JSON of a suite: 'utf-8' codec can't decode"),
    "no JSON": (b"{", "index.json is no JSON of a suite: Expecting property name"),
    "nested": (b"[" * 100_000, "index.json is nested too deeply"),
    "a key twice": (b'{"a": 1, "a": 2}', "the key 'a' is there twice"),
    "NaN": (b'{"a": NaN}', "index.json is no JSON of a suite: NaN is no number of JSON"),
    "-Infinity": (b'{"a": -Infinity}', "-Infinity is no number of JSON"),
    "many digits": (b"9" * 10_000, "index.json is no JSON of a suite: Exceeds the limit"),
    "no object": (b"[]", "folder must be a suite of schema 'sparse_ref vectors', version 2"),
    "another": (b'{"schema": {"a": []}, "version": [2]}', "got ({'a': []}, [2])"),
}


@pytest.mark.parametrize("text", TEXTS)
@withstands("hostile files")
def test_an_index_that_is_no_json_of_a_suite_is_refused(text, suite, right, process, tmp_path):
    content, message = TEXTS[text]
    with copied(suite, tmp_path / "s") as folder:
        (folder / "index.json").write_bytes(content)
        assert message in refused(process, folder, right)


def put(*path, value):
    """A change of index.json: another value at a path, in the case `full` unless it is longer."""

    def change(index):
        place = index
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


FIELDS = {
    "index.json.total must be an integer from 0": put("total", value=1e999),
    "index.json.total must be at least 9, got 3": put("total", value=3),
    "index.json.cases must be a list of cases, at least 1, got []": put("cases", value=[]),
    "index.json.only must be a list, and in it a text, got [1]": put("only", value=[1]),
    "index.json.flags['scale'] must be a text, got 1": put("flags", "scale", value=1),
    "index.json.cases[0] must be an object, got 3": put("cases", 0, value=3),
    "cases[0].id must be letters, digits, - and _": put("cases", 0, "id", value="../full"),
    "cases[1].id must be letters, digits": put("cases", 1, "id", value="/etc/passwd"),
    "cases[2].id must be letters, digits, - and _, at most 64": put("cases", 2, "id", value=[]),
    "cases[0].npz must be 'full.npz', got '/dev/zero'": put("cases", 0, "npz", value="/dev/zero"),
    "cases[0].npz must be 'full.npz', got '../x.npz'": put("cases", 0, "npz", value="../x.npz"),
    "cases[0].heads must be an integer from 1": put("cases", 0, "heads", value=2.0),
    "cases[0].kv_heads must divide heads = 2, got 3": put("cases", 0, "kv_heads", value=3),
    "cases[0].n must be [n_q, n_k], integers from 1": put("cases", 0, "n", value=[18, 0]),
    "cases[0].scale must be a finite number, got inf": put("cases", 0, "scale", value=1e999),
    "cases[0].scale must be a finite number, got 1000": put("cases", 0, "scale", value=10**400),
    "cases[0].softcap must be a finite number of at": put("cases", 0, "softcap", value=-1),
    "cases[0].sinks must be true or false, got 0": put("cases", 0, "sinks", value=0),
    'cases[0].expected must be "valid" or': put("cases", 0, "expected", value="x"),
    "cases[0].outputs must be ['out'], got ['lse']": put("cases", 0, "outputs", value=["lse"]),
    "cases[0].flags must be among the flags": put("cases", 0, "flags", value=["x"]),
    "cases[0].sha256 must be a SHA-256 in 64 digits": put("cases", 0, "sha256", value=None),
    "cases[0].tolerance must have a field 'out'": put("cases", 0, "tolerance", value={}),
    "cases[0].tolerance.out.float32 must be a finite number of at least 0, got inf": put(
        "cases", 0, "tolerance", "out", "float32", value=1e999
    ),
    "tolerance.out of full.npz.float32 must be at most 0.0": put(
        "cases", 0, "tolerance", "out", "float32", value=1e200
    ),
    "cases[0].arrays, sorted, must be ['indices', 'indptr',": put("cases", 0, "arrays", value={}),
    "cases[0].arrays.q.shape must be [2, 18, 8], got [2, 18, 9]": put(
        "cases", 0, "arrays", "q", "shape", value=[2, 18, 9]
    ),
    "cases[0].arrays.q.shape must be a list, and in it an integer": put(
        "cases", 0, "arrays", "q", "shape", value=[2, 18, 8.0]
    ),
    "cases[0].arrays.q.dtype must be 'float32', got 'object'": put(
        "cases", 0, "arrays", "q", "dtype", value="object"
    ),
    "cases[0].arrays.q.file must be 'full.q.bin', got '../q'": put(
        "cases", 0, "arrays", "q", "file", value="../q"
    ),
    "cases[0].arrays.indices.shape must be [pairs], at most 648, got [649]": put(
        "cases", 0, "arrays", "indices", "shape", value=[649]
    ),
    "cases[0].wrong['scale'] must be a list, and in it a list": put(
        "cases", 0, "wrong", value={"scale": ["Causal()"]}
    ),
    "cases[0].wrong['scale'] must have 2 sets each, got 3": put(
        "cases", 0, "wrong", value={"scale": [["Causal()"] * 3]}
    ),
    "cases[0].wrong['scale']: bigbird_google(1000000000, 64, 3, 0) needs about": put(
        "cases", 0, "wrong", value={"scale": [["bigbird_google(1000000000, 64, 3, 0)"]]}
    ),
    "cases[0].wrong['scale']: no pattern is called '__import__'": put(
        "cases", 0, "wrong", value={"scale": [["__import__('os')"]]}
    ),
    "cases[0].wrong['scale'] must be sets, got 'strided(4)'": put(
        "cases", 0, "wrong", value={"scale": [["strided(4)"]]}
    ),
    "cases must have at most 16777216 products": put(
        "cases", 0, "wrong", value={"scale": [["Causal()"]] * 20_000}
    ),
}


@pytest.mark.parametrize("message", FIELDS)
@withstands("hostile files")
def test_a_field_that_is_not_as_written_is_named(message, suite, right, process, tmp_path):
    with copied(suite, tmp_path / "s") as folder:
        rewrite(folder, FIELDS[message])
        said = refused(process, folder, right)
    assert message in said
    assert len(said) < 500


def test_two_cases_of_one_id_are_refused(suite, right, process, tmp_path):
    def repeat(index):
        index["cases"].append(index["cases"][0])

    with copied(suite, tmp_path / "s") as folder:
        rewrite(folder, repeat)
        assert "ids that differ, got 'full' twice" in refused(process, folder, right)


def test_a_set_for_another_length_is_named(suite, wrong, process, tmp_path):
    """It is found when a wrong output is compared with it."""
    with copied(suite, tmp_path / "s") as folder:
        rewrite(folder, put("cases", 0, "wrong", value={"own key": [["Random(19, 1, 0)"]]}))
        answer = process.call("check", str(folder), str(wrong))
    assert answer.kind == "ValueError"
    assert "wrong['own key'] of full must be sets for its lengths: " in answer.value


SMALL = st.integers(-3, 40) | st.sampled_from([2**31 - 1, -(2**31), 255, 10**9])
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    SMALL,
    st.sampled_from([10**400, 1e300, 5e-324, float("inf"), float("nan"), 2**63, "", "../x"]),
    st.text(max_size=9),
    st.lists(SMALL | st.text(max_size=3), max_size=4),
    st.dictionaries(st.text(max_size=5), SMALL, max_size=3),
    st.just({"scale": [["bigbird_google(1000000000, 64, 3, 0)"]]}),
)


def places(value, path=()):
    """The path of every value in JSON."""
    if path:
        yield path
    if not isinstance(value, (dict, list)):
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield from places(item, (*path, key))


def judged_or_refused(process, suite, folder, only=None):
    answer = process.call("check", str(suite), str(folder), only)
    assert answer.kind in ("value", *REFUSALS), answer
    assert answer.seconds < 20, answer


@pytest.fixture(scope="module")
def index(suite):
    return read_index(suite)


@pytest.fixture(scope="module")
def spoilt(suite):
    """A folder of the suite's files, whose index and archives a test may rewrite."""
    with copied(suite, suite.parent / "spoilt") as folder:
        yield folder


@pytest.fixture(scope="module")
def spoilt_outputs(right):
    """A folder of right outputs, which a test may spoil and mend."""
    with copied(right, right.parent / "spoilt-outputs") as folder:
        yield folder


@given(st.data())
@withstands("hostile files")
def test_any_value_in_any_field_is_judged_or_refused(spoilt, index, wrong, process, data):
    paths = list(places(index))
    content = json.loads(json.dumps(index))
    for path in data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=2)):
        place, is_removed, value = content, data.draw(st.booleans()), data.draw(VALUES)
        with suppress(LookupError, TypeError):  # the change before may have removed the place
            for key in path[:-1]:
                place = place[key]
            if is_removed:
                del place[path[-1]]
            else:
                place[path[-1]] = value
    text = json.dumps(content)
    (spoilt / "index.json").write_text(text.replace("Infinity", "1e999"))
    judged_or_refused(process, spoilt, wrong)


def changed_bytes(data, content):
    """Bytes cut off, put in or flipped."""
    at = data.draw(st.integers(0, len(content) - 1))
    some = data.draw(st.binary(min_size=1, max_size=8))
    ways = [content[:at], content[:at] + some + content[at:], content[:at] + some]
    ways.append(content[:at] + some + content[at + len(some) :])
    return data.draw(st.sampled_from(ways))


@given(st.data())
@withstands("hostile files")
def test_any_bytes_of_an_index_are_judged_or_refused(spoilt, suite, wrong, process, data):
    content = (suite / "index.json").read_bytes()
    (spoilt / "index.json").write_bytes(changed_bytes(data, content))
    judged_or_refused(process, spoilt, wrong)


@given(st.data())
@withstands("hostile files")
def test_any_bytes_of_an_archive_with_their_hash_are_judged_or_refused(
    spoilt, suite, index, wrong, process, data
):
    position = data.draw(st.integers(0, len(IDS) - 1))
    content = (suite / index["cases"][position]["npz"]).read_bytes()
    (spoilt / "index.json").write_text(json.dumps(index))
    rewrite_archive(spoilt, position, changed_bytes(data, content))
    judged_or_refused(process, spoilt, wrong, IDS[position])
    (spoilt / index["cases"][position]["npz"]).write_bytes(content)


def numbers(data, array):
    """Other numbers of the same shape and dtype, all or one of them."""
    bounds = np.iinfo(array.dtype) if array.dtype.kind in "iu" else None
    ends = [0, 1, 2, 5, 30, 1000] + ([-1, bounds.min, bounds.max] if bounds else [np.nan, np.inf])
    fitting = [x for x in ends if not bounds or bounds.min <= x <= bounds.max]
    x = array.copy().ravel()
    at = data.draw(st.integers(0, x.size - 1))
    x[at if data.draw(st.booleans()) else slice(None)] = data.draw(st.sampled_from(fitting))
    return x.reshape(array.shape)


@given(st.data())
@withstands("hostile files")
def test_any_numbers_in_the_arrays_of_a_suite_are_judged_or_refused(
    spoilt, suite, index, wrong, process, data
):
    position = data.draw(st.integers(0, len(IDS) - 1))
    name = data.draw(st.sampled_from(sorted(index["cases"][position]["arrays"])))
    (spoilt / "index.json").write_text(json.dumps(index))

    def change(arrays):
        arrays[name] = numbers(data, arrays[name])

    rewrite_arrays(spoilt, position, change)
    judged_or_refused(process, spoilt, wrong, IDS[position])
    file = index["cases"][position]["npz"]
    (spoilt / file).write_bytes((suite / file).read_bytes())


@given(st.data())
@withstands("hostile files")
def test_any_bytes_of_an_output_are_a_verdict(suite, right, spoilt_outputs, process, data):
    case = data.draw(st.sampled_from(["full", "grouped", "paged"]))
    content = (right / f"{case}.out.bin").read_bytes()
    raw_file, archive = (spoilt_outputs / f"{case}.{ending}" for ending in ("out.bin", "npz"))
    if data.draw(st.booleans()):
        raw_file.unlink()
        shape = read_index(suite)["cases"][IDS.index(case)]["arrays"]["out"]["shape"]
        np.savez_compressed(archive, out=np.frombuffer(content, "<f4").reshape(shape))
        archive.write_bytes(changed_bytes(data, archive.read_bytes()))
    else:
        raw_file.write_bytes(changed_bytes(data, content))
    answer = process.call("check", str(suite), str(spoilt_outputs), f"{case},lookback")
    assert answer.kind == "value", answer
    assert answer.value["lookback"] == ["pass", ""]
    archive.unlink(missing_ok=True)
    raw_file.write_bytes(content)


def test_the_command_ends_with_2_and_a_line(suite, right, tmp_path, capsys):
    with copied(suite, tmp_path / "s") as folder:
        for change in FIELDS.values():
            shutil.copy(suite / "index.json", folder)
            rewrite(folder, change)
            assert main(["vectors", str(folder), "--check", str(right)]) == 2
            error = capsys.readouterr().err
            assert error.startswith("sparse-ref: ")
            assert "Traceback" not in error
