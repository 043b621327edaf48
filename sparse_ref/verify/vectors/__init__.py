"""Test vectors: inputs with their right answers as files, for attention that no Python can call.

    vectors.write("suite")                          # index.json, cases.txt, and the arrays of each case
    print(vectors.check("suite", "outputs"))        # which cases pass, and which bugs the others point to

`FLAGS` says in a line each which bugs are known; `CASES` are the cases, and `arrays` and `entry` what is written of one. The
format is told in docs/vectors.md, and docs/vectors/reader.c reads it in C.
"""

from .cases import CASES, Case
from .files import arrays, entry, write
from .flags import FLAGS
from .judge import Verdict, Verdicts, check

__all__ = ["CASES", "FLAGS", "Case", "Verdict", "Verdicts", "arrays", "check", "entry", "write"]
