"""Annotations of GitHub Actions, read back as its runner reads them, and what pytest shows."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from verify.implementations import masked, tri

import sparse_ref as sr
from sparse_ref.verify import check

ROOT = Path(sr.__file__).parent.parent


def attention(q, k, v):
    """A window of one key too many."""
    return masked(tri(8, keys=4))(q, k, v)


def read_back(line):
    """(level, properties, message) of a workflow command, as the runner takes it apart."""
    command, _, message = line.removeprefix("::").partition("::")
    level, _, text = command.partition(" ")
    properties = dict(part.split("=", 1) for part in text.split(","))
    escapes = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}
    for escape, c in escapes.items():
        properties = {name: value.replace(escape, c) for name, value in properties.items()}
        message = message.replace(escape, c)
    properties = {name: value.replace("%25", "%") for name, value in properties.items()}
    return level, properties, message.replace("%25", "%")


def test_the_title_is_the_cause_and_the_place_is_the_functions(monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)
    (line,) = check(attention, sr.Lookback(3), n=8).to_github().split("\n")
    level, properties, message = read_back(line)
    first = attention.__code__.co_firstlineno
    title = "Lookback(4), not Lookback(3)"
    assert properties == dict(file="test_github.py", line=str(first), title=title)
    assert level == "error"
    assert message.startswith(f"{__name__}:attention: head 0: is Lookback(4)")
    assert "one key too many at the left edge" in message


def test_a_finding_without_an_explanation_says_its_kind_once():
    def diluted(x):
        p = np.exp(x)
        return p / (1 + p.sum(axis=-1, keepdims=True))

    line, *_ = check(masked(tri(8), weigh=diluted), sr.Causal(), n=8).to_github().split("\n")
    _, properties, message = read_back(line)
    assert "ghost: ghost" not in line
    assert "ghost: " not in message
    assert properties["title"]


def test_what_a_function_says_cannot_begin_a_command():
    def raising(q, k, v):
        raise RuntimeError("100%,\n::error::x\r\x1b")

    report = check(raising, sr.Causal(), n=8, layout="hnd", framework="numpy")
    (line,) = report.to_github().splitlines()
    _, properties, message = read_back(line)
    assert properties["title"] == "raised RuntimeError: 100%,"
    assert message.endswith("raised RuntimeError: 100%,\n\\x3a:error::x\\x0d\\x1b")


def test_a_pass_is_a_notice_and_what_was_not_tested_a_warning():
    report = check(masked(tri(8)), sr.Causal(), n=8)
    level, properties, message = read_back(report.to_github())
    assert (level, properties["title"]) == ("notice", "sparse-ref verify: PASS")
    assert message == report.verdict
    untested = replace(report, untested=("at n = 8 it is Causal()",))
    level, properties, message = read_back(untested.to_github())
    assert (level, properties["title"]) == ("warning", "sparse-ref verify: UNTESTED")


TEST = """\
import sparse_ref as sr


def attention(q, k, v):
    return sr.attend(q, k, v, sr.Lookback(4), device="reference")


def test_attention():
    sr.verify.assert_conforms(attention, sr.Lookback(3), n=8)
"""


def test_pytest_shows_the_line_of_the_test_and_no_line_of_the_library(tmp_path):
    (tmp_path / "test_mine.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path)}
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert ">       sr.verify.assert_conforms(attention, sr.Lookback(3), n=8)" in run.stdout
    assert "FAIL test_mine:attention - one key too many at the left edge" in run.stdout
    assert "check.py" not in run.stdout
    assert "test_mine.py:9: AssertionError" in run.stdout
    assert run.stderr == "", "no progress bar in a log"


@pytest.mark.parametrize("format_name", ["text", "github"])
def test_the_command_line_draws_no_progress_into_logs(tmp_path, format_name):
    (tmp_path / "mine.py").write_text(TEST)
    command = [sys.executable, "-m", "sparse_ref", "verify", "mine:attention", "-n", "300"]
    command += ["--pattern", "Lookback(4)", "--format", format_name]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path)}
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "PASS mine:attention - Lookback(4)" in run.stdout
    assert run.stderr == ""
