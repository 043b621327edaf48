"""What the command prints: in every encoding, at every width, to a reader that ends, to none."""

import ast
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile_texts import PIECES, assert_safe_text, texts
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref import cli
from sparse_ref._jit.notice import print_notice
from sparse_ref.cli.parser import COMMANDS

ROOT = Path(sr.__file__).parent.parent
MODULE = """\
import sparse_ref as sr


def wrong(q, k, v):
    return sr.attend(q, k, v, sr.Lookback(3), device="reference")


def raising(q, k, v):
    raise RuntimeError({text!r})
"""
VERIFY = ["--pattern", "Lookback(2)", "-n", "6", "--layout", "hnd", "--framework", "numpy"]
ARGUMENTS = {
    "list": ["list"],
    "list as JSON": ["list", "--json"],
    "show": ["show", "strided(3)", "-n", "7"],
    "show as JSON": ["show", "Causal()", "-n", "3", "--json"],
    "stats": ["stats", "Causal()", "-n", "64"],
    "rosetta": ["rosetta"],
    "theorems": ["prove", "--list"],
    "a theorem": ["prove", "Block(4)", "-n", "6"],
    **{
        f"{name}, {form}": ["verify", f"hostile_kernels:{name}", *VERIFY, "--format", form]
        for name in ("wrong", "raising")
        for form in ("text", "json", "html", "junit", "markdown", "github")
    },
    "identify": ["identify", "hostile_kernels:wrong", "-n", "8"],
    "a name that is none": ["show", "".join(PIECES)],
    "a module that is none": ["verify", "".join(PIECES), *VERIFY],
    "an option that is none": ["show", "Causal()", "a".join(PIECES)],
    "a command that is none": ["a".join(PIECES)],
    **{f"{command.name} --help": [command.name, "--help"] for command in COMMANDS},
}


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """A folder with a module of functions, in which commands run."""
    text = "".join(PIECES)
    (tmp_path / "hostile_kernels.py").write_text(MODULE.format(text=text))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "hostile_kernels", raising=False)
    return tmp_path


def output_of(arguments, encoding, monkeypatch):
    """(status, stdout, stderr) of a command with streams of this encoding."""
    files = [io.BytesIO(), io.BytesIO()]
    streams = [io.TextIOWrapper(file, encoding=encoding) for file in files]
    with monkeypatch.context() as patch:
        for name, stream in zip(("stdout", "stderr"), streams):
            patch.setattr(sys, name, stream)
        try:
            status = cli.main(arguments)
        except SystemExit as end:
            status = end.code
    return status, *(file.getvalue().decode(encoding) for file in files)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_command_prints_in_every_encoding(name, encoding, kernels, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    status, out, err = output_of(ARGUMENTS[name], encoding, monkeypatch)
    assert status in (0, 1, 2, 3)
    assert out or err
    if name.endswith("github"):
        out = out.replace("::error ", "", 1)
    for text in (out, err):
        assert "Traceback" not in text
        assert_safe_text(text)


def test_a_picture_in_ascii_has_the_like_of_its_glyphs(monkeypatch):
    _, out, _ = output_of(["show", "Local(1)", "-n", "3"], "ascii", monkeypatch)
    assert "#..\n##.\n.##\n" in out


@pytest.mark.parametrize("columns", ["1", "40", "0", "x"])
def test_every_width_has_help(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    for command in COMMANDS:
        status, out, _ = output_of([command.name, "--help"], "ascii", monkeypatch)
        assert status == 0
        assert "usage: " in out


PLACES = ["show TEXT", "stats Causal() TEXT", "TEXT", "prove TEXT", "verify TEXT --pattern Full()"]


@given(texts, st.sampled_from(PLACES))
def test_every_error_is_printed_without_what_a_terminal_obeys(text, place):
    arguments = [text if word == "TEXT" else word for word in place.split()]
    status, out, err = output_of(arguments, "ascii", pytest.MonkeyPatch())
    if status == 2:
        assert out == ""
    for printed in (out, err):
        assert_safe_text(printed)


def run(arguments, **options):
    """The command in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""}
    command = [sys.executable, "-m", "sparse_ref", *arguments]
    return subprocess.Popen(command, env=environment, **options)


@pytest.mark.parametrize("arguments", [["list"], ["prove", "--list"], ["verify", "--help"]])
def test_a_reader_that_ends_leaves_no_traceback(arguments):
    with run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == cli.CLOSED_PIPE


def test_no_verdict_is_success_if_nobody_read_it(kernels):
    arguments = ["verify", "hostile_kernels:wrong", *VERIFY]
    with run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        process.stdout.close()
    assert process.returncode not in (0, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
def test_a_full_disk_is_an_error_in_one_line():
    with open("/dev/full", "w") as full, run(["list"], stdout=full, stderr=subprocess.PIPE) as p:
        error = p.stderr.read().decode()
    assert p.returncode == 2
    assert error.startswith("sparse-ref: ")
    assert error.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="closes descriptors before the command begins")
def test_a_command_without_streams_ends_as_usual():
    shell = f'"{sys.executable}" -m sparse_ref show "Causal()" >&- 2>&-'
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    assert subprocess.run(shell, shell=True, env=environment, check=False).returncode == 0


def test_what_is_wrong_goes_to_no_other_stream(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert cli.main(["show", "Nothing()"]) == 2
    print_notice("folder")
    assert capsys.readouterr().out == ""


def test_one_module_prints():
    for path in sorted(Path(cli.__file__).parent.rglob("*.py")):
        tree = ast.parse(path.read_text())
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        names = {call.id for call in calls if isinstance(call, ast.Name)}
        assert path.name == "streams.py" or "print" not in names, path
