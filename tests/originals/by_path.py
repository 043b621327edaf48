"""One file of somebody's package as a module, where importing the package asks for what is not installed."""

import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from unittest.mock import patch

import pytest


def folder(package):
    """Where the package lies, which is not imported; the tests of this file are skipped where it is missing."""
    found = find_spec(package)
    if found is None:
        pytest.skip(f"{package} is missing: make test-originals", allow_module_level=True)
    return next(iter(found.submodule_search_locations))


def by_path(package, path, *stubs):
    """The module that stands at `path` in the package, with the stubs in place of the modules of their names."""
    spec = spec_from_file_location(f"{package}.{path.removesuffix('.py').replace('/', '.')}", f"{folder(package)}/{path}")
    module = module_from_spec(spec)
    with patch.dict(sys.modules, {stub.__name__: stub for stub in stubs}):
        spec.loader.exec_module(module)
    return module


def sparsity_config():
    """DeepSpeed's file of layouts of blocks: importing the rest asks for a compiler."""
    return by_path("deepspeed", "ops/sparse_attention/sparsity_config.py")
