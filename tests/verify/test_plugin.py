"""Tests of the pytest plugin, each in a pytest of its own, as a user runs it."""

import os
import re
import subprocess
import sys
from inspect import signature
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

import sparse_ref as sr
from sparse_ref._claims import CheckOptions, claims_of
from sparse_ref.verify.testing.target import pattern_and_options

ROOT = Path(__file__).parents[2]
KERNEL = """
    import numpy as np
    import sparse_ref as sr

    KEYS = 5

    def scores(q, k):
        return q @ k.mT / np.float32(np.sqrt(q.shape[-1]))

    @sr.conforms("Lookback(5)", heads=4, kv_heads=2, layout="bhnd", framework="numpy"{options})
    def attention(q, k, v):
        '''Causal attention over the last keys.'''
        group = q.shape[1] // k.shape[1]
        k, v = k.repeat(group, axis=1), v.repeat(group, axis=1)
        i, j = np.ogrid[:q.shape[2], :k.shape[2]]
        x = np.where((j <= i) & (j > i - KEYS), scores(q, k), np.float32(-np.inf))
        p = np.exp(x - x.max(axis=-1, keepdims=True))
        return p / p.sum(axis=-1, keepdims=True) @ v
"""
TESTS = """
    import numpy as np
    from kernel import attention as mine

    def inputs(n=24):
        rng = np.random.default_rng(0)
        q, k, v = rng.standard_normal((3, 2, 4, n, 16)).astype(np.float32)
        return q, k[:, :2], v[:, :2]

    def test_the_future_is_not_seen():
        q, k, v = inputs()
        before = mine(q, k, v)[:, :, :9]
        k, v = k.copy(), v.copy()
        k[:, :, 9:] = v[:, :, 9:] = 7
        assert np.allclose(before, mine(q, k, v)[:, :, :9])

    def test_shape():
        q, k, v = inputs()
        assert mine(q, k, v).shape == q.shape

    def test_of_something_else():
        assert 1 + 1 == 2
"""


@pytest.fixture
def project(tmp_path):
    """Writes the files of a project, and runs pytest in it."""

    def run(*arguments, plugins=("sparse_ref_plugin",), **files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(dedent(text))
        switches = [word for plugin in plugins for word in ("-p", plugin)]
        path = os.pathsep.join([str(ROOT), str(tmp_path)])
        environment = {**os.environ, "PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command = [sys.executable, "-m", "pytest", *switches, "-p", "no:cacheprovider", *arguments]
        result = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        return result.returncode, result.stdout + result.stderr

    return run


def kernel(options="", keys=5):
    return KERNEL.replace("{options}", options).replace("KEYS = 5", f"KEYS = {keys}")


def test_a_declared_function_is_a_test_at_each_length(project):
    code, text = project("-v", kernel=kernel(), test_kernel=TESTS)
    assert code == 0, text
    ids = re.findall(r"test_kernel\.py::(\S+) PASSED", text)
    assert [name for name in ids if name.startswith("mine[")] == [
        "mine[n=64]",
        "mine[n=1]",
        "mine[n=37]",
        "mine[n=63]",
        "mine[n=65]",
    ]
    assert "test_shape" in ids


def test_a_failure_shows_the_report_with_its_picture_and_no_traceback(project):
    options = ", n=[1, 12]"
    code, text = project("test_kernel.py", kernel=kernel(options, 6), test_kernel=TESTS)
    assert code == 1, text
    assert "one key too many at the left edge" in text
    assert "\n·+█████" in text  # a row of the picture
    assert "mine[n=12] - FAIL " in text  # pytest's last lines
    assert "1 failed, 4 passed" in text
    assert "Traceback" not in text and "site-packages" not in text
    assert "verify/attention_check.py" not in text and "raise " not in text


def test_what_the_longest_length_does_not_test_fails(project):
    code, text = project("test_kernel.py", kernel=kernel(", n=[1, 4]"), test_kernel=TESTS)
    assert code == 1, text
    assert "UNTESTED" in text and "1 failed" in text


def test_names_marks_aliases_and_refusals(project):
    """A name like that of a test, a mark, an object, two names, two claims, a method."""
    module = """
        import pytest
        import sparse_ref as sr

        options = {"layout": "hnd", "framework": "numpy"}

        @pytest.mark.skip(reason="no device")
        @sr.conforms("Window(0)", n=8, **options)
        def skipped(q, k, v):
            return v

        @sr.conforms("Window(0)", n=8, **options)
        def test_like_a_test(q, k, v):
            return v

        @sr.conforms("Window(0)", n=8, **options)
        @sr.conforms("Block(1)", n=8, **options)
        def twice(q, k, v):
            return v

        @sr.conforms("Window(0)", **options)
        def multiples_of_64(q, k, v):
            if q.shape[1] % 64:
                raise NotImplementedError("n must be a multiple of 64")
            return v

        class Kernel:
            def __call__(self, q, k, v):
                return v

        kernel = sr.conforms("Window(0)", n=8, **options)(Kernel())
        alias = kernel
    """
    code, text = project("-v", "-rs", test_names=module)
    assert code == 0, text
    ids = dict(re.findall(r"test_names\.py::(\S+) (\w+)", text))
    assert ids.pop("skipped[n=8]") == "SKIPPED"
    assert ids.pop("test_like_a_test[n=8]") == "PASSED"
    assert ids.pop("twice[Block(1)-n=8]") == ids.pop("twice[Window(0)-n=8]") == "PASSED"
    assert ids.pop("kernel[n=8]") == "PASSED"
    assert ids.pop("multiples_of_64[n=64]") == "PASSED"
    assert ids and set(ids.values()) == {"SKIPPED"}, ids
    assert all(name.startswith("multiples_of_64[") for name in ids)
    assert "n must be a multiple of 64" in text


def test_selection_and_xdist(project):
    plugins = ("sparse_ref_plugin", "xdist.plugin")
    files = {"kernel": kernel(", n=[1, 12, 20]", 6), "test_kernel": TESTS}
    code, text = project("-n2", "-k", "mine and n20 or test_shape", plugins=plugins, **files)
    assert code == 1, text
    assert "1 failed, 1 passed" in text
    assert "mine[n=20] - FAIL " in text
    assert "\n·+█████" in text


def test_mutants_run_the_users_tests_and_print_survivors(project):
    files = {"kernel": kernel(), "test_kernel": TESTS}
    code, text = project("--attention-mutants", **files)
    assert code == 0, text
    killed, total = map(
        int, re.search(r"your tests kill (\d+) of (\d+) \(2 tests\)", text).groups()
    )
    assert total > 150
    assert 10 < killed < total / 2
    survivors = re.findall(r"^  (\S.*?)  +(\S.*)$", text, re.M)
    assert len(survivors) == total - killed
    names = [name for name, _ in survivors]
    assert "one key too many at the left edge" in names  # within the past
    assert "the whole future seen" not in names
    assert "Lookback(4) for Lookback(5)" in names
    assert f"{killed} killed, {total - killed} survived" in text
    assert "\r" not in text and "mutant 1 of" not in text  # a progress line is for terminals

    strict, text = project("--attention-mutants", "--attention-mutants-strict", **files)
    assert strict == 1, text


STRONG = """
    import numpy as np
    from kernel import attention

    def expected(q, k, v):
        q, k, v = (x.astype(float) for x in (q, k, v))
        k, v = k.repeat(2, axis=1), v.repeat(2, axis=1)
        i, j = np.ogrid[:q.shape[2], :k.shape[2]]
        x = np.where((j <= i) & (j > i - 5), q @ k.mT / 4, -np.inf)
        p = np.exp(x - x.max(axis=-1, keepdims=True))
        return p / p.sum(axis=-1, keepdims=True) @ v

    def test_everything():
        rng = np.random.default_rng(0)
        for n, factor in ((1, 1), (65, 1), (64, 50), (65, 300), (80, 1)):
            q, k, v = rng.standard_normal((3, 3, 4, n, 16)).astype(np.float32)
            q, k, v = q, factor * k[:, :2], 3 * v[:, :2]
            for _ in range(2):
                assert np.allclose(attention(q, k, v), expected(q, k, v), atol=1e-3)
        low = np.full((2, 4, 65, 16), 200, np.float32)
        v = rng.standard_normal((2, 2, 65, 16)).astype(np.float32)
        k = -low[:, :2]
        assert np.allclose(attention(low, k, v), expected(low, k, v), atol=1e-5)
"""


def test_strong_tests_kill_nearly_all(project):
    """The mutants can be killed: hardly one is left to a test that compares at many inputs."""
    code, text = project("--attention-mutants", kernel=kernel(), test_strong=STRONG)
    assert code == 0, text
    killed, total = map(int, re.search(r"your tests kill (\d+) of (\d+)", text).groups())
    assert total > 150
    assert killed > 0.97 * total, text


def test_tests_that_cannot_judge_mutants_are_named(project):
    tests = (
        TESTS
        + """
    def test_that_fails():
        assert mine(*inputs()).sum() == 0

    def test_of_a_detail():
        import kernel
        before = kernel.scores
        calls = []
        kernel.scores = lambda *qk: calls.append(1) or before(*qk)
        mine(*inputs())
        kernel.scores = before
        assert calls
    """
    )
    code, text = project("--attention-mutants", kernel=kernel(), test_kernel=tests)
    assert code == 1, text
    assert "fails without a mutant: test_kernel.py::test_that_fails" in text
    assert "fails with the right attention: test_kernel.py::test_of_a_detail" in text
    assert "(2 tests)" in text


def test_a_function_without_a_declaration_is_named(project):
    plain = kernel().replace("@sr.conforms", "# @sr.conforms")
    pattern = "Lookback(5), heads=4, kv_heads=2, layout=bhnd"
    target = ["--attention-target", "kernel:attention", "--attention-pattern", pattern]
    code, text = project("--attention-mutants", *target, kernel=plain, test_kernel=TESTS)
    assert code == 0, text
    assert re.search(r"your tests kill \d+ of \d+ \(2 tests\)", text)
    code, text = project("--attention-mutants", kernel=plain, test_kernel=TESTS)
    assert code == 5, text
    assert "--attention-target MODULE:FUNCTION" in text
    code, text = project("--attention-mutants", *target[:2], kernel=plain, test_kernel=TESTS)
    assert code == 4, text
    assert "need each other" in text


def test_a_mutant_that_takes_too_long_is_undecided(project):
    tests = """
        import time
        import numpy as np
        from kernel import attention

        def test_slow():
            x = np.ones((1, 4, 6, 16), np.float32)
            out = attention(x, x[:, :2], x[:, :2])
            if not np.allclose(out, 1, atol=0.005):
                time.sleep(60)
    """
    limit = ("--attention-mutants-seconds", "0.05")
    code, text = project("--attention-mutants", *limit, kernel=kernel(), test_slow=tests)
    assert code == 0, text
    assert "undecided, out of time: zeros" in text
    assert "your tests kill 0 of" in text


def test_the_plugin_imports_nothing_where_it_is_not_used(project):
    module = """
        import sys

        def test_modules():
            heavy = {"numpy", "numba", "matplotlib", "sparse_ref", "hypothesis"}
            assert not heavy & set(sys.modules)
    """
    code, text = project(test_modules=module)
    assert code == 0, text


def test_declaring_imports_neither_pytest_nor_the_checks():
    code = """
        import sys
        import sparse_ref as sr

        @sr.conforms("Lookback(3)", heads=2)
        def fn(q, k, v):
            return v

        assert fn(1, 2, 3) == 3
        heavy = {"pytest", "numba", "matplotlib", "sparse_ref.verify"} & set(sys.modules)
        assert not heavy, heavy
    """
    subprocess.run([sys.executable, "-c", dedent(code)], check=True, cwd=ROOT)


def test_the_options_are_those_of_a_check():
    parameters = signature(sr.verify.check).parameters.values()
    names = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    assert set(CheckOptions.__annotations__) == names


def test_a_declaration_is_checked_when_it_is_made():
    with pytest.raises(TypeError, match="did you mean 'layout'"):
        sr.conforms("Causal()", layot="bhnd")
    with pytest.raises(ValueError, match="Lokback"):
        sr.conforms("Lokback(3)")
    with pytest.raises(ValueError, match="at least one length"):
        sr.conforms("Causal()", n=[])
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        sr.conforms("Causal()", n=0)
    with pytest.raises(TypeError, match="n must be a length"):
        sr.conforms("Causal()", n="64")
    with pytest.raises(TypeError, match="conforms declares functions, got 3"):
        sr.conforms("Causal()")(3)
    with pytest.raises(ValueError, match="heads"):
        sr.conforms([sr.Causal(), sr.Full()], heads=3)


def test_a_declaration_leaves_the_function_as_it_is():
    def fn(q, k, v):
        return v

    declared = sr.conforms(["Causal()", sr.Full()], n=(4, 12), align="upper-left")(fn)
    assert declared is fn
    (claim,) = claims_of(fn)
    assert claim.patterns == (sr.Causal(), sr.Full())
    assert claim.lengths == ((4, 12),)
    assert claims_of(np.float64(1)) == ()


def test_a_builtin_is_declared_by_a_function_that_calls_it():
    declared = sr.conforms("Causal()")(max)
    assert declared(1, 2, 3) == 3
    assert len(claims_of(declared)) == 1


def test_a_target_has_a_pattern_and_options():
    text = "Documents((3, 4), inner=Causal()), n=7, layout=bhnd, scale=0.5"
    pattern, options = pattern_and_options(text)
    assert pattern == sr.Documents((3, 4), sr.Causal())
    assert options == {"n": 7, "layout": "bhnd", "scale": 0.5}
