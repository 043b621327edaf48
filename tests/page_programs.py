"""The programs that write pages of the docs, as modules: docs/ is no package."""

import importlib.util
import sys
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
sys.path.append(str(DOCS))  # a program may import another


def module_of(file):
    """The module of a file that no import finds."""
    spec = importlib.util.spec_from_file_location(f"program_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page_program(name):
    """docs/NAME.py."""
    return module_of(DOCS / f"{name}.py")
