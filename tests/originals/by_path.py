"""One file of somebody's package as a module, where importing the package asks for what is not
installed.
"""

import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from types import ModuleType
from unittest.mock import patch

import pytest


def folder(package):
    """Where the package lies, which is not imported; the tests of this file are skipped where it is
    missing.
    """
    found = find_spec(package)
    if found is None:
        pytest.skip(f"{package} is missing: make test-originals", allow_module_level=True)
    return next(iter(found.submodule_search_locations))


def by_path(package, path, *stubs):
    """The module that stands at `path` in the package, with the stubs in place of the modules of
    their names.
    """
    spec = spec_from_file_location(
        f"{package}.{path.removesuffix('.py').replace('/', '.')}", f"{folder(package)}/{path}"
    )
    module = module_from_spec(spec)
    with patch.dict(sys.modules, {stub.__name__: stub for stub in stubs}):
        spec.loader.exec_module(module)
    return module


def long_net():
    """longnet's file of attention, with PyTorch's in place of what it takes from a package that is
    not installed.
    """
    torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")

    class FlashAttention(torch.nn.Module):
        """softmax(q k^T / sqrt(d)) v over the last axes but one."""

        def __init__(self, causal, dropout):
            super().__init__()
            self.causal = causal

        def forward(self, q, k, v):
            """Attention."""
            return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)

    package, flash = ModuleType("long_net"), ModuleType("zeta.nn.attention.flash_attention")
    package.__path__ = [folder("long_net")]
    flash.FlashAttention = FlashAttention
    return by_path("long_net", "attention.py", package, flash)


def sparsity_config():
    """DeepSpeed's file of layouts of blocks: importing the rest asks for a compiler."""
    return by_path("deepspeed", "ops/sparse_attention/sparsity_config.py")
