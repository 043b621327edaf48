"""Answers that do not end, or that ask for all memory: each is ended, and named."""

import signal
import sys
from textwrap import indent

import pytest
from example_puzzles import EXAMPLES

from sparse_ref.puzzles import answer_watch
from sparse_ref.puzzles.answer_source import answer_of
from sparse_ref.puzzles.judge_answer import judge

if sys.platform == "linux":
    import resource

SOFTMAX = next(puzzle for puzzle in EXAMPLES if puzzle.name == "softmax_row")


def mistake_of(code):
    """The mistake that the verdict on code names."""
    verdict = judge(SOFTMAX, answer_of(code, "softmax_row"))
    assert not verdict
    assert "Traceback" not in repr(verdict)
    return verdict.mistake


def test_an_endless_loop_is_ended(monkeypatch):
    monkeypatch.setattr(answer_watch, "TIME_LIMIT", 0.2)
    code = "def softmax_row(x):\n    while True:\n        pass"
    assert "still running after 0.2 seconds, at line" in mistake_of(code)


def test_a_slow_function_of_another_file_is_neither_stopped_nor_counted(monkeypatch, tmp_path):
    file = tmp_path / "slow_import.py"
    file.write_text("import time\nfor _ in range(8):\n    time.sleep(0.05)\nDONE = 2.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(answer_watch, "TIME_LIMIT", 0.2)
    code = "def softmax_row(x):\n    import slow_import\n    return np.exp(x) * slow_import.DONE"
    assert "still running" not in mistake_of(code)


def test_an_endless_loop_over_functions_of_other_files_is_ended(monkeypatch):
    monkeypatch.setattr(answer_watch, "LONGEST_CALL", 0.2)
    code = "def softmax_row(x):\n    while True:\n        sr.dense(sr.Causal(), 9)"
    mistake = mistake_of(code)
    assert mistake.startswith(("it was still running after 0.2 seconds, at line 2:",
                               "it was still running after 0.2 seconds, at line 3:"))  # fmt: skip


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer ends a loop on one line")
def test_an_endless_loop_on_one_line_is_ended(monkeypatch):
    monkeypatch.setattr(answer_watch, "TIME_LIMIT", 0.2)
    before = signal.getsignal(signal.SIGALRM)
    code = "def softmax_row(x):\n    while True: pass"
    assert "still running after 0.2 seconds" in mistake_of(code)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


LOOPS = {
    "line": "while True:\n    try:\n        np.exp(x)\n    except:\n        pass",
    "inner loop": "while True:\n    try:\n        for _ in range(10**9):\n            x + 1\n"
    "    except:\n        pass",
    "one line": "while True:\n    try: pass\n    except: pass",
    "finally": "while True:\n    try:\n        np.exp(x)\n    finally:\n        continue",
    "library": "while True:\n    try:\n        sr.dense(sr.Causal(), 9)\n    except:\n        pass",
}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer raises a Stop again")
@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_an_endless_loop_that_catches_everything_is_ended(loop, monkeypatch):
    monkeypatch.setattr(answer_watch, "TIME_LIMIT", 0.2)
    monkeypatch.setattr(answer_watch, "LONGEST_CALL", 0.6)
    code = f"def softmax_row(x):\n{indent(loop, '    ')}\n"
    assert "still running after 0." in mistake_of(code)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_an_alarm_that_rings_as_the_call_ends_raises_nothing(monkeypatch):
    """In a frame of the checker's own, the call has ended; in a reader's it has not."""
    monkeypatch.setattr(sys, "settrace", lambda function: None)
    keeper = answer_watch.Watch(__file__)
    keeper.stop = answer_watch.Stop("too late")
    keeper.ring(0, answer_watch.watch(len).gen.gi_frame)
    with pytest.raises(answer_watch.Stop, match="too late"):
        keeper.ring(0, sys._getframe())


@pytest.mark.skipif(sys.platform != "linux", reason="no limit of memory is set here")
@pytest.mark.parametrize("body", ["np.ones((10**5, 10**5))", "'a' * 10**11", "[0] * 10**10"])
def test_an_answer_that_needs_all_memory_is_named(body):
    before = resource.getrlimit(resource.RLIMIT_DATA)
    mistake = mistake_of(f"def softmax_row(x):\n    return {body}")
    assert mistake.startswith(f"line 2, `return {body}`: MemoryError: ")
    assert "one call may use 4 GiB" in mistake
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_an_answer_that_calls_itself_for_ever_is_named():
    code = "def softmax_row(x):\n    return softmax_row(x)"
    assert "RecursionError" in mistake_of(code)
