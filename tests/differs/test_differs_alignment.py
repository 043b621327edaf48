"""One test for each row of docs/differs.md on aligning queries with keys."""

import pytest
from strategies import brute

import sparse_ref as sr


def test_onnx_is_causal_aligns_top_left():
    pytest.importorskip("onnx", reason="onnx is not installed: `make test` installs it")
    from sparse_ref.cli.demo import onnx_attention

    n = (3, 6)
    found = sr.verify.probe(onnx_attention(is_causal=1), n).mask[0]
    assert (found == brute(sr.Causal(), n)).all()
    missing = brute(sr.Shifted(sr.Causal(), 3), n) & ~found
    assert missing.sum() == 9
