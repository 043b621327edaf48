"""What pytest prints of functions whose names, reprs and errors others wrote."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from hostile_texts import PIECES, assert_safe_text

import sparse_ref as sr
from sparse_ref._claims import declarations
from sparse_ref.verify.testing.session import prepare

ROOT = Path(sr.__file__).parent.parent
TEXT = "mark" + "a".join(PIECES)
MODULE = f"""\
import sparse_ref as sr

TEXT = {TEXT!r}


class Named(type(sr.Causal())):
    def __repr__(self):
        return TEXT


def raising(q, k, v):
    raise RuntimeError(TEXT)


@sr.conforms(Named(), n=[6, 9])
def wrong(q, k, v):
    return sr.attend(q, k, v, sr.Lookback(2), device="reference")


raising.__qualname__ = TEXT
raising = sr.conforms(sr.Causal(), n=[6])(raising)
globals()[TEXT] = sr.conforms(Named(), n=6)(lambda q, k, v: raising(q, k, v))


def test_wrong():
    sr.verify.assert_conforms(wrong, Named(), 6)
"""


@pytest.mark.parametrize(
    "options",
    [
        ["--junitxml=report.xml"],
        ["--attention-mutants", "-k", "test_wrong"],
    ],
    ids=["checks", "mutants"],
)
def test_pytest_prints_nothing_that_a_terminal_obeys(options, tmp_path):
    (tmp_path / "test_hostile.py").write_text(MODULE)
    command = [sys.executable, "-m", "pytest", "-v", "--color=no", "-p", "no:cacheprovider"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run(
        [*command, *options, "test_hostile.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )
    printed = run.stdout.decode() + run.stderr.decode()
    assert run.returncode in (0, 1, 4), printed
    assert "\\x1b[2J" in printed
    assert_safe_text(printed)
    if (tmp_path / "report.xml").exists():
        suite = ElementTree.parse(tmp_path / "report.xml")
        assert_safe_text("\n".join(suite.getroot().itertext()))


@pytest.mark.parametrize(
    ("target", "pattern"), [("\x1b[2J:f", "Causal()"), ("os:path", "\x1b[2J\x00")]
)
def test_a_target_that_is_none_is_named_visibly(target, pattern, monkeypatch):
    monkeypatch.setattr(declarations, "substitute", None)  # what `prepare` sets
    option = SimpleNamespace(attention_target=target, attention_pattern=pattern)
    with pytest.raises(pytest.UsageError) as caught:
        prepare(SimpleNamespace(option=option))
    assert "\\x1b[2J" in str(caught.value)
    assert_safe_text(str(caught.value))
