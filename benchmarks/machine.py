"""What the numbers were measured on and with: nothing that names the machine or its user."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

PACKAGES = ("sparse-ref", "numpy", "numba", "torch", "transformers", "local-attention", "scipy")
UNKNOWN = "unknown"
IDLE = 0.5  # processes that want to run, in the mean of the last minute


def machine() -> dict[str, str]:
    """Field by field, as text."""
    import numba

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "threads": str(numba.get_num_threads()),
        "load before": f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else UNKNOWN,
        "system": f"{platform.system()}, {platform.machine()}",
        "Python": platform.python_version(),
        **{name: package_version(name) for name in PACKAGES},
        "NumPy's BLAS": f"{blas['name']} {blas['version']}",
        "date": datetime.now(UTC).date().isoformat(),
    }


def load_warning(about: dict[str, str]) -> str:
    """A warning if other programs were running before; else empty."""
    load = about["load before"]
    if load == UNKNOWN or float(load) <= IDLE:
        return ""
    return (
        f"The machine was not idle (load {load}); these ratios may be off.\n"
        "Rerun on an idle machine."
    )


def processor() -> str:
    """The processor's model."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or UNKNOWN


def package_version(name: str) -> str:
    """The version of a package."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
