"""Originals: PyTorch's rows on the demo's page say what its functions compute."""

import re

import pytest

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")

pytestmark = pytest.mark.originals


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_pytorch_is_judged_on_the_page():
    from sparse_ref.cli.demo import implementations

    cells = (
        r"<td>(PyTorch[^<]*)</td><td>([^<]*)</td><td><code>([^<]*)</code></td>"
        r"<td><span class=\"(\w+)\""
    )
    rows = re.findall(cells, implementations.section())
    assert rows == [
        ("PyTorch SDPA, is_causal=True", "12 x 12", "Causal()", "good"),
        ("PyTorch SDPA, is_causal=True", "4 x 12", "Causal()", "good"),
        (
            "PyTorch FlexAttention, mask_mod = Lookback(3).contains",
            "12 x 12",
            "Lookback(3)",
            "good",
        ),
    ]
