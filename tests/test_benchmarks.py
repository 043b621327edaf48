"""`make bench` from end to end on short inputs, with the peers at hand, and what it must not do:
time other sets than ours.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sparse_ref as sr

ROOT = Path(__file__).parent.parent
COLUMNS = {
    "group",
    "case",
    "name",
    "measured",
    "beside",
    "unit",
    "value",
    "target",
    "missing",
    "more",
    "met",
}
WITHOUT_PEERS = {
    "share of sgemm": 13,
    "backward": 3,
    "lowering": 8,
    "long inputs": 2,
    "first call": 1,
    "keys chosen by data": 1,
}  # rows that need no package


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """`benchmarks` stands beside the package, not in it."""
    monkeypatch.syspath_prepend(ROOT)


def bench(output, *options):
    """What the command wrote on short inputs: (JSON, page, standard output)."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "--output", str(output), *options]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return (
        json.loads((output / "bench.json").read_text()),
        (output / "benchmarks.md").read_text(),
        done.stdout,
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Everything but FlexAttention, which compiles for a minute where it is installed."""
    output, docs = tmp_path_factory.mktemp("bench"), ROOT / "docs" / "benchmarks.md"
    before = docs.read_bytes()
    found = bench(
        output,
        "--only",
        "share",
        "torch",
        "layers",
        "clusters",
        "index",
        "arrays",
        "backward",
        "lowering",
        "long",
        "error",
        "start",
    )
    assert docs.read_bytes() == before, "a quick run leaves the documentation as it is"
    for name in ("speedups", "shares"):
        image = output / "_static" / f"benchmarks_{name}.png"
        assert image.read_bytes().startswith(b"\x89PNG")
    return found


def test_every_row_has_its_fields_and_a_value_or_a_reason(written):
    record, page, out = written
    assert record["quick"] is True
    assert record["rounds"] == 2
    assert {"processor", "cores", "threads", "date", "numpy", "numba", "torch"} <= set(
        record["machine"]
    )
    for row in record["rows"]:
        assert set(row) == COLUMNS
        assert (row["value"] is None) == bool(row["missing"]), row
        assert row["value"] is None or np.isfinite(row["value"]), row
        assert row["target"] is None, "nothing is judged on short inputs"
        for text in (page, out):
            assert row["case"].replace("|", r"\|") in text or row["case"] in text
        assert row["missing"] in out


def test_what_needs_no_peer_is_measured(written):
    rows = written[0]["rows"]
    for group, least in WITHOUT_PEERS.items():
        assert sum(row["group"] == group and not row["missing"] for row in rows) >= least, group
    assert {
        row["name"] for row in rows if row["group"] == "NumPy and SciPy" and not row["missing"]
    } >= {"NumPy, dense"}
    assert {row["name"] for row in rows if row["group"] == "layers of others"} == {
        "Hugging Face Longformer",
        "Hugging Face BigBird",
        "Hugging Face Reformer, local",
        "Hugging Face Reformer, LSH",
        "local-attention",
    }


def test_a_value_is_the_median_of_what_is_found_within_rounds(written):
    rows = [
        row
        for row in written[0]["rows"]
        if "seconds_beside" in row["more"] and row["group"] != "first call"
    ]
    assert rows
    for row in rows:
        own, beside = (np.array(row["more"][key]) for key in ("seconds", "seconds_beside"))
        assert row["value"] == pytest.approx(np.median(own / beside))


def test_the_page_says_how_each_group_is_measured(written):
    from benchmarks.__main__ import GROUPS

    record, page, _ = written
    for name, module in GROUPS.items():
        shown = any(row["group"] == module.GROUP for row in record["rows"])
        assert (module.rows.__doc__.split("\n")[0] in page) == shown == (name != "flex"), name
    assert str(Path.home()) not in page


def test_unknown_groups_and_no_rounds_are_refused(tmp_path):
    for wrong, said in (
        ("--only", "invalid choice: 'nothing'"),
        ("--rounds", "--rounds must be at least 1, got 0"),
    ):
        command = [
            sys.executable,
            "-m",
            "benchmarks",
            "--output",
            str(tmp_path),
            wrong,
            "nothing" if wrong == "--only" else "0",
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 2
        assert said in done.stderr


def test_a_mask_of_all_pairs_is_made_at_lengths_that_dense_refuses():
    from benchmarks.index import boolean_mask

    p = sr.Strided(7) | sr.Lookback(2)
    assert (boolean_mask(p, 60) == sr.dense(p, 60)).all()
    long = boolean_mask(sr.Lookback(2), 5000)
    assert long.sum() == 2 * 5000 - 1 and np.diagonal(long, -1).all()


def stand_in(theirs, ours, asked):
    """A peer that attends to `theirs`, where the table says `ours`; `asked` collects the lengths it
    is made ready for.
    """
    from benchmarks.peers import SMALL, Peer

    def ready(q, k, v):
        asked.append(q.shape[1])
        return lambda: sr.attend(q, k, v, theirs), np.asarray

    return lambda scale: Peer("stand-in", repr(ours), ours, 32 if scale == SMALL else 200, ready)


def test_a_peer_with_other_keys_is_refused_before_it_is_timed():
    from benchmarks import peers
    from benchmarks.timing import Size

    for wrong in (sr.Lookback(3), sr.Lookback(5), sr.Window(3)):
        asked = []
        with pytest.raises(AssertionError, match="stand-in attends to other keys"):
            peers.rows("peers", [stand_in(wrong, sr.Lookback(4), asked)], Size(1, pause=0))
        assert asked == [32]


def test_a_peer_whose_sets_are_right_only_on_short_inputs_is_refused_before_it_is_timed():
    from benchmarks import peers
    from benchmarks.timing import Size

    with pytest.raises(AssertionError, match="stand-in and attend differ by"):
        peers.rows("peers", [stand_in(sr.Lookback(100), sr.Causal(), [])], Size(1, pause=0))


def test_a_peer_with_the_same_sets_is_timed_and_one_that_is_not_there_has_a_reason():
    from benchmarks import peers
    from benchmarks.timing import Size

    def absent(q, k, v):
        raise ImportError("no such package")

    right = stand_in(sr.Lookback(4), sr.Local(3), asked := [])
    found, missing = peers.rows(
        "peers", [right, lambda scale: right(scale)._replace(ready=absent)], Size(3, pause=0)
    )
    assert asked == [32, 200]
    assert found.value > 0
    assert len(found.more["seconds"]) == 3
    assert (missing.value, missing.missing) == (None, "ImportError: no such package")


def test_targets_are_met_at_their_bound():
    from benchmarks.rows import Row, Target

    for relation, met in (("<=", [True, True, False]), (">=", [False, True, True])):
        rows = [
            Row("g", "c", value=value, target=Target(relation, 0.5)) for value in (0.4, 0.5, 0.6)
        ]
        assert [row.met for row in rows] == met
        assert [row.cells[-1] for row in rows] == [{True: "yes", False: "no"}[each] for each in met]
    assert Row("g", "c", target=Target("<=", 0.5), missing="why").met is None


def test_everything_is_called_once_in_each_round_after_one_call_that_does_not_count():
    from benchmarks.timing import Size, interleaved

    order = []
    taken = interleaved(
        {name: lambda name=name: order.append(name) for name in "abc"}, Size(2, pause=0), "order"
    )
    assert "".join(order) == "abc" * 3
    assert {name: each.shape for name, each in taken.items()} == dict.fromkeys("abc", (2,))


ABOUT = {"cores": "2", "processor": "a processor"}


def test_the_page_begins_with_what_a_window_costs():
    from benchmarks import index, torch_peers
    from benchmarks.page import headline
    from benchmarks.rows import Row

    other = Row(index.GROUP, "DSA, n = 64", torch_peers.MASKED, 1.0, 2.0, value=0.5)
    case = "Lookback(512), n = 4,096"
    row = Row(torch_peers.GROUP, case, torch_peers.MASKED, 30.0, 300.0, value=0.1)
    sentence = " ".join(headline([other, row], ABOUT).split())
    assert "a causal window of 512 keys over 4,096 positions takes 30 ms" in sentence
    assert "takes 300 ms, 10 times as long" in sentence
    assert headline([other], ABOUT) == headline([], ABOUT)
    assert "ms" not in headline([], ABOUT)


def test_figures_show_each_value_next_to_its_bar():
    from benchmarks import plot, share, torch_peers
    from benchmarks.rows import Row, Target

    faster = Row(torch_peers.GROUP, "Causal()", "torch", 1.0, 4.0, value=0.25)
    missed = Row(share.GROUP, "Strided(2)", "sgemm", value=0.3, target=Target(">=", 0.5))
    absent = Row(share.GROUP, "Full()", "sgemm", missing="ImportError")
    for draw, name, value in ((plot.speedups, "Causal()", "4"), (plot.shares, "Strided(2)", "30")):
        [ax] = draw([faster, missed, absent]).axes
        assert [text.get_text() for text in ax.texts] == [value]
        assert name in ax.get_yticklabels()[0].get_text()
    assert ax.texts[0].xy[0] == 50, "a missed target is to the right of its bar"


def test_a_busy_machine_is_told():
    from benchmarks.machine import busy

    assert [bool(busy({"load before": load})) for load in ("0.50", "0.51", "unknown")] == [
        False,
        True,
        False,
    ]
