"""Test vectors: inputs and their right outputs as files, for attention that Python cannot call.

    vectors.write("suite")                          # index.json, cases.txt, the arrays of each case
    print(vectors.check("suite", "outputs"))        # which cases pass, and the likely bugs

`FLAGS` describes the known bugs in a line each, and `CAUSES` says which words of them the reports
of `verify.check` use. `FORMATS` are the formats of other projects that `write` knows. `CASES` are
the cases; `arrays` and `entry` are what is written of one. docs/vectors.md defines the format;
docs/vectors/reader.c reads it in C.
"""

from .cases import CASES, Case
from .content import arrays, entry
from .files import write
from .flags import CAUSES, FLAGS
from .formats import FORMATS
from .judge import check
from .verdict import CaseVerdict, SuiteVerdict

__all__ = [
    "CASES",
    "CAUSES",
    "FLAGS",
    "FORMATS",
    "Case",
    "CaseVerdict",
    "SuiteVerdict",
    "arrays",
    "check",
    "entry",
    "write",
]
