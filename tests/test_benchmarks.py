"""`make bench` from end to end on short inputs, with the peers at hand, and what it must not do:
time other sets than ours.
"""

import inspect
import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import partial
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
    "reference",
    "unit",
    "value",
    "target",
    "missing",
    "more",
    "met",
}
GROUPS = ["share", "torch", "layers", "clusters", "index", "arrays", "backward"]
GROUPS += ["lowering", "long", "error", "start"]
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
    """`benchmarks` is next to the package, not in it."""
    monkeypatch.syspath_prepend(ROOT)


def bench(output, *options):
    """What the command wrote on short inputs: (JSON, page, standard output)."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "--output", str(output), *options]
    out = subprocess.check_output(command, cwd=ROOT, stderr=subprocess.DEVNULL, text=True)
    record = json.loads((output / "bench.json").read_text())
    return record, (output / "benchmarks.md").read_text(), out


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Everything but FlexAttention, which compiles for a minute where it is installed."""
    output, docs = tmp_path_factory.mktemp("bench"), ROOT / "docs" / "benchmarks.md"
    before = docs.read_bytes()
    files = bench(output, "--only", *GROUPS)
    assert docs.read_bytes() == before, "a quick run leaves the documentation as it is"
    for name in ("speedups", "shares"):
        image = output / "_static" / f"benchmarks_{name}.png"
        assert image.read_bytes().startswith(b"\x89PNG")
    return files


def test_every_row_has_its_fields_and_a_value_or_a_reason(written):
    record, page, out = written
    assert record["quick"] is True
    assert record["rounds"] == 2
    fields = {"processor", "cores", "threads", "date", "numpy", "numba", "torch"}
    assert fields <= set(record["machine"])
    for row in record["rows"]:
        assert set(row) == COLUMNS
        assert (row["value"] is None) == bool(row["missing"]), row
        assert row["value"] is None or np.isfinite(row["value"]), row
        assert row["target"] is None, "nothing is judged on short inputs"
        assert row["case"] in out
        assert row["case"].replace("|", r"\|") in page
        assert row["missing"] in out


def test_what_needs_no_peer_is_measured(written):
    rows = written[0]["rows"]
    counts = Counter(row["group"] for row in rows if not row["missing"])
    for group, least in WITHOUT_PEERS.items():
        assert counts[group] >= least, group
    measured = {(row["group"], row["name"]) for row in rows if not row["missing"]}
    assert ("NumPy and SciPy", "NumPy, dense") in measured
    assert {row["name"] for row in rows if row["group"] == "layers of others"} == {
        "Hugging Face Longformer",
        "Hugging Face BigBird",
        "Hugging Face Reformer, local",
        "Hugging Face Reformer, LSH",
        "local-attention",
    }


def test_a_value_is_the_median_of_what_is_found_within_rounds(written):
    record, _, _ = written
    of_calls = [row for row in record["rows"] if row["group"] != "first call"]
    timed = [row["more"] | row for row in of_calls if "reference_seconds" in row["more"]]
    assert timed
    for row in timed:
        ratios = np.divide(row["seconds"], row["reference_seconds"])
        assert row["value"] == pytest.approx(np.median(ratios))


def test_the_page_says_how_each_group_is_measured(written):
    from benchmarks.__main__ import GROUPS as MODULES

    record, page, _ = written
    groups = {row["group"] for row in record["rows"]}
    for name, module in MODULES.items():
        first_line = inspect.getdoc(module.rows).split("\n")[0]
        assert (first_line in page) == (module.GROUP in groups) == (name != "flex"), name
    assert str(Path.home()) not in page


def test_the_page_of_the_docs_has_the_texts_of_this_code():
    from benchmarks.__main__ import GROUPS as MODULES
    from benchmarks.page import section_head
    from benchmarks.rows import markdown

    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    for module in MODULES.values():
        assert section_head(module.GROUP, module.rows) + markdown([]) in page


def test_unknown_groups_and_no_rounds_are_refused(tmp_path):
    command = [sys.executable, "-m", "benchmarks", "--output", str(tmp_path)]
    for option, value, message in (
        ("--only", "nothing", "invalid choice: 'nothing'"),
        ("--rounds", "0", "--rounds must be at least 1, got 0"),
    ):
        process = subprocess.run(
            [*command, option, value], cwd=ROOT, capture_output=True, text=True
        )
        assert process.returncode == 2
        assert message in process.stderr


def test_a_mask_of_all_pairs_is_made_at_lengths_that_dense_refuses():
    from benchmarks.index import boolean_mask

    p = sr.Strided(7) | sr.Lookback(2)
    assert (boolean_mask(p, 60) == sr.dense(p, 60)).all()
    long = boolean_mask(sr.Lookback(2), 5000)
    assert long.sum() == 2 * 5000 - 1
    assert np.diagonal(long, -1).all()


def stand_in(theirs, ours, lengths):
    """A peer that attends to `theirs`, where the table says `ours`; `lengths` collects those that
    it is made ready for.
    """
    from benchmarks.peers import SMALL, Peer

    def ready(q, k, v):
        lengths.append(q.shape[1])
        return lambda: sr.attend(q, k, v, theirs), np.asarray

    return lambda scale: Peer("stand-in", repr(ours), ours, 32 if scale == SMALL else 200, ready)


def test_a_peer_with_other_keys_is_refused_before_it_is_timed():
    from benchmarks import peers
    from benchmarks.timing import Size

    shorter, longer = sr.Lookback(3), sr.Lookback(5)
    for wrong in (shorter, longer, sr.Window(3)):
        lengths = []
        peer = stand_in(wrong, sr.Lookback(4), lengths)
        with pytest.raises(AssertionError, match="stand-in attends to other keys"):
            peers.rows("peers", [peer], Size(1, pause=0))
        assert lengths == [32]


def test_a_peer_with_other_weights_is_refused_before_it_is_timed():
    from benchmarks import peers
    from benchmarks.timing import Size

    p = sr.Lookback(4)
    right = stand_in(p, p, [])

    def ready(q, k, v):
        return lambda: sr.attend(q, k, 2 * v, p), np.asarray

    def wrong(scale):
        return right(scale)._replace(ready=ready)

    with pytest.raises(AssertionError, match=r"stand-in has the keys of .*, and weights off by 1"):
        peers.rows("peers", [wrong], Size(1, pause=0))


def test_a_peer_whose_sets_are_right_only_on_short_inputs_is_refused_before_it_is_timed():
    from benchmarks import peers
    from benchmarks.timing import Size

    peer = stand_in(sr.Lookback(100), sr.Causal(), [])
    with pytest.raises(AssertionError, match="stand-in and attend differ by"):
        peers.rows("peers", [peer], Size(1, pause=0))


def test_a_peer_with_the_same_sets_is_timed_and_one_that_is_not_there_has_a_reason():
    from benchmarks import peers
    from benchmarks.timing import Size

    def absent(q, k, v):
        raise ImportError("no such package")

    lengths = []
    right = stand_in(sr.Lookback(4), sr.Local(3), lengths)
    both = [right, lambda scale: right(scale)._replace(ready=absent)]
    measured, missing = peers.rows("peers", both, Size(3, pause=0))
    assert lengths == [32, 200]
    assert measured.value > 0
    assert len(measured.more["seconds"]) == 3
    assert (missing.value, missing.missing) == (None, "ImportError: no such package")


def test_targets_are_met_at_their_bound():
    from benchmarks.rows import Row, Target

    for relation, words in (("<=", ["yes", "yes", "no"]), (">=", ["no", "yes", "yes"])):
        target = Target(relation, 0.5)
        row = Row("g", "c", target=target)
        rows = [replace(row, value=value) for value in (0.4, 0.5, 0.6)]
        assert [row.cells[-1] for row in rows] == words
        assert [row.is_met for row in rows] == [word == "yes" for word in words]
    assert Row("g", "c", target=Target("<=", 0.5), missing="why").is_met is None


def test_the_table_is_aligned_and_its_cells_are_escaped():
    from benchmarks.rows import Row, Target, markdown, text

    met = Row("group", "a | b", "peer", 1.5, 30.0, value=0.05, target=Target("<=", 1.0))
    missing = Row("others", "long case", "peer", missing="ImportError: none")
    assert text([met, missing]).split("\n")[1:] == [
        "",
        "group",
        "a | b        1.5 ms          30 ms  peer   0.05    <= 1  yes",
        "",
        "others",
        "long case                           peer                 missing: ImportError: none",
    ]
    assert markdown([met]).split("\n")[1:] == [
        "|---|--:|--:|---|--:|--:|---|",
        r"| a \| b | 1.5 ms | 30 ms | peer | 0.05 | <= 1 | yes |",
    ]


def test_the_verdict_counts_targets():
    from benchmarks.page import verdict
    from benchmarks.rows import Row, Target

    values = 0.4, 0.6, None
    rows = [Row("g", "c", value=value, target=Target("<=", 0.5)) for value in values]
    idle = {"load before": "0.10"}
    assert verdict(rows, idle) == "Of 2 targets, 1 are met."
    assert verdict(rows[2:], idle) == "Nothing is judged at these lengths."
    assert "not idle" in verdict(rows, {"load before": "3.00"})


def test_everything_is_called_once_in_each_round_after_one_call_that_does_not_count():
    from benchmarks.timing import Size, time_rounds

    order = []
    calls = {name: partial(order.append, name) for name in "abc"}
    seconds = time_rounds(calls, Size(2, pause=0), "order")
    assert "".join(order) == "abc" * 3
    assert list(seconds) == ["a", "b", "c"]
    assert [times.shape for times in seconds.values()] == [(2,)] * 3


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
    from benchmarks import flex, plot, share, torch_peers
    from benchmarks.rows import Row, Target

    aim = Target("<=", 0.5)
    faster = Row(torch_peers.GROUP, "Causal()", "torch", 1.0, 4.0, value=0.25, target=aim)
    lowering = Row(flex.GROUP, "lowering Causal()", "create_block_mask", 1.0, 9.0, value=0.11)
    missed = Row(share.GROUP, "Strided(2)", "sgemm", value=0.3, target=Target(">=", 0.5))
    absent = Row(share.GROUP, "Full()", "sgemm", missing="ImportError")
    texts = {plot.speedups: ("Causal()", "4"), plot.shares: ("Strided(2)", "30")}
    for draw, (name, value) in texts.items():
        [ax] = draw([faster, lowering, missed, absent]).axes
        assert [text.get_text() for text in ax.texts] == [value]
        assert name in ax.get_yticklabels()[0].get_text()
        marks = ax.lines[0].get_xdata()
        assert list(marks) == [2 if draw is plot.speedups else 50]
    assert ax.texts[0].xy[0] == 50, "a missed target is to the right of its bar"


LOADS = {"0.50": False, "0.51": True, "unknown": False}  # whether each is a busy machine's


@pytest.mark.parametrize(("load", "is_busy"), LOADS.items())
def test_the_report_warns_of_a_busy_machine(load, is_busy):
    from benchmarks.machine import load_warning

    warning = load_warning({"load before": load})
    assert ("not idle" in warning) == bool(warning) == is_busy
