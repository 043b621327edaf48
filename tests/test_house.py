"""The house rules that a program can check: formulas, imports, names, lengths, docstrings, and what
stays unimported.
"""

import ast
import inspect
import re
import subprocess
import sys
import tokenize
from collections import Counter
from pathlib import Path

import density
import jedi
import pytest
from strategies import RULES

import sparse_ref as sr
from sparse_ref.catalogue import notation

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "sparse_ref"
FILES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = sorted(PACKAGE.rglob("*.js"))
PUBLIC_ROOMS = [
    *(sr, sr.define, sr.interop, sr.paths, sr.plot, sr.published, sr.puzzles),
    sr.verify,
]

FORMULA_NODES = (
    ast.BinOp,
    ast.Compare,
    ast.Name,
    ast.Constant,
    ast.Load,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.FloorDiv,
    ast.Mod,
    ast.BitAnd,
    ast.BitOr,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
    ast.Eq,
    ast.NotEq,
    ast.UnaryOp,
    ast.USub,
)


@pytest.mark.parametrize("rule", RULES)
def test_a_formula_is_named_parts_and_a_return_that_all_readers_understand(rule):
    """Only + - * // %, comparisons, & and |, and the two words of positions.py; ~ would be wrong on
    Python's bools.
    """
    function = ast.parse(
        inspect.cleandoc(inspect.getsource(rule.formula).replace("@staticmethod", ""))
    ).body[0]
    *parts, last = function.body
    assert isinstance(last, ast.Return)
    for part in parts:
        assert isinstance(part, ast.Assign)
        assert [type(target) for target in part.targets] == [ast.Name], "one name for one part"
    names = [part.targets[0].id for part in parts]
    parameters = [argument.arg for argument in function.args.args]
    assert len({*names, *parameters}) == len(names) + len(parameters), "a name has one meaning"
    nodes = [node for part in function.body for node in ast.walk(part.value)]
    words = [node for node in nodes if isinstance(node, ast.Call)]
    assert all(isinstance(node, (*FORMULA_NODES, ast.Call)) for node in nodes)
    assert all(node.func.id in ("isin", "rank") and not node.keywords for node in words)
    assert all(len(node.ops) == 1 for node in nodes if isinstance(node, ast.Compare)), (
        "chained: a hidden `and`"
    )
    assert parameters == ["i", "j", *rule.__dataclass_fields__]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_its_set_its_source_and_its_picture(rule):
    said = inspect.getdoc(rule)
    assert said.startswith("A_i = {")
    assert "sr.picture(" in said
    assert sum("█" in line for line in said.split("\n")) >= 3
    elementary = rule.__module__.rpartition(".")[2] in ("elementary", "divided", "globals")
    assert elementary or re.search(r"\d{4}, (sec|eq|fig)", said.split("\n\n")[1])


SOURCELESS = {
    "elementary",
    "divided",
    "globals",
    "random",
    "parts",
    "shifted",
    "listed",
    "factorized",
    "branches",
}  # made for this library


@pytest.mark.parametrize("name", sorted(notation.NAMES))
def test_a_definition_s_first_paragraph_is_its_set_and_the_second_its_source(name):
    """One line each, as the catalogue and pictures in notebooks read them."""
    definition = notation.NAMES[name]
    set_, source = inspect.getdoc(definition).split("\n\n")[:2]
    assert re.fullmatch(r"(\S+ {1,2})*\S+", set_), set_
    assert re.fullmatch(r"(\S+ )*\S+\.", source), source
    if definition.__module__.rpartition(".")[2] not in SOURCELESS:
        assert re.search(r"\d{4}|DeepSpeed|Llama|local-attention|transformers", source), source


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_s_first_line_is_a_sentence(path):
    first = ast.get_docstring(ast.parse(path.read_text())).split("\n")[0]
    assert first.endswith("."), first


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_are_short_and_names_are_nouns_and_verbs(path):
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a file says what it is"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            assert not re.match(r"_?(get|make|create|generate|compute)_", node.name), node.name
            public = not node.name.startswith("_")
            if (
                public
                and isinstance(node, ast.FunctionDef)
                and node in tree.body
                and not decorated_by_jit(node)
            ):
                assert ast.get_docstring(node), f"{node.name} says nothing"
    named_so = path.name in ("window_conventions.py", "local.py")
    assert named_so or not re.search(r"\bwindow_size\b", text), "say radius, or keys"
    assert "fastmath=True" not in text


UNDOCUMENTED = {"inline", "multithread", "overload", "parallel", "serial"}


def decorated_by_jit(node):
    names = {d.id for d in node.decorator_list if isinstance(d, ast.Name)}
    return bool(names & UNDOCUMENTED)


EXCEPTIONS = Path(__file__).with_name("house_exceptions.txt")


def exceptions_listed():
    """{(rule, file): how many} of house_exceptions.txt."""
    lines = [line.split() for line in EXCEPTIONS.read_text().splitlines()]
    return {(rule, file): int(count) for rule, file, count in filter(None, lines)}


def test_the_lists_of_exceptions_only_shrink():
    """Width, tokens a line, lengths, parameters and names: what breaks a rule is listed.

    A line, function or name that breaks a rule is mended, not listed. When one is mended, its entry
    goes: `python tests/density.py --exceptions > tests/house_exceptions.txt`.
    """
    listed, counts = Counter(exceptions_listed()), Counter(density.exception_counts())
    new = dict(counts - listed)
    assert not new, f"mend these, `python tests/density.py FILE` shows where: {new}"
    mended = dict(listed - counts)
    assert not mended, f"mended, so take them off {EXCEPTIONS.name}: {mended}"


def test_few_lines_hold_more_than_one_thought():
    lines, dense = 0, 0
    for path in FILES:
        text = path.read_text()
        lines += len(density.tokens_by_line(text))
        dense += len(density.dense_lines(text))
    assert dense <= 0.01 * lines


# classes of patterns, a room
ADJECTIVES = {"divided", "factorized", "listed", "published", "shifted"}


def test_no_public_name_is_a_participle_a_preposition_or_a_pronoun():
    constructors = set(sr.patterns.__all__)  # as the papers have them
    names = {name for room in PUBLIC_ROOMS for name in room.__all__} - constructors
    files = [path for path in FILES if path.parent.name != "patterns"]
    modules = {part for path in files for part in path.relative_to(ROOT).with_suffix("").parts}
    for name in (names | modules) - ADJECTIVES:
        assert not density.is_participle(name), name
        assert not density.is_little_word(name), name


@pytest.mark.parametrize("text", [
    "def told(x):\n    return x\n",
    "def rows_compared(x):\n    return x\n",
    "def within(x):\n    return x\n",
    "def f(a, b, c, d, e, f, g, h, i):\n    return a\n",
    "x = (a + b) * (c + d) * (e + f) * (g + h) * (i + j)\n",
    f"x = '{'a' * 96}'\n",
    "def f(x):\n" + "    x = x\n" * 41,
    "x = 1\n" * 301,
])  # fmt: skip
def test_each_rule_can_be_broken(tmp_path, text):
    file = tmp_path / "broken.py"
    file.write_text(text)
    assert sum(density.exceptions(file).values()) == 1
    file.write_text("def speed(seed):\n    return is_sorted(seed)\n")
    assert not sum(density.exceptions(file).values())


def test_answers_of_puzzles_may_be_one_line():
    """The line of an answer may be longer, by its reader's rule; no other line of its module."""
    answer = f"f = lambda i, j: {' & '.join(['(i < j)'] * 5)}\n"
    assert density.dense_lines(answer) == [1]
    assert density.dense_lines(f"{answer}PUZZLES = ()\n") == []
    assert density.dense_lines(f"{answer.replace('lambda i, j: ', '')}PUZZLES = ()\n") == [1]
    longer = answer.replace("(i < j)", "(i < j < 9)")
    assert density.dense_lines(f"{longer}PUZZLES = ()\n") == [1]


def test_nothing_is_commented_out_and_no_banner_stands():
    for path in FILES:
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                if token.type == tokenize.COMMENT:
                    code = r"#\s*(def|return|import|from \w+ import|for .*:$|if .*:$|\w+ = )"
                    assert not re.match(code, token.string), (path, token.string)
                    assert not re.search(r"[-=#*]{4,}", token.string), (path, token.string)


def test_importing_the_library_imports_neither_numba_nor_matplotlib_and_is_quick():
    code = (
        "import numpy, sys, time; start = time.perf_counter(); import sparse_ref; "
        "seconds = time.perf_counter() - start; "
        "heavy = {'numba', 'matplotlib', 'torch', 'scipy'}; "
        "assert not heavy & set(sys.modules), set(sys.modules); print(seconds)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    assert min(float(run.stdout) for run in runs) < 1  # 0.03 on an idle machine


def test_completion_offers_the_public_names_and_nothing_else():
    """As jedi, which editors and IPython ask, sees them without running anything."""
    source = "import sparse_ref as sr\nsr."
    names = {name.name for name in jedi.Script(source).complete(2, 3)}
    assert {name for name in names if not name.startswith("_")} == set(sr.__all__)
    assert len(set(sr.__all__)) == len(sr.__all__)
    called = jedi.Script(source + "attend").infer(2, 5)
    assert [(name.type, name.full_name) for name in called] == [
        ("function", "sparse_ref.attention.attend.attend")
    ]


def test_every_public_name_stands_in_a_group_of_the_docstring():
    words = set(re.findall(r"\w+", sr.__doc__))
    assert set(sr.__all__) <= words


def test_every_public_name_is_there_and_documented():
    for name in sr.__all__:
        assert inspect.getdoc(getattr(sr, name)), name
    assert set(sr.__all__) <= set(dir(sr))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sr.nothing


def test_nothing_compiles_per_pattern():
    """Lowering and attending to many patterns leaves each compiled function with the signatures it
    had after the first.
    """
    import numpy as np

    from sparse_ref.kernels.cpu import tiles as cpu_tiles

    x = np.ones((70, 4), np.float32)
    sr.attend(x, x, x, sr.Causal())
    before = len(cpu_tiles.attend_tiles.loop.signatures)
    for p in (
        sr.Strided(3),
        sr.Strided(5) | sr.Window(2),
        ~sr.Block(4),
        sr.Listed.of_rows([[0]] * 70),
    ):
        sr.attend(x, x, x, p)
    assert len(cpu_tiles.attend_tiles.loop.signatures) == before > 0


MARKUP = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc"
CODE_FROM_TEXT = r"\beval\b|\bFunction\(|\bimport\(|setTimeout\([\"'`]"


def faults_of_script(text):
    """What breaks the rules for scripts of the page, in words."""
    lines = text.split("\n")
    faults = [f"line {number} is wide" for number, line in enumerate(lines, 1) if len(line) > 110]
    if len(lines) > 301:
        faults.append("the file is long")
    if not lines[0].startswith("// "):
        faults.append("no comment says what the file is for")
    for number, line in enumerate(lines, 1):
        if re.search(f"{MARKUP}|{CODE_FROM_TEXT}", line):
            faults.append(f"line {number} reads text as markup or code")
        if re.match(r"(import|export) ", line) and not re.match(SCRIPT_LINK, line):
            faults.append(f"line {number} is linked in a way that bundle.py does not read")
    return faults


FROM = r'from "(\./(\w+/)?|\.\./\w+/)\w+\.js"'
SCRIPT_LINK = rf"import \{{ [\w, ]+ \}} {FROM};$|export (const|function|class) \w+"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_of_the_page_is_short_and_takes_no_text_for_markup_or_code(path):
    assert faults_of_script(path.read_text()) == []


@pytest.mark.parametrize("text", [
    "const a = 1;\n",
    f"// It is wide: {'a' * 96}\n",
    "// It is long.\n" + "const a = 1;\n" * 300,
    "// Markup.\nelement.innerHTML = text;\n",
    "// Code.\neval(text);\n",
    "// Code.\nconst f = new Function(text);\n",
    "// A default.\nexport default render;\n",
    '// Everything.\nimport * as dom from "./dom.js";\n',
])  # fmt: skip
def test_each_rule_for_scripts_can_be_broken(text):
    assert len(faults_of_script(text)) == 1
    assert not faults_of_script('// Fine.\n\nimport { a } from "./a.js";\nexport const b = a;\n')


def test_a_helper_module_of_the_tests_has_a_name_of_its_own():
    """Outside packages pytest imports a file by its bare name, so two of one name collide."""
    files = [file for file in (ROOT / "tests").rglob("*.py") if file.name != "conftest.py"]
    bare = [file.name for file in files if not (file.parent / "__init__.py").exists()]
    assert [name for name, count in Counter(bare).items() if count > 1] == []
