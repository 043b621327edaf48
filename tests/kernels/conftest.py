"""Tests of kernels reach the compiled loops at every length; `test_small` those of few keys."""

import pytest

from sparse_ref.attention import inputs


@pytest.fixture(autouse=True, scope="module")
def compiled_loops(request):
    """No length counts as small, but in the module that tests small lengths."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.module.__name__.endswith("test_small"):
            patch.setattr(inputs, "MAX_SMALL", -1)
        yield
