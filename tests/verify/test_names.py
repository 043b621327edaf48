"""Names at large n, where not every pair is read: a set of all rows, or some rows in words."""

import json
import sys
from types import ModuleType

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.cli import main
from sparse_ref.verify.naming.large_names import in_words

N = 5000
PATTERNS = {
    "window": sr.Lookback(700),
    "globals": sr.Window(30) | sr.Global(4),
    "strided": sr.Strided(64),
    "full": sr.Full(),
    "dilated": sr.Dilated(3, 5),
    "odd": sr.Lookback(100) | sr.Strided(7) | sr.Flip(8),
}


@pytest.fixture(autouse=True)
def theirs(monkeypatch):
    """A module with a function for each of these patterns."""
    module = ModuleType("theirs")
    for name, p in PATTERNS.items():
        setattr(module, name, lambda q, k, v, p=p: sr.attend(q, k, v, p))
    module.heads = lambda q, k, v: sr.attend(q, k, v, [sr.Causal(), sr.Lookback(9)])
    monkeypatch.setitem(sys.modules, "theirs", module)


def identified(capsys, name, *more):
    """(exit code, what identify prints)."""
    code = main(["identify", f"theirs:{name}", "-n", str(N), "--d", "64", *more])
    return code, capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name in PATTERNS if name != "odd"])
def test_what_all_rows_have_is_its_name(capsys, name):
    code, said = identified(capsys, name)
    assert said == f"head 0: {PATTERNS[name]!r}, by random sums of all 5,000 rows\n"
    assert code == 0


def test_what_has_no_name_is_shown_by_its_rows_and_the_way_to_more_is_told(capsys):
    code, said = identified(capsys, "odd")
    assert code == 1
    assert "head 0: none of the patterns that were tried" in said
    assert "  i = 0: 0 to 8 by 8\n" in said
    assert "up to n = 4096" in said


def test_each_head_has_its_own_name_as_json_too(capsys):
    code, said = identified(capsys, "heads", "--heads", "2", "--json")
    assert code == 0
    assert [head["names"] for head in json.loads(said)["heads"]] == [["Causal()"], ["Lookback(9)"]]
    assert json.loads(said)["heads"][1]["rows"]["4999"] == "4991 to 4999"


def test_keys_in_words():
    keys = np.zeros(40, bool)
    assert in_words(keys, ~keys) == "no keys"
    keys[[0, 3, 6, 9, 20, 21, 22, 30]] = True
    assert in_words(keys, np.arange(40) < 38) == "0 to 9 by 3, 20 to 22, 30; 2 keys unread"
    keys[:] = np.arange(40) % 5 < 2
    assert in_words(keys, np.ones(40, bool)).endswith("more")
