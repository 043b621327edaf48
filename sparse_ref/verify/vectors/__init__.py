"""Test vectors: inputs and their right outputs as files, for attention that Python cannot call.

    vectors.write("suite")                          # index.json, cases.txt, the arrays of each case
    print(vectors.check("suite", "outputs"))        # which cases pass, and the likely bugs

`FLAGS` describes the known bugs in a line each. `CASES` are the cases; `arrays` and `entry` are
what is written of one. docs/vectors.md defines the format; docs/vectors/reader.c reads it in C.
"""

from .cases import CASES, Case
from .files import arrays, entry, write
from .flags import FLAGS
from .judge import CaseVerdict, SuiteVerdict, check

__all__ = [
    "CASES",
    "FLAGS",
    "Case",
    "CaseVerdict",
    "SuiteVerdict",
    "arrays",
    "check",
    "entry",
    "write",
]
