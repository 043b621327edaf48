"""What the first call costs in a new process."""

from __future__ import annotations

import numpy as np
from tqdm import trange

from .cases import label
from .children import FIRST_LENGTH, child
from .rows import Row, Target
from .timing import Size

GROUP = "first call"


def rows(size: Size) -> list[Row]:
    """Seconds of the first `attend` in a new process, on small arrays, once the cache on disk has
    the compiled code.

    The second number is what the imports take in that process: NumPy, Numba, and of this library
    what `attend` needs.
    """
    child("first_call")  # fills the cache on disk
    measures = [child("first_call") for _ in trange(size.rounds, desc=f"{GROUP:16}")]
    calls = [measure["call"] for measure in measures]
    imports = [measure["imports"] for measure in measures]
    value = float(np.median(calls))
    row = Row(
        GROUP,
        label("Causal()", FIRST_LENGTH),
        "imports",
        value,
        float(np.median(imports)),
        "s",
        value,
        Target("<=", 1.5),
        more={"seconds": calls, "reference_seconds": imports},
    )
    return [row]
