"""Proofs as scripts in SMT-LIB 2: two solvers read them, and they say what they claim."""

import re
import subprocess
import sys
from math import inf

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st
from test_path_mutants import DISCONNECTED, WRONG_BORDERS, WRONG_HOPS
from withstood import withstands

import sparse_ref as sr
from sparse_ref.cli import main
from sparse_ref.paths import confirm, prove, prove_hops, prove_invariant
from sparse_ref.paths.book.index import theorem
from sparse_ref.paths.proof import second_solver
from sparse_ref.paths.proof.connection import Proof
from sparse_ref.paths.proof.family import family_of
from sparse_ref.paths.proof.hops import Hops
from sparse_ref.paths.proof.invariant import Invariant
from sparse_ref.paths.proof.obligations import Obligations
from sparse_ref.paths.proof.query import Query
from sparse_ref.paths.proof.second_solver import SecondSolver
from sparse_ref.paths.proof.smtlib import MAX_NAME_LENGTH
from sparse_ref.paths.proof.verdict import Obligation, Verdict

QUICK = ("strided", "fixed-residual", "window", "chunks-causal", "etc-global", "documents")
COMMANDS = {"set-info", "set-logic", "declare-const", "define-fun", "assert", "check-sat"}


def z3_answer(script):
    """What z3 says of a script, in 20 s."""
    context = z3.Context()
    solver = z3.Solver(ctx=context)
    solver.set("timeout", 20_000)
    solver.add(z3.parse_smt2_string(script, ctx=context))
    return str(solver.check())


@pytest.mark.parametrize("name", QUICK)
@withstands("second solver")
def test_both_solvers_give_the_answer_that_a_file_names(name):
    verdict = theorem(name).settle()
    labels = [obligation.label for obligation in verdict.obligations]
    assert labels[-1] == "control"
    assert len(set(labels)) == len(labels)
    with SecondSolver() as cvc5:
        for label, status, script in verdict.obligations:
            assert z3_answer(script) == cvc5.answer(script, 20) == status, label
            assert f"(set-info :status {status})" in script
            premises = script.rpartition("(assert ")[0]
            assert z3_answer(f"{premises}(check-sat)") == "sat", label


@pytest.mark.parametrize("name", QUICK)
def test_a_file_is_standard_and_says_what_its_answer_means(name):
    for file, text in theorem(name).settle().smt2(name).items():
        head, _, commands = text.partition("\n(")
        assert head.startswith(f"; {file}, written by sparse_ref\n; Claim: ")
        for part in ("; Sets of the layers", "; Parameters and", "; Question: ", "; The answer "):
            assert part in head
        assert set(re.findall(r"^\(?([a-z-]+)", commands, flags=re.M)) <= COMMANDS
        code = re.sub(r";.*|\|[^|]*\|", "", commands)
        assert text.isascii()
        assert "0x" not in text
        assert "/" not in code
        assert "!" not in code


def test_files_have_the_same_bytes_from_run_to_run():
    code = (
        "from sparse_ref.paths.book.index import theorem\n"
        f"print([theorem(name).settle().smt2(name) for name in {QUICK}])"
    )
    environment = {"PYTHONHASHSEED": "1", "PYTHONPATH": ":".join(sys.path)}
    output = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert output == f"{[theorem(name).settle().smt2(name) for name in QUICK]}\n"


def negation_script(steps, options, case):
    """The script of the negation of a statement about fixed steps, at one case or at any."""
    options = {"residual": True, "causal": True, "order": None} | options
    family = family_of(steps, options["order"])
    proof = Proof(family, options["residual"], options["causal"], options.get("n"), 0.0)
    query = Query(family, options["causal"], options.get("n"))
    obligations = Obligations(query, "a false claim")
    negation = proof.negation(query, eliminate=False)
    if case is None:
        return obligations.claim_obligation("the paths fail", negation).script
    return obligations.control("the paths fail", negation, case).script


# Of more layers, prove knows no paths to export.
FEW_LAYERS = [fault for fault, (steps, *_) in DISCONNECTED.items() if len(steps) <= 3]


@pytest.mark.parametrize("fault", FEW_LAYERS)
def test_a_wrong_statement_is_never_exported_as_true(fault):
    steps, options, (j, i, n) = DISCONNECTED[fault]
    case = sr.paths.proof.verdict.Counterexample(j, i, n)
    script = negation_script(steps, options, case)
    with SecondSolver() as cvc5:
        assert z3_answer(script) == cvc5.answer(script, 20) == "sat"
        assert cvc5.answer(negation_script(steps, options, None), 2) != "unsat"


def wrong_inductions():
    """The stored wrong statements about any number of layers, by their fault."""
    for fault, (step, hops, toward, exact, _) in WRONG_HOPS.items():
        yield fault, Hops(family_of(step, None), True, inf, hops, toward, exact)
    for fault, (steps, holds, causal) in WRONG_BORDERS.items():
        yield fault, Invariant(family_of(steps, None), causal, inf, holds)


@pytest.mark.parametrize(("fault", "induction"), list(wrong_inductions()))
def test_a_step_of_a_wrong_induction_fails(fault, induction):
    obligations = list(induction.obligations("a false claim"))
    with SecondSolver() as cvc5:
        pairs = [(z3_answer(each.script), cvc5.answer(each.script, 3)) for each in obligations]
    assert any("sat" in pair for pair in pairs)
    for pair in pairs:
        assert pair[1] in (pair[0], "unknown")


def test_names_are_symbols_of_the_standard():
    def family(mod, λ, a):
        return sr.Lookback(mod + 1) | sr.Strided(λ + 1) | sr.Prefix(a) | sr.Causal()

    verdict = prove(family)
    text = verdict.smt2()["proof-claim.smt2"]
    assert "(declare-const mod_ Int)" in text
    assert "(declare-const _u03bb Int)" in text
    assert confirm(verdict).solvers == "z3 and cvc5"


def test_two_quotients_of_one_name_are_two_constants():
    query = Query(family_of(sr.Strided, None), causal=True)
    j, i = query.j, query.i
    for _ in range(25):
        j, i = 2 * j + 1, 2 * i + 1
    (l,) = query.values.values()
    same_remainder = (j % l == i % l).expression
    script = Obligations(query, "a claim").claim_obligation("they differ", same_remainder).script
    names = re.findall(r"declare-const (\|[^|]*\||\S+) Int", script)
    assert len(names) == len(set(names)) == 8
    assert max(map(len, names)) <= MAX_NAME_LENGTH + 2
    assert z3_answer(script) == "sat"


def test_a_disagreement_is_never_a_proof(monkeypatch):
    verdict = prove(sr.strided)
    monkeypatch.setattr(SecondSolver, "answer", lambda *_: "sat")
    wrong = confirm(verdict)
    assert not wrong
    assert wrong.status == "unknown"
    assert "the solvers disagree on claim: z3 answers unsat, cvc5 sat" in wrong.evidence
    assert wrong.solvers == wrong.negative_control == ""


def test_a_proof_by_one_solver_says_so(monkeypatch, capsys):
    verdict = prove(sr.strided)
    assert str(verdict).endswith("\nsolvers: z3 alone")
    monkeypatch.setattr(SecondSolver, "answer", lambda *_: "unknown")
    once = confirm(verdict, seconds=0.5)
    assert once.status == "proved"
    assert str(once).endswith(
        "\nsolvers: z3 alone: cvc5 gave up on claim, facts, control after 0.5 s"
    )
    monkeypatch.setattr(second_solver, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="cvc5 is not installed, so z3 alone settles proofs"):
        confirm(verdict)
    assert main(["prove", "strided", "chunks"]) == 0
    printed = capsys.readouterr()
    assert printed.out.count("solvers: z3 alone\n") == 2
    assert "settled: 2 by z3 alone\n" in printed.out
    assert printed.err.count("\n") == 1, printed.err


def test_cvc5_is_stopped_when_its_time_is_up_and_started_anew():
    hard = (
        "(set-logic QF_NIA)(declare-const x Int)(declare-const y Int)(declare-const z Int)"
        "(assert (= (+ (* x x x) (* y y y) (* z z z)) 114))(check-sat)"
    )
    easy = "(set-logic QF_LIA)(declare-const x Int)(assert (< x x))(check-sat)"
    with SecondSolver() as cvc5:
        assert cvc5.answer(hard, 0.4) == "unknown"
        assert cvc5.answer(easy, 20) == "unsat"
        cvc5.process.kill()
        assert cvc5.answer(easy, 20) in ("unsat", "unknown"), "it died in the middle"
        assert cvc5.answer(easy, 20) == "unsat"
        assert cvc5.answer("(assert nonsense", 20) == "unknown"


def test_a_verdict_without_a_solver_comes_back_as_it_is():
    for verdict in (prove(sr.Block(4)), prove(sr.butterfly(2), causal=False, n=4)):
        assert verdict.obligations == ()
        assert confirm(verdict) is verdict
    assert confirm(Verdict("unknown", "", "", "")).status == "unknown"
    with pytest.raises(ValueError, match="seconds must be a number above 0, got 0"):
        confirm(prove(sr.strided), seconds=0)


def test_quantifiers_are_exported_too():
    verdict = prove((sr.Strided(6), sr.Lookback(6)), residual=False)
    script = verdict.smt2()["proof-claim.smt2"]
    assert "(set-logic LIA)" in script
    assert "(forall ((x1 Int))" in script
    assert z3_answer(script) in ("unsat", "unknown")
    assert confirm(verdict, seconds=2).status == "proved"


def test_the_command_writes_files_and_overwrites_only_its_own(tmp_path, capsys):
    folder = tmp_path / "new" / "proofs"
    command = ["prove", "strided", "fixed", "--smt2", str(folder)]
    for _ in range(2):
        assert main(command) == 0
    assert "3 files of 1 proof; check each with `cvc5 FILE`" in capsys.readouterr().err
    files = {path.name: path.read_text() for path in folder.iterdir()}
    assert files == theorem("strided").settle().smt2("strided")
    (folder / "notes.txt").write_text("mine")
    other = folder / "strided-claim.smt2"
    other.write_text("; mine")
    assert main(command) == 2
    assert "--smt2 must be a folder in which no other file is called" in capsys.readouterr().err
    assert other.read_text() == "; mine"
    other.unlink()
    other.symlink_to(tmp_path / "elsewhere")
    assert main(command) == 2
    assert not (tmp_path / "elsewhere").exists()
    assert main(["prove", "strided", "--smt2", str(folder / "notes.txt")]) == 2
    assert "--smt2 must be a folder, or a name for a new one, got" in capsys.readouterr().err


@st.composite
def small_families(draw):
    """Two layers of unions of simple patterns at one parameter, and whether z3 may use edges."""
    simple = st.sampled_from(
        [
            lambda l: sr.Lookback(l + 1),
            lambda l: sr.Lookback(2 * l),
            lambda l: sr.Strided(l + 1),
            lambda l: sr.Block(l + 1),
            lambda l: sr.Prefix(l + 1),
            lambda l: sr.Global(1) & sr.Causal(),
            lambda l: sr.Summary(l + 1, 1),
            lambda l: sr.Causal(),
        ]
    )
    lower, upper, other = draw(simple), draw(simple), draw(simple)
    return (lambda l: (lower(l), upper(l) | other(l))), draw(st.booleans())


@settings(max_examples=settings.default.max_examples // 6)
@given(small_families())
@withstands("second solver")
def test_the_solvers_agree_on_random_families(drawn):
    family, residual = drawn
    verdict = prove(family, residual=residual, seconds=5)
    again = confirm(verdict, seconds=2)
    assert again.status == verdict.status, again
    if verdict.status == "refuted":
        assert verdict.smt2() == {}


@pytest.mark.parametrize(
    "settle",
    [
        lambda: prove_hops(sr.Local, lambda j, i, l: i - j, lambda j, i, l: i - 1),
        lambda: prove_invariant(sr.Block, lambda j, i, l: j // l == i // l),
    ],
)
def test_inductions_with_parameters_of_any_name_are_exported(settle):
    verdict = settle()
    assert (verdict.status == "proved") == bool(verdict.obligations)
    assert all(isinstance(obligation, Obligation) for obligation in verdict.obligations)
    assert confirm(verdict).status == verdict.status
