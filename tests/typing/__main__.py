"""Types as an editor sees them: basedpyright, strict, over newcomer.py and the code of the pages.

`python tests/typing` writes the code of README.md and of docs/*.md into a folder, a module for each
page, and checks it beside newcomer.py. Exits with 1 on any error.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CONFIG = {
    "typeCheckingMode": "strict",
    "pythonVersion": "3.11",
    "reportUnknownLambdaType": False,
    "reportUnusedExpression": False,  # a session shows values
    "reportUnusedImport": False,
}

PRELUDE = "from typing import Any, cast\n"


def code_of(page: str) -> str:
    """The Python of a page: its fenced blocks, without prompts and without what they print."""
    blocks = re.findall(r"^```(?:python|pycon|\{code-cell\}[^\n]*)\n(.*?)^```", page, re.M | re.S)
    return "\n".join(map(_without_prompts, blocks))


def _without_prompts(block: str) -> str:
    """A block of code; if it is a session, the lines behind its prompts."""
    lines = block.split("\n")
    if not any(line.startswith(">>>") for line in lines):
        return block
    return "\n".join(line[4:] for line in lines if line.startswith((">>>", "...")))


def annotate(code: str) -> str:
    """The code with `Any` where its own functions leave a type out, as in a notebook.

    So what is unknown comes from this library, or from what the page forgot to define.
    """
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for parameter in (*node.args.args, *node.args.kwonlyargs):
                parameter.annotation = parameter.annotation or ast.Name("Any")
            node.returns = node.returns or ast.Name("Any")
    return PRELUDE + ast.unparse(_CastLambdas().visit(tree))


class _CastLambdas(ast.NodeTransformer):
    """A lambda's parameters cannot be annotated, so one with parameters becomes Any."""

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return ast.Call(ast.Name("cast"), [ast.Name("Any"), ast.Constant(None)], [])


def main() -> int:
    """Check everything; the exit status of basedpyright."""
    with TemporaryDirectory() as folder:
        work = Path(folder)
        for page in PAGES:
            code = code_of(page.read_text(encoding="utf-8"))
            module = re.sub(r"\W", "_", page.stem) + ".py"
            if code.strip():
                (work / module).write_text(annotate(code), encoding="utf-8")
        (work / "newcomer.py").write_text((HERE / "newcomer.py").read_text(encoding="utf-8"))
        config = {**CONFIG, "include": ["."], "extraPaths": [str(ROOT)]}
        (work / "pyrightconfig.json").write_text(json.dumps(config))
        command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "-p", "."]
        return subprocess.run(command, cwd=work, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
