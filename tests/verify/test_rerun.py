"""What a report prints after "again:" can be pasted: a command, or a line of Python."""

import shlex
from functools import partial
from inspect import signature

import numpy as np
import pytest
from verify.implementations import masked, softmax, tri

import sparse_ref as sr
from sparse_ref.cli.parser import command_parser
from sparse_ref.verify import check
from sparse_ref.verify.report.python_text import pattern_text
from sparse_ref.verify.report.rerun import DEFAULTS, FLAGS, Question, rerun_command

PATH = "verify.implementations:softmax"


def attention(q, k, v):
    """A function that this module has under its name."""
    return v


def command(fn, *patterns, n=(8, 8), seed=0, **options):
    """The command of a question."""
    return rerun_command(Question(fn, patterns or (sr.Causal(),), n, seed, options))


def test_the_command_gives_the_report_again():
    fn = masked(np.stack([tri(6, keys=2), tri(6, keys=3)]))
    report = check(fn, sr.Lookback(2), n=6, heads=2, ragged=False)
    again = eval(report.command, {"sr": sr, "fn": fn})
    assert again.to_json() == report.to_json()
    assert check(softmax, sr.Causal(), 4, 2, d=8).command == (
        f"sparse-ref verify {PATH} --pattern 'Causal()' -n 4 --heads 2 --d 8"
    )


def test_the_command_line_reads_what_is_printed():
    options = dict(kv_heads=2, d=8, e=4, layout="bhnd", framework="torch", dtype="bfloat16")
    line = command(softmax, *4 * (sr.Lookback(2),), n=(8, 12), seed=3, also=(1, (5, 9)), **options)
    arguments = command_parser().parse_args(shlex.split(line)[1:])
    assert arguments.function == PATH
    assert (arguments.pattern, arguments.n, arguments.heads) == ("Lookback(2)", (8, 12), 4)
    assert (arguments.seed, arguments.also) == (3, [1, (5, 9)])
    for name, value in options.items():
        assert getattr(arguments, name) == value


def test_the_command_line_has_every_flag_that_is_printed():
    verify = next(
        action.choices["verify"] for action in command_parser()._actions if action.choices
    )
    known = {flag for action in verify._actions for flag in action.option_strings}
    assert set(FLAGS.values()) <= known


def test_defaults_are_those_of_check():
    parameters = signature(check).parameters
    for name, value in DEFAULTS.items():
        assert value == parameters[name].default or (name, value) == ("d", 16), name


@pytest.mark.parametrize("name", [*DEFAULTS, "align", "scale", "sinks", "bias", "precision", "q"])
def test_defaults_are_left_out(name):
    plain = f"sparse-ref verify {PATH} --pattern 'Causal()' -n 8"
    assert command(softmax, **{name: DEFAULTS.get(name)}) == plain
    assert command(softmax, **{name: None}) == plain


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(softcap=50.0), "--softcap 50.0"),
        (dict(sinks=np.array([0.5, 1.0])), "--sinks 0.5 1.0"),
        (dict(sinks=0.5), "--sinks 0.5"),
        (dict(alibi=True), "--alibi"),
        (dict(fill=-1e4), "--fill -10000.0"),
        (dict(align="bottom-right", lse="base2"), "--align bottom-right --lse base2"),
        (dict(precision="bfloat16", ragged=False), "--precision bfloat16 --no-ragged"),
    ],
    ids=str,
)
def test_declared_forms_on_the_command_line(options, words):
    assert command(softmax, **options).endswith(f" -n 8 {words}")


def test_what_only_python_can_write_is_named_in_a_comment():
    q = np.zeros((2, 8, 4))
    line = command(softmax, q=q, k=q, bias=lambda h, i, j: 0, shared_qk=True)
    start, _, comment = line.partition("  # ")
    assert start == (
        "sr.verify.check(softmax, sr.Causal(), n=8, q=q, k=k, bias=bias, shared_qk=True)"
    )
    needs = comment.split("; ")
    assert needs[:3] == [
        "from verify.implementations import softmax",
        "q: your array (2, 8, 4)",
        "k: your array (2, 8, 4)",
    ]
    assert needs[3].startswith("bias: your lambda (")


def test_functions_of_options_have_their_imports():
    line = command(attention, transform=softmax)
    imports = f"from {__name__} import attention; from verify.implementations import softmax"
    assert line == (f"sr.verify.check(attention, sr.Causal(), n=8, transform=softmax)  # {imports}")
    assert "alibi=[1.0, 0.5]" in command(lambda q, k, v: v, alibi=np.array([1.0, 0.5]))


@pytest.mark.parametrize("fn", [lambda q, k, v: v, partial(softmax), partial(lambda x: x)])
def test_a_function_without_a_name_is_called_fn(fn):
    line = command(fn)
    assert line.startswith("sr.verify.check(fn, sr.Causal(), n=8)  # fn: your ")
    eval(line, {"sr": sr, "fn": masked(tri(8))})


LISTED = sr.Listed.of_rows([[0], [0, 1], []])


@pytest.mark.parametrize("p", [LISTED, sr.Lookback(4) | ~sr.Causal(), sr.Random(8, 2, 0)])
def test_a_pattern_in_python_gives_the_pattern_again(p):
    text, needs = pattern_text(p)
    assert needs == ""
    assert eval(text, {"sr": sr}) == p


def test_what_was_found_by_trying_is_left_out_and_what_was_given_is_not():
    choice = "layout nhd, framework torch: found by trying"
    found = dict(layout="nhd", framework="torch", choice=choice)
    assert command(softmax, **found) == command(softmax)
    given = dict(layout="hnd", framework="torch", choice="framework torch: found by trying")
    assert command(softmax, **given) == f"{command(softmax)} --layout hnd"


def test_a_listed_pattern_is_no_command_but_a_line_of_python():
    assert command(softmax, LISTED, n=(3, 3)).startswith("sr.verify.check(softmax, sr.Listed([0, ")
    long = sr.Listed.of_rows([range(i) for i in range(100)])
    line = command(masked(tri(100)), long, n=(100, 100))
    assert line.startswith("sr.verify.check(fn, pattern, n=100)  # pattern: your Listed(<100 rows")
    both = command(masked(tri(3)), LISTED | sr.Causal(), n=(3, 3))
    assert both.startswith("sr.verify.check(fn, pattern, n=3)  # pattern: your Listed(<3 rows")
