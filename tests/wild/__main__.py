"""The report on one case, by its name; without a name, all names."""

import sys

from wild.cases import CASES

print(CASES[sys.argv[1]].report() if len(sys.argv) > 1 else "\n".join(CASES))
