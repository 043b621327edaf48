"""What the first call costs in a new process."""

from __future__ import annotations

import numpy as np
from tqdm import trange

from .children import child
from .rows import Row, Target
from .timing import Size

GROUP = "first call"


def rows(size: Size) -> list[Row]:
    """Seconds of the first `attend` in a new process, small arrays, once the disk holds what is
    compiled.

    Beside it, what importing takes in that process: NumPy, Numba, and of this library what `attend`
    needs.
    """
    child("first_call")  # fills the cache on disk
    found = [child("first_call") for _ in trange(size.rounds, desc=f"{GROUP:16}")]
    call, imports = (np.array([each[key] for each in found]) for key in ("call", "imports"))
    value = float(np.median(call))
    return [
        Row(
            GROUP,
            "Causal(), n = 256",
            "imports",
            value,
            float(np.median(imports)),
            "s",
            value,
            Target("<=", 1.5),
            more={"seconds": call.tolist(), "seconds_beside": imports.tolist()},
        )
    ]
