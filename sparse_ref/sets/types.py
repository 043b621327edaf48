"""Types that public signatures speak of, as an editor shows them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Length = int | tuple[int, int]  # one length for queries and keys, or (n_q, n_k)
Positions = tuple[int, ...]  # ascending, without repeats
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.floating[Any]]
