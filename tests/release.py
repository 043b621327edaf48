"""Build the sdist and the wheel, check both, and try the wheel in clean environments.

    python tests/release.py DIST [PYTHON ...]

Each Python, by default each from 3.11 to 3.14 on this machine, gets an environment of its own, in
which the examples of the README run. The archives are in DIST once all of that has passed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parent.parent
PYTHONS = "python3.11", "python3.12", "python3.13", "python3.14"
NEEDED_IN_SDIST = {"README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff"}
NEEDED_IN_SDIST |= {"tests", "docs", "notebooks"}
NEEDED_IN_WHEEL = {
    "sparse_ref/py.typed",
    "sparse_ref/explorer/page/explorer.css",
    "sparse_ref_plugin.py",
}
LIBRARY = {"sparse_ref", "sparse_ref_plugin.py"}
LEFTOVERS = "__pycache__", ".pyc", ".nbi", ".nbc", ".venv", "_build", ".DS_Store"  # of this machine


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    """Run a command; one that fails ends the release, with its output on the terminal."""
    print("$", *command, flush=True)
    subprocess.run([str(word) for word in command], cwd=cwd, check=True)


def starts(python: str) -> bool:
    """Whether an interpreter runs: a version manager's name may lead to none."""
    return subprocess.run([python, "-c", ""], capture_output=True).returncode == 0


def interpreters() -> list[str]:
    """The Pythons from 3.11 to 3.14 that this machine has and that start."""
    pythons = []
    for name in PYTHONS:
        path = shutil.which(name)
        if path and starts(path):
            pythons.append(path)
        else:
            print(f"{name} is not on this machine: not tried")
    if not pythons:
        raise SystemExit(f"none of {', '.join(PYTHONS)} is on this machine: name one")
    return pythons


def check_names(sdist: Path, wheel: Path) -> None:
    """End the release if an archive misses a file, or has one that does not belong in it."""
    with tarfile.open(sdist) as archive:
        kept = {name.partition("/")[2] for name in archive.getnames()}  # below NAME-VERSION/
    entries = {name.split("/")[0] for name in kept}
    with ZipFile(wheel) as archive:
        modules = set(archive.namelist())
    missing = sorted((NEEDED_IN_SDIST - entries) | (NEEDED_IN_WHEEL - modules))
    if missing:
        raise SystemExit(f"missing from the archives: {', '.join(missing)}")
    tops = {name.split("/")[0] for name in modules} - LIBRARY
    others = [name for name in tops if not name.endswith(".dist-info")]
    if others:
        raise SystemExit(f"the wheel contains more than the library: {', '.join(sorted(others))}")
    stray = sorted(name for name in kept | modules if is_leftover(name))
    if stray:
        raise SystemExit(f"files of this machine are in the archives: {', '.join(stray)}")
    hidden = sorted(readme_pictures() - kept)
    if hidden:
        raise SystemExit(f"pictures of the README are missing: {', '.join(hidden)}")


def is_leftover(name: str) -> bool:
    """Whether a file, or a folder that it is in, is of this machine."""
    return any(part.endswith(LEFTOVERS) for part in name.split("/"))


def readme_pictures() -> set[str]:
    """The files of the README's pictures."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return set(re.findall(r"!\[[^]]*\]\(([^)]+)\)", text))


def try_wheel(wheel: Path, python: str, folder: Path) -> None:
    """Install the wheel into an environment of its own, and run the README's examples there."""
    run(python, "-m", "venv", folder)
    inner = folder / "bin" / "python"
    pip = inner, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"
    run(*pip, wheel)
    shutil.copy(ROOT / "README.md", folder)
    run(inner, "-W", "error", "-m", "doctest", "README.md", cwd=folder)
    run(folder / "bin" / "sparse-ref", "show", "Lookback(3) | Strided(4)", "-n", "8", cwd=folder)


def main(dist: Path, pythons: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", work / "dist")
        archives = sorted((work / "dist").iterdir())
        run(sys.executable, "-m", "twine", "check", "--strict", *archives)
        wheel = next(path for path in archives if path.suffix == ".whl")
        sdist = next(path for path in archives if path.suffix == ".gz")
        check_names(sdist, wheel)
        for number, python in enumerate(pythons):
            try_wheel(wheel, python, work / str(number))
        dist.mkdir(exist_ok=True)
        for path in archives:
            shutil.copy(path, dist)
    print("passed on", *pythons, sep="\n    ")
    print(f"{dist}/ contains", *(path.name for path in archives), sep="\n    ")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:] or interpreters())
