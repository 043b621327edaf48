"""What a short text can ask for: a parse that would take long or much memory is refused at once.

In a process of little memory, for every name of the notation.
"""

import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from bounded_process import BoundedProcess
from hypothesis import given
from hypothesis import strategies as st

import sparse_ref as sr
from sparse_ref.catalogue import notation
from sparse_ref.catalogue.notation import ParseError
from sparse_ref.cli import main
from sparse_ref.sets.budget import BudgetError, limit, spend, stopwatch


@pytest.fixture(scope="module")
def process():
    if sys.platform != "linux":
        pytest.skip("its process is one of Linux")
    with BoundedProcess() as process:
        yield process


HUGE = [
    ("bigbird_google(1000000000, 64, 3, 0)", "needs about "),
    ("bigbird_google(1000000000, 64, 3, 0, 0, 65536)", "needs about "),
    ("bigbird_google(4096, 64, 1000000000, 0)", "needs about "),
    ("bigbird_google(4096, 1, 3, 0, 0, 65536)", "needs about "),
    ("bigbird_hf(1000000000, 1, 3, 0, True)", "needs about "),
    ("bigbird_hf(2147483647, 1, 1000000000, 0, False)", "needs about "),
    ("reformer_local_hf(1000000000, 1000000, 1000000000)", "before + after must be below 65536"),
    ("llama4(8, 300000000)", "llama4: interval must be at most 65536, got 300000000"),
    ("llama4(8, 1000000000)", "llama4: interval must be at most 65536, got 1000000000"),
    ("deepspeed_variable(1048576, 1048576)", "needs about "),
    ("deepspeed_variable(1000, 1, head=65536)", "needs about "),
    ("deepspeed_bigbird(1048576, 65536)", "needs about "),
    (f"deepspeed_bslongformer(3, {(0,) * 99}, {(1048576,) * 99})", "needs about "),
    ("reformer_local_hf(131072, 2, 65535)" + " & Causal()" * 100, "needs about "),
]


@pytest.mark.parametrize(("text", "said"), HUGE, ids=[text[:60] for text, _ in HUGE])
def test_what_would_take_long_is_refused_at_once(text, said, process):
    answer = process.call("read", text)
    assert answer.kind == "ParseError"
    assert said in answer.value
    assert answer.seconds < 5


def test_the_error_quotes_the_part_and_points_at_it():
    text = "Causal() & (Window(2) | deepspeed_bigbird(1048576, 65536)) - Full()"
    with pytest.raises(ParseError) as caught:
        sr.parse(text)
    need = "deepspeed_bigbird(1048576, 65536) needs about 68,730 seconds"
    assert str(caught.value).startswith(f"{need}, more than seconds = 10 allow\n")
    assert caught.value.column == text.index("deepspeed")
    assert str(caught.value).split("\n")[-1].index("^") == 4 + caught.value.column


def test_seconds_and_bytes_are_options():
    text = "bigbird_google(6400, 64, 3, 0)"
    assert len(notation.read(text)) == 4
    with pytest.raises(ParseError, match=r"about 0\.024 seconds, more than seconds = 0\.001 allow"):
        notation.read(text, seconds=1e-3)
    with pytest.raises(ParseError, match="about 28,800 bytes, more than bytes = 10,000 allow"):
        notation.read(text, bytes=10_000)
    with pytest.raises(ParseError, match="takes longer than seconds = 1e-09 allow"):
        sr.parse("Causal()", seconds=1e-9)
    for option in ({"seconds": 0}, {"bytes": -1}, {"seconds": float("nan")}):
        with pytest.raises(ValueError, match="must be above 0, got"):
            sr.parse("Causal()", **option)


def test_calls_in_python_have_no_limit_and_no_memory_of_one():
    with pytest.raises(ParseError):
        sr.parse("deepspeed_variable(50, 1)", bytes=10)
    p = sr.deepspeed_variable(50, 1)
    with limit(1.0, 10):
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(sr.deepspeed_variable, 50, 1).result() == p
        with pytest.raises(BudgetError):
            sr.deepspeed_variable(50, 1)


def test_a_parse_in_another_thread_has_its_limit():
    caught = []

    def run():
        try:
            sr.parse("bigbird_hf(1000000000, 1, 3, 0, True) & Causal()")
        except ParseError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert len(caught) == 1


def test_a_limit_inside_another_one_pays_both():
    with limit(10.0, 1000):
        with limit(10.0, 600):
            spend(bytes=600)
            with pytest.raises(BudgetError, match="needs about 1 bytes, more than bytes = 600"):
                spend(bytes=1)
        with pytest.raises(BudgetError, match="needs about 500 bytes, more than bytes = 1,000"):
            spend(bytes=500)
        spend(bytes=400)
    spend(bytes=10**30)


def test_seconds_are_measured_as_well():
    with limit(0.01, 1), pytest.raises(BudgetError, match=r"longer than seconds = 0\.01 allow"):
        for _ in stopwatch(iter(int, 1)):
            pass


def test_missing_memory_is_not_told_as_depth(monkeypatch):
    def missing(*arguments):
        raise MemoryError

    monkeypatch.setitem(notation.NAMES, "Causal", missing)
    with pytest.raises(ParseError, match=r"^Causal\(\) needs more memory than there is\n"):
        sr.parse("Window(1) | Causal()")


def test_the_command_refuses_it_in_a_line(capsys):
    for command in (["show"], ["stats"], ["prove"]):
        assert main([*command, "bigbird_google(1000000000, 64, 3, 0)"]) == 2
        error = capsys.readouterr().err
        assert error.startswith("sparse-ref: bigbird_google(1000000000, 64, 3, 0) needs about ")
        assert "Traceback" not in error


def test_the_command_says_of_deep_text_that_it_is_deep(capsys):
    assert main(["show", "~" * 1500 + "Causal()"]) == 2
    assert capsys.readouterr().err.startswith("sparse-ref: this is nested too deeply\n")


NUMBERS = [0, 1, 2, 3, 12, 1000, 65536, 2**20, 10**6, 10**9, 2**31 - 1, 10**18, -(10**9)]
EXAMPLES = {entry.name: entry.text() for entry in sr.catalogue()} | {
    "Branches": "Branches((Lookback(4), Window(1)))"
}


def replaced(text, numbers):
    """The text with its integers replaced by these; None leaves one."""
    rest = iter(numbers)
    return re.sub(r"\b\d+\b", lambda match: str(next(rest, None) or match[0]), text)


def bounded(process, text, seconds):
    """Read it, and see that it is read or refused, in bounds."""
    answer = process.call("read", text, seconds)
    assert answer.kind in ("value", "ParseError"), (text, answer)
    assert answer.seconds < 2 * seconds + 2, (text, answer)


@pytest.mark.parametrize("name", sorted(notation.NAMES))
def test_every_name_takes_huge_numbers_in_any_place(name, process):
    """Each integer of the example by itself, and all of them."""
    text = EXAMPLES[name]
    count = len(re.findall(r"\b\d+\b", text))
    places = [[None] * t for t in range(count)]
    for number in (10**9, 65536, 2**20):
        for place in places:
            bounded(process, replaced(text, [*place, number]), 1.0)
        bounded(process, replaced(text, [number] * count), 1.0)


@given(st.data())
def test_any_numbers_in_any_example_are_read_or_refused_in_bounds(process, data):
    texts = data.draw(st.lists(st.sampled_from(sorted(EXAMPLES.values())), min_size=1, max_size=3))
    numbers = st.lists(st.none() | st.sampled_from(NUMBERS), max_size=9)
    parts = [replaced(text, data.draw(numbers)) for text in texts]
    sign = data.draw(st.sampled_from([" | ", " & ", " - ", " & ~"]))
    bounded(process, sign.join(parts), 0.5)


@pytest.mark.parametrize("name", sorted(notation.NAMES))
def test_the_keys_of_what_is_read_are_counted_in_bounds(name, process):
    """At a small length, whatever the numbers of the pattern."""
    text = EXAMPLES[name]
    count = len(re.findall(r"\b\d+\b", text))
    for number in (10**9, 10**18):
        answer = process.call("nnz", replaced(text, [number] * count), 64)
        assert answer.kind in ("value", "ParseError", "ValueError"), (text, answer)
        assert answer.seconds < 5
