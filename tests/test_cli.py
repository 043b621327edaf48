"""The command: what it prints, and its exit status: 0, 1 on a mismatch, 2 if the input is wrong."""

import dataclasses
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref.catalogue.notation import NAMES
from sparse_ref.cli import main
from sparse_ref.cli.parser import command_parser
from sparse_ref.paths.book import index as theorems


def lookback_3(q, k, v):
    return sr.attend(q, k, v, sr.Lookback(3))


def causal(q, k, v):
    return sr.attend(q, k, v, sr.Causal())


def grouped(q, k, v):
    """Two key heads, layout bnhd, width 32 and 8 of values, scale 1; and it prints."""
    print("called")
    assert (q.shape[2:], k.shape[2:], v.shape[2:]) == ((4, 32), (2, 32), (2, 8))
    heads = [x.swapaxes(1, 2) for x in (q, k, v)]
    return sr.attend(*heads, sr.Causal(), scale=1.0).swapaxes(1, 2)


def ending(q, k, v):
    sys.exit(0)


class Kernels:
    causal = staticmethod(lambda q, k, v: sr.attend(q, k, v, sr.Causal()))


def broken(q, k, v):
    raise RuntimeError("no such kernel")


def test_list_names_every_pattern_with_its_set_and_source(capsys):
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    named = [
        line for line in out.split("\n") if line.startswith("  ") and not line.startswith("   ")
    ]
    assert sorted(line.split()[0] for line in named) == sorted(NAMES)
    assert (
        "  Strided                Child et al. 2019, sec. 4.3, strided, m = 2\n"
        "      A_i = { j <= i : (i - j) mod l = 0 }" in out
    )
    assert "Sparse Transformer: strided and fixed factorized attention.\n  Local " in out
    assert max(map(len, out.split("\n"))) < 160
    assert main(["list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == set(NAMES)
    assert found["Strided"]["set"] == "A_i = { j <= i : (i - j) mod l = 0 }"
    assert found["longformer"]["source"] == "Beltagy et al. 2020, sec. 3.1"


def test_show_answers_to_a_name_with_its_example_and_its_source(capsys):
    assert main(["show", "longformer"]) == 0
    out = capsys.readouterr().out
    assert "Beltagy et al. 2020, sec. 3.1" in out
    assert sr.picture(sr.longformer(2, globals=(0, 12)), 24) in out
    assert main(["show", "swin((3, 4), 2, 1)"]) == 0
    assert sr.picture(sr.swin((3, 4), 2, 1), 12) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["rosetta", "--selection", "-w", "8"], "--window has no meaning for --selection, got 8"),
        (["show", "strided", "--seed", "0"], "--seed has no meaning for a set that is not chosen"),
    ],
)
def test_options_without_meaning_are_refused(options, message, capsys):
    assert main(options) == 2
    assert message in capsys.readouterr().err


def test_rosetta_prints_what_each_source_means_by_a_window(capsys):
    assert main(["rosetta", "-w", "6"]) == 0
    lines = capsys.readouterr().out.strip().split("\n")
    assert len(lines) == 1 + len(sr.window_conventions())
    assert lines[0].split() == ["source", "parameter", "its", "set", "for", "6", "keys", "kind"]
    assert main(["rosetta", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(sr.parse(row["pattern"]), row["keys"]) for row in found] == [
        (e.pattern, e.keys) for e in sr.window_conventions()
    ]
    assert main(["rosetta", "-w", "5"]) == 2
    assert "w must be even" in capsys.readouterr().err


def test_branches_are_shown_one_by_one(capsys):
    assert main(["show", "Branches((Causal(), Sinks(1)))", "-n", "4"]) == 0
    out = capsys.readouterr().out
    assert "branch 0: Causal()" in out
    assert "branch 1: Sinks(1)" in out
    assert main(["verify", "tests.none:none", "--pattern", "Branches((Causal(),))"]) == 2


def test_show_prints_the_picture_and_its_set(capsys):
    assert main(["show", "Local(2) | Strided(3)", "-n", "6"]) == 0
    out = capsys.readouterr().out
    assert sr.picture(sr.Local(2) | sr.Strided(3), 6) in out
    assert main(["show", "strided(3)", "-n", "4x6"]) == 0
    assert sr.picture(sr.Strided(3), (4, 6)) in capsys.readouterr().out
    assert main(["show", "Causal()", "-n", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == np.tril(np.ones((3, 3), bool)).tolist()


def test_stats_counts_keys(capsys):
    assert main(["stats", "fixed(8, 2)", "-n", "64", "--json"]) == 0
    block, summary = (json.loads(line) for line in capsys.readouterr().out.strip().split("\n"))
    assert block["nnz"] == 8 * 36
    assert summary["empty_rows"] == 6
    assert summary["most_keys"] == 16
    assert block["of_causal"] == block["nnz"] / (64 * 65 // 2)
    assert main(["stats", "Causal()", "-n", "100"]) == 0
    assert "nnz         5,050" in capsys.readouterr().out
    assert main(["show", "openai_fixed(4, 1, 2)", "-n", "5"]) == 0
    assert "head 1: Block(4) | SubBlock(4, 1, 2)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["Local(4) | Strided(4)", "-n", "32"],
        ["strided(8)"],
        ["fixed(6, 1)", "--image", "6x6"],
        ["Causal()", "--image", "4x4"],
        ["Causal()", "--block", "16", "--title", "blocks", "--dark"],
        ["openai_fixed(8, 2, 2)"],
        ["longnet((4, 8), (1, 2), 0, 1, 'paper')"],
    ],
)
def test_plot_writes_a_picture(arguments, tmp_path, capsys):
    import matplotlib.pyplot as plt

    target = tmp_path / "out.png"
    assert main(["plot", *arguments, "-o", str(target)]) == 0
    assert target.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out.strip() == str(target)
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        (["bigbird(64, 8, 1, 0)"], ">bigbird(64, 8, 1, 0)</text>"),
        (["strided(8)"], ">(b) strided(8)</text>"),
        (["Causal()", "--title", "every earlier key"], ">every earlier key</text>"),
    ],
)
def test_the_title_of_a_plot_is_what_was_typed(arguments, title, tmp_path):
    target = tmp_path / "out.svg"
    assert main(["plot", *arguments, "-o", str(target)]) == 0
    assert title in target.read_text()


@pytest.fixture
def opened(monkeypatch):
    """The addresses that a browser was asked to open."""
    addresses = []
    monkeypatch.setattr("webbrowser.open", lambda address: addresses.append(address) or True)
    return addresses


def test_explore_writes_a_page_and_opens_it(opened, tmp_path, capsys):
    target = tmp_path / "a page.html"
    command = ["explore", "strided(8)", "-n", "32", "--title", "Two steps", "-o", str(target)]
    assert main(command) == 0
    assert capsys.readouterr().out.strip() == str(target)
    page = sr.explore("strided(8)", 32, title="Two steps")
    assert target.read_text(encoding="utf-8") == page.html
    assert opened == [target.as_uri()]
    assert main([*command, "--no-open"]) == 0
    assert len(opened) == 1


def test_explore_takes_a_name_and_a_temporary_file(opened, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["explore", "natten_nd", "--no-open"]) == 0
    (written,) = tmp_path.iterdir()
    assert capsys.readouterr().out.strip() == str(written)
    assert written.read_text(encoding="utf-8") == sr.explore("natten_nd((5, 5), 3)", 25).html
    assert opened == []


def test_explore_without_a_browser_still_writes_the_page(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    target = tmp_path / "page.html"
    assert main(["explore", "Causal()", "-o", str(target)]) == 0
    assert target.exists()
    assert "no browser was found" in capsys.readouterr().err


def test_verify_ends_with_the_verdict(capsys, monkeypatch):
    monkeypatch.syspath_prepend("tests")
    assert (
        main(
            [
                "verify",
                "test_cli:lookback_3",
                "--pattern",
                "Lookback(3)",
                "-n",
                "20",
                "--heads",
                "2",
            ]
        )
        == 0
    )
    assert capsys.readouterr().out.startswith("PASS")
    assert (
        main(["verify", "test_cli:lookback_3", "--pattern", "Lookback(4)", "-n", "20", "--json"])
        == 1
    )
    assert json.loads(capsys.readouterr().out)["passed"] is False
    assert main(["verify", "test_cli:broken", "--pattern", "Causal()", "-n", "8"]) == 1
    assert "no such kernel" in capsys.readouterr().out
    assert (
        main(["verify", "test_cli:lookback_3", "--pattern", "openai_fixed(4, 1, 2)", "-n", "8"])
        == 1
    )
    assert main(["verify", "test_cli:Kernels.causal", "--pattern", "Causal()", "-n", "8"]) == 0


def test_verify_hands_its_options_on_and_keeps_what_the_function_prints_apart(capsys, monkeypatch):
    monkeypatch.syspath_prepend("tests")
    options = "--heads 4 --kv-heads 2 --layout bnhd --d 32 --e 8 --scale 1 --seed 3 --json"
    assert (
        main(["verify", "test_cli:grouped", "--pattern", "Causal()", "-n", "12", *options.split()])
        == 0
    )
    out, err = capsys.readouterr()
    assert json.loads(out)["passed"] is True
    assert "called" in err


def test_a_function_that_ends_the_process_is_no_success(capsys, monkeypatch):
    monkeypatch.syspath_prepend("tests")
    assert main(["verify", "test_cli:ending", "--pattern", "Causal()", "-n", "8"]) == 1
    assert "raised SystemExit: 0" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["raise SystemExit(0)", "1 / 0", "def f(:"])
def test_a_module_that_fails_to_import_ends_with_2(text, tmp_path, monkeypatch, capsys):
    (tmp_path / "failing_module.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "failing_module", raising=False)
    assert main(["verify", "failing_module:f", "--pattern", "Causal()"]) == 2
    assert "failing_module:f cannot be imported" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "Stride(4)"], "did you mean 'Strided'?\n    Stride(4)\n    ^"),
        (["show", "Causal()", "-n", "300"], "n must be at most 256"),
        (
            ["verify", "json", "--pattern", "Causal()"],
            "function must be module:function, with the module's name and not its file",
        ),
        (["verify", "mine.py:fn", "--pattern", "Causal()"], "not its file, got 'mine.py:fn'"),
        (["verify", "json:loads", "--pattern", "Local(1" + 30 * "0" + ")"], "l must be at most"),
        (["plot", "strided(8)", "-n", "50", "-o", "x.png"], "n must be a square"),
        (["plot", "strided(8)", "-n", "64x32", "-o", "x.png"], "n must be a square"),
        (["verify", "json:nothing", "--pattern", "Causal()"], "has no attribute 'nothing'"),
        (
            ["verify", "no_such_module:fn", "--pattern", "Causal()"],
            "No module named 'no_such_module'",
        ),
        (
            ["verify", "json:loads", "--pattern", "strided(3)"],
            "--pattern must be one pattern, or one per head",
        ),
        (
            ["plot", "openai_fixed(8, 2, 2)", "--image", "8x8", "-o", "x.png"],
            "expression must be one pattern or its steps to be drawn on an image",
        ),
        (
            ["plot", "strided(8)", "--image", "3x3", "-n", "64", "-o", "x.png"],
            "-n must be 9 with --image 3x3, or be left out, got 64",
        ),
        (
            ["plot", "strided(8)", "--block", "8", "-o", "x.png"],
            "--block has no meaning for the steps on an image, got 8",
        ),
        (["plot", "Causal()", "-o", "x.gif"], "path must end in .svg, .pdf, .png, got 'x.gif'"),
        (["plot", "Causal()", "-o", "/nowhere/x.png"], "No such file or directory"),
        (["explore", "Causal()", "-o", "/nowhere/x.html"], "No such file or directory"),
        (["explore", "strided", "-n", "0", "--no-open"], "n must be at least 1, got 0"),
        (["explore", "Stride(4)", "--no-open"], "did you mean 'Strided'?"),
        (["explore", "Causal()", "-n", "5000", "--no-open"], "n must be at most 4096, got 5000"),
    ],
)
def test_wrong_input_ends_with_2_and_a_reason(arguments, said, capsys):
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [[], ["nothing"], ["show"], ["show", "Causal()", "-n", "many"], ["plot", "Causal()"]],
)
def test_wrong_usage_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


@pytest.mark.parametrize("shape", ["8", "8x", "8x8x8", "-8x8", "wide"])
def test_the_shape_of_an_image_is_a_height_and_a_width(shape, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["plot", "strided(8)", f"--image={shape}", "-o", "x.png"])
    assert ended.value.code == 2
    assert f"argument --image: must be HxW, such as 8x8, got '{shape}'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["verfy"], "did you mean 'verify'?"),
        (["lst"], "did you mean 'list'?"),
        (
            ["verify", "m:f", "--pattern", "Causal()", "--framework", "pytorch"],
            "did you mean 'torch'?",
        ),
    ],
)
def test_a_mistyped_choice_is_answered_with_the_nearest(arguments, suggestion, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert suggestion in capsys.readouterr().err


def subcommands():
    """The parser of each subcommand, by name."""
    (commands,) = [
        action for action in command_parser()._actions if hasattr(action.choices, "items")
    ]
    return commands.choices


@pytest.mark.parametrize("name", sorted(subcommands()))
def test_each_subcommand_is_explained(name, capsys):
    """Its help has a description, text for each argument, and examples that the parser accepts."""
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    parser = subcommands()[name]
    assert parser.description
    assert all(action.help for action in parser._actions)
    examples = re.findall(r"^  sparse-ref (.*)", out, re.M)
    assert examples
    for example in examples:
        assert command_parser().parse_args(shlex.split(example)).run is parser.get_default("run")


def test_the_layouts_are_spelled_out(capsys):
    with pytest.raises(SystemExit):
        main(["verify", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    for layout in ("bhnd = (batch, heads, n, d)", "ble = (batch, n, heads * d)"):
        assert layout in out


def test_python_m_runs_the_command():
    run = subprocess.run(
        [sys.executable, "-m", "sparse_ref", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == sr.__version__


def test_prove_answers_to_theorems_and_to_steps(capsys):
    assert main(["prove", "strided", "fixed"]) == 0, "both end as expected"
    said = capsys.readouterr().out
    assert "strided: Every j reaches every i >= j" in said
    assert "refuted: for all c >= 1, c <= l" in said
    assert said.endswith("2 of 2 theorems as expected\n")
    assert main(["prove", "strided(8)", "--no-residual"]) == 0
    assert capsys.readouterr().out.startswith(
        "proved: for all l >= 1, every n and all 0 <= j <= i < n: "
    )
    assert main(["prove", "Lookback(7)", "Strided(8)"]) == 1
    assert "counterexample: n = 8, j = 0, i = 7" in capsys.readouterr().out
    assert main(["prove", "fixed(8, 2)", "--order", "2,1", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["counterexample"] == {
        "j": 0,
        "i": 8,
        "n": 9,
        "parameters": {},
    }
    assert main(["prove", "butterfly(2)", "butterfly(2)", "--both-ways", "-n", "4"]) == 0
    assert "every pair at n = 4 was checked" in capsys.readouterr().out


def test_prove_lists_the_book_and_settles_it_as_json(capsys, monkeypatch):
    assert main(["prove", "--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed[0].split()[:2] == ["strided", "proved"]
    assert len(listed) >= 30
    assert main(["prove", "--list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["family"] == "strided"
    assert main(["prove", "chunks", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["status"] == "proved"
    two = (
        dataclasses.replace(theorems.theorem("chunks"), expected="refuted"),
        theorems.theorem("fixed"),
    )
    monkeypatch.setattr(theorems, "book", lambda: two)
    assert main(["prove"]) == 1, "the whole book, one of which does not end as expected"
    assert capsys.readouterr().out.endswith("1 of 2 theorems as expected\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["prove", "stridden"], "no theorem is called 'stridden'; did you mean strided, "),
        (
            ["prove", "strided", "stridden"],
            "strided is a theorem: theorems and patterns cannot be mixed in one command",
        ),
        (["prove", "strided", "--seconds", "3"], "are for steps, not for theorems"),
        (
            ["prove", "strided", "--no-residual"],
            "are for steps, not for theorems",
        ),
        (
            ["prove", "openai_fixed(8, 2, 2)"],
            "each layer must be one pattern, got openai_fixed(8, 2, 2)",
        ),
        (["prove", "strided(8)", "--seconds", "0"], "seconds must be a number above 0, got 0.0"),
        (["prove", "strided(8)", "--order", "3"], "each number in order must be at most 2, got 3"),
    ],
)
def test_prove_refuses_what_is_no_steps(arguments, said, capsys):
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_verify_in_other_formats(capsys, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    command = ["verify", "test_cli:lookback_3", "--pattern", "Lookback(4)", "-n", "20", "--format"]
    assert main([*command, "junit"]) == 1
    assert ElementTree.fromstring(capsys.readouterr().out).get("failures") == "1"
    assert main([*command, "markdown"]) == 1
    assert capsys.readouterr().out.startswith("### ❌ FAIL")
    assert main([*command, "html"]) == 1
    assert capsys.readouterr().out.startswith("<div>")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    assert main([*command, "github"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("::error file=")
    assert ",title=Lookback(3)%2C not Lookback(4)::test_cli:lookback_3: head 0: is" in out
    assert (tmp_path / "summary.md").read_text().startswith("### ❌ FAIL")
    assert (
        main(
            [
                "verify",
                "test_cli:lookback_3",
                "--pattern",
                "Lookback(3)",
                "-n",
                "20",
                "--also",
                "1",
                "2",
                "7x9",
                "--align",
                "upper-left",
                "--format",
                "github",
            ]
        )
        == 0
    )
    out = capsys.readouterr().out
    assert out.startswith("::notice file=")
    assert "title=sparse-ref verify%3A PASS::PASS test_cli:lookback_3 - " in out


def test_what_was_not_tested_exits_with_a_code_of_its_own(capsys, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    command = ["verify", "test_cli:causal", "--pattern", "Lookback(200)", "-n", "64"]
    assert main(command) == 3
    out = capsys.readouterr().out
    assert re.match(
        r"UNTESTED test_cli:causal - at n = \d+ Lookback\(200\) is the same set as ", out
    )
    assert "to test it: sparse-ref verify test_cli:causal" in out
    assert main([*command[:-1], "256"]) == 1
    capsys.readouterr()
    assert main([*command, "--format", "junit"]) == 3
    assert ElementTree.fromstring(capsys.readouterr().out).get("failures") == "1"


def test_identify_names_what_each_head_attends_to(capsys, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    assert main(["identify", "test_cli:lookback_3", "-n", "12", "--heads", "2"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "head 0: Lookback(3) = Local(2) = Band(2, 0); 33 keys"
    assert len(out) == 2
    assert main(["identify", "test_cli:lookback_3", "-n", "12", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["heads"][0]["names"][0] == "Lookback(3)"
    assert main(["identify", "test_cli:scattered", "-n", "12"]) == 1
    out = capsys.readouterr().out
    assert "head 0: no pattern of this library; " in out
    assert "█" in out
    assert main(["identify", "test_cli:failing", "-n", "12"]) == 2


def scattered(q, k, v):
    """Attention over sets without a name."""
    return sr.attend(q, k, v, sr.Random(len(k[0]), 3, 1))


def failing(q, k, v):
    """No attention at all."""
    raise RuntimeError("no kernel")
