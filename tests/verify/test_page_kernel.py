"""Tests of docs/test-your-kernel.md: its commands do what it shows, and its workflow is one.

The Python of the page runs in tests/typing/test_pages.py, and its torch in tests/originals.
"""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sparse_ref.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "test-your-kernel.md").read_text(encoding="utf-8")
KERNEL = (Path(__file__).parent / "page_kernel.py").read_text(encoding="utf-8")
SESSION = re.compile(r"^\$ sparse-ref (verify .*)\n(.*)\n\$ echo \$\?\n(\d)$", re.M)
SESSIONS = SESSION.findall(PAGE)
FORMS = re.findall(r"^\|[^|]+\| `(--\w+)([^`]*)` \| `(\w+=[^`]+)`", PAGE, re.M)
REQUEST = ["--pattern", "Lookback(256)", "--heads", "8", "--kv-heads", "2"]


@pytest.fixture
def run(tmp_path):
    """run(*arguments) -> (exit code, what is printed), beside the NumPy module.

    Each is a process of its own: threads of BLAS would wait for each other on a busy machine.
    """
    (tmp_path / "mykernel.py").write_text(KERNEL, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    env.pop("GITHUB_STEP_SUMMARY", None)

    def call(*arguments):
        command = [sys.executable, "-m", "sparse_ref", *arguments]
        result = subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        return result.returncode, result.stdout or result.stderr

    return call


def test_every_function_that_a_session_calls_is_defined_on_the_page():
    called = {re.match(r"verify mykernel:(\w+) ", command).group(1) for command, _, _ in SESSIONS}
    assert len(called) == 5
    assert called <= set(re.findall(r"^def (\w+)\(q, k, v", PAGE, re.M))


def test_every_command_is_in_a_session():
    commands = re.findall(r"^\$ sparse-ref verify ", PAGE, re.M)
    assert len(SESSIONS) == len(commands) >= 9
    assert {code for _, _, code in SESSIONS} == {"0", "1", "3"}


@pytest.mark.parametrize(
    ("command", "first_line", "code"),
    [session for session in SESSIONS if "--gradients torch" not in session[0]],
    ids=lambda x: x.partition(" --pattern")[0] if x.startswith("verify") else "",
)
def test_a_command_prints_what_is_shown(run, command, first_line, code):
    exit_code, text = run(*shlex.split(command))
    assert (exit_code, text.split("\n")[0]) == (int(code), first_line)


def test_an_alignment_that_is_missing_is_a_wrong_argument(run):
    code, text = run("verify", "mykernel:attention", *REQUEST, "-n", "64x1024")
    assert code == 2
    assert "align is needed if n_q != n_k" in text


@pytest.mark.parametrize(("option", "value", "python"), FORMS, ids=lambda x: x)
def test_a_form_fails_until_it_is_declared(run, option, value, python):
    function = option.lstrip("-")
    command = ["verify", f"mykernel:{function}", *REQUEST]
    code, undeclared = run(*command)
    assert code == 1
    assert function in undeclared.replace(f"mykernel:{function}", "")
    code, declared = run(*command, *shlex.split(option + value))
    assert code == 0
    assert python.partition("=")[0] == function
    assert f", {function}=" in declared.split("\n")[0]


def test_all_forms_of_the_table_are_there():
    names = ["--softcap", "--sinks", "--alibi", "--fill", "--transform", "--scale", "--lse"]
    assert [option for option, _, _ in FORMS] == names


def test_layouts_are_those_of_the_command(capsys):
    with pytest.raises(SystemExit):
        main(["verify", "--help"])
    choices = re.search(r"--layout \{([\w,]+)\}", capsys.readouterr().out).group(1)
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| .*\(.*$", PAGE, re.M)
    layouts = re.findall(r"`(\w+)`", " ".join(rows))
    assert sorted(["auto", *layouts]) == sorted(choices.split(","))


def test_the_workflow_runs_commands_that_exist(run):
    yaml = pytest.importorskip("yaml")
    workflow = yaml.safe_load(re.search(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S).group(1))
    steps = workflow["jobs"]["attention"]["steps"]
    actions = [step["uses"].partition("@")[0] for step in steps if "uses" in step]
    assert actions == ["actions/checkout", "actions/setup-python"]
    commands = [shlex.split(step["run"]) for step in steps if "run" in step]
    assert [command[0] for command in commands] == ["pip", "pip", "sparse-ref", "pytest"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "sparse-ref" in project["scripts"]
    name, extra = re.match(r"([\w-]+)\[(\w+)\] @ git\+https://", commands[1][2]).groups()
    assert name == project["name"]
    assert any("pytest" in needed for needed in project["optional-dependencies"][extra])
    code, text = run(*commands[2][1:])
    assert code == 0, text
