"""The cases in the formats of other projects: backend tests of ONNX, golden bundles of hipDNN.

Each format says why it cannot express a case, and writes those that it can.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..statement import Entry
from . import hipdnn, onnx_tests

Arrays = Mapping[str, np.ndarray]


class Format(NamedTuple):
    """How cases are written: what is in the way of one, or "", and how one is written."""

    name: str
    obstacle: Callable[[Entry], str]
    write_case: Callable[[Path, Entry, Arrays, str], None]
    precisions: tuple[str, ...]


FORMATS = {
    "onnx": Format(
        "ONNX backend tests", onnx_tests.obstacle, onnx_tests.write_case, onnx_tests.PRECISIONS
    ),
    "hipdnn": Format("hipDNN bundles", hipdnn.obstacle, hipdnn.write_case, hipdnn.PRECISIONS),
}

__all__ = ["FORMATS", "Format"]
