"""Originals: the torch kernel and the tests of docs/test-your-kernel.md do what the page shows."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is missing: make test-originals")
pytestmark = pytest.mark.originals

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "test-your-kernel.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```py\n# (\w+\.py)(?:, continued)?\n(.*?)^```", PAGE, re.M | re.S)
MODULES = {name: "".join(text for other, text in BLOCKS if other == name) for name, text in BLOCKS}
SESSIONS = re.findall(r"^\$ sparse-ref (verify .*)\n(.*)\n\$ echo \$\?\n(\d)$", PAGE, re.M)


@pytest.fixture
def folder(tmp_path):
    """A folder with the modules of the page."""
    for name, text in MODULES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(folder, *command):
    """What a command prints there, and its exit code."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    result = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout, result.returncode


@pytest.mark.parametrize(("command", "first_line", "code"), SESSIONS, ids=lambda x: x[:60])
def test_a_command_prints_what_is_shown(folder, command, first_line, code):
    out, exit_code = run(folder, "sparse_ref", *shlex.split(command))
    assert (out.split("\n")[0], exit_code) == (first_line, int(code))


def test_the_sessions_are_those_of_the_page():
    assert len(SESSIONS) >= 9
    assert any("--gradients torch" in command for command, _, _ in SESSIONS)
    assert sorted(MODULES) == ["mykernel.py", "test_mykernel.py"]


def test_the_tests_of_the_page_pass(folder):
    out, code = run(folder, "pytest", "-q", "-p", "sparse_ref_plugin")
    assert code == 0, out
    assert re.search(r"^8 passed", out, re.M), out
