"""How dense the code is: tokens a line, widths, lengths, names. `python tests/density.py [path
...]` prints the worst.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "sparse_ref"
FOLDERS = PACKAGE, ROOT / "docs", ROOT / "benchmarks"  # whose exceptions are listed
MAX_TOKENS, MAX_WIDTH, MAX_FILE, MAX_FUNCTION, MAX_PARAMETERS = 24, 100, 300, 40, 8
MAX_ANSWER_TOKENS = 40  # an answer to a puzzle is one line under 80 columns, by its own rule
NOT_CODE = {
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.COMMENT,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.STRING,
}

IRREGULAR = {
    "apart",
    "begun",
    "bound",
    "built",
    "chosen",
    "drawn",
    "dealt",
    "felt",
    "fed",
    "found",
    "given",
    "gone",
    "heard",
    "held",
    "hidden",
    "kept",
    "known",
    "laid",
    "left",
    "lent",
    "lost",
    "made",
    "met",
    "paid",
    "read_off",
    "said",
    "seen",
    "sent",
    "shown",
    "spoken",
    "stood",
    "taken",
    "taught",
    "thrown",
    "told",
    "torn",
    "turned",
    "understood",
    "walked",
    "weighed",
    "won",
    "written",
    "worn",
}
NOUNS_IN_ED = {"seed", "speed", "feed", "need", "embed", "shed", "bed", "red", "proceed", "exceed"}
AGREED = {"at", "passed"}  # scheme.at(layer, head), report.passed
PREDICATES = {"are", "can", "has", "have", "is", "was"}
PREPOSITIONS_AND_PRONOUNS = {
    "about",
    "above",
    "across",
    "after",
    "against",
    "along",
    "among",
    "apart",
    "around",
    "at",
    "before",
    "behind",
    "below",
    "beneath",
    "beside",
    "between",
    "beyond",
    "both",
    "by",
    "each",
    "either",
    "for",
    "from",
    "in",
    "inside",
    "into",
    "it",
    "many",
    "neither",
    "none",
    "of",
    "off",
    "on",
    "other",
    "others",
    "outside",
    "over",
    "own",
    "since",
    "some",
    "than",
    "that",
    "them",
    "they",
    "this",
    "those",
    "through",
    "to",
    "toward",
    "under",
    "until",
    "upon",
    "what",
    "which",
    "with",
    "within",
    "without",
}


def tokens_by_line(text: str) -> Counter[int]:
    """How many tokens of code start on each line; strings and comments are none."""
    counts: Counter[int] = Counter()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NOT_CODE:
            counts[token.start[0]] += 1
    return counts


def dense_lines(text: str) -> list[int]:
    """Lines with 25 tokens or more; answers of puzzles may have 40."""
    answers = answer_lines(text)
    bounds = {
        line: MAX_ANSWER_TOKENS if line in answers else MAX_TOKENS for line in tokens_by_line(text)
    }
    return [line for line, count in tokens_by_line(text).items() if count > bounds[line]]


def answer_lines(text: str) -> set[int]:
    """Lines of lambdas and returns in a module that lists PUZZLES: readers must answer in one."""
    if not re.search(r"^PUZZLES = ", text, re.M):
        return set()
    nodes = ast.walk(ast.parse(text))
    return {node.lineno for node in nodes if isinstance(node, ast.Lambda | ast.Return)}


def wide_lines(text: str) -> list[int]:
    """Lines of more than 100 columns."""
    return [number for number, line in enumerate(text.split("\n"), 1) if len(line) > MAX_WIDTH]


def functions(text: str):
    """(qualified name, node) of each function, those within classes and functions too."""

    def below(node, prefix):
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            name = f"{prefix}{child.name}." if named else prefix
            if named and not isinstance(child, ast.ClassDef):
                yield name[:-1], child
            yield from below(child, name)

    return below(ast.parse(text), "")


def body_length(node) -> int:
    """Lines of a function's body, its docstring left out."""
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return node.end_lineno - body[0].lineno + 1


def parameter_count(node) -> int:
    """Parameters of a function, self and cls left out."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    names = {argument.arg for argument in arguments}
    return len(names - {"self", "cls"})


def has_odd_name(name: str, file: Path) -> bool:
    """Whether a name is neither a noun nor a verb. Patterns have their papers' names."""
    if name in AGREED or file.parent.name == "patterns":
        return False
    return is_participle(name) or is_little_word(name)


def is_participle(name: str) -> bool:
    """Whether a name is a past participle, or ends in one: `told`, `rows_read_off`; not
    `is_sorted`.

    One before a noun is an adjective, as in `sampled_rows`.
    """
    words = name.strip("_").split("_")
    if words[0] in PREDICATES:
        return False
    word = words[-1]
    is_regular = re.fullmatch(r"[a-z]+[^e]ed", word) is not None and word not in NOUNS_IN_ED
    return is_regular or word in IRREGULAR


def is_little_word(name: str) -> bool:
    """Whether a name is a preposition or a pronoun."""
    return name.strip("_") in PREPOSITIONS_AND_PRONOUNS


def exceptions(file: Path) -> dict[str, int]:
    """How often a file breaks each rule."""
    text = file.read_text()
    nodes = [node for _, node in functions(text)]
    names = [node.name for node in nodes]
    return {
        "dense": len(dense_lines(text)),
        "wide": len(wide_lines(text)),
        "long-file": int(text.count("\n") > MAX_FILE),
        "long-function": sum(body_length(node) > MAX_FUNCTION for node in nodes),
        "parameters": sum(parameter_count(node) > MAX_PARAMETERS for node in nodes),
        "name": sum(has_odd_name(name, file) for name in names),
    }


def report(paths: list[Path]):
    """Print the places to mend in these files, and what share of their lines is dense."""
    lines = dense = wide = odd = total = 0
    worst = []
    for file in files_of(paths):
        text = file.read_text()
        name = file.resolve().relative_to(ROOT)
        counts, too_wide = tokens_by_line(text), wide_lines(text)
        packed = dense_lines(text)
        lines += len(counts)
        wide += len(too_wide)
        dense += len(packed)
        worst += [(counts[line], f"{name}:{line}") for line in packed]
        if text.count("\n") > MAX_FILE:
            print(f"long file  {name}: {text.count(chr(10))}")
        for qualified, node in functions(text):
            total += 1
            if body_length(node) > MAX_FUNCTION:
                print(f"long       {name}:{node.lineno} {qualified}: {body_length(node)} lines")
            if parameter_count(node) > MAX_PARAMETERS:
                print(f"parameters {name}:{node.lineno} {qualified}: {parameter_count(node)}")
            if has_odd_name(node.name, file):
                odd += 1
                print(f"name       {name}:{node.lineno} {qualified}")
        for line in too_wide:
            print(f"wide       {name}:{line}")
    for count, place in sorted(worst, reverse=True):
        print(f"dense {count:3}  {place}")
    share = 100 * dense / max(lines, 1)
    names = 100 * odd / max(total, 1)
    print(f"{lines} code lines, {dense} of 25 tokens or more ({share:.1f} %)")
    print(f"{wide} lines over {MAX_WIDTH} columns")
    kinds = "a participle, a preposition or a pronoun"
    print(f"{odd} of {total} functions ({names:.1f} %) named by {kinds}")


def files_of(paths: Iterable[Path]) -> list[Path]:
    """The files of Python that are named, and those in folders that are named."""
    groups = [path.rglob("*.py") if path.is_dir() else [path] for path in paths]
    return sorted(chain.from_iterable(groups))


def exception_counts() -> dict[tuple[str, str], int]:
    """{(rule, file): how often} for each rule that a file of FOLDERS breaks."""
    counts = {}
    for file in files_of(FOLDERS):
        name = str(file.relative_to(ROOT))
        broken = {rule: count for rule, count in exceptions(file).items() if count}
        counts |= {(rule, name): count for rule, count in broken.items()}
    return counts


def list_exceptions():
    """Print `rule file count` for each of them."""
    for place, count in exception_counts().items():
        print(*place, count)


if __name__ == "__main__":
    if sys.argv[1:] == ["--exceptions"]:
        sys.exit(list_exceptions())
    report([Path(path) for path in sys.argv[1:]] or [PACKAGE])
