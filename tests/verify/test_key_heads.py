"""Wrong kv-head mappings of grouped-query attention have their words."""

import numpy as np
import pytest
from verify.implementations import masked, tri

import sparse_ref as sr
from sparse_ref.verify import check

N, H = 12, 8


def message(mapping, kv_heads):
    """The finding on attention whose query head h reads kv head mapping[h]."""

    def fn(q, k, v):
        return masked(tri(N))(q, k[np.array(mapping)], v[np.array(mapping)])

    report = check(fn, sr.Causal(), N, H, kv_heads=kv_heads)
    return next(finding.message for finding in report.findings if finding.kind == "kv map")


MAPPINGS = {
    "query head h reads kv head h % 4, expected h // 2 (repeat instead of repeat_interleave?)": (
        [0, 1, 2, 3, 0, 1, 2, 3]
    ),
    "query head h reads kv head 0, expected h // 2 (only the first kv head is used?)": [0] * H,
    "query head h reads kv head 3, expected h // 2 (only the last kv head is used?)": [3] * H,
    "query head h reads kv head 3 - h // 2, expected h // 2 (kv heads reversed?)": (
        [3, 3, 2, 2, 1, 1, 0, 0]
    ),
    "query head h reads kv head h // 2 + 1, expected h // 2 (off by one kv head?)": (
        [1, 1, 2, 2, 3, 3, 0, 0]
    ),
    "query head h reads kv head h // 2 - 1, expected h // 2 (off by one kv head?)": (
        [3, 3, 0, 0, 1, 1, 2, 2]
    ),
}


@pytest.mark.parametrize("words", MAPPINGS)
def test_a_usual_mapping_is_named(words):
    assert f"kv-head mapping (GQA): {words}: query head " in message(MAPPINGS[words], 4)


def test_any_other_mapping_is_listed():
    text = message([0, 0, 1, 1, 2, 3, 3, 3], 4)
    assert "query head 5 reads kv head 3, expected kv head h // 2, in 12 rows" in text
    text = message([1, 1, 1, 1, 0, 0, 0, 0], 2)
    assert "0 reads kv head 1, 1 reads 1, 2 reads 1, 3 reads 1, 4 reads 0" in text
    assert "reversed" not in text, "off by one is the same"


def test_readings_that_are_no_kv_head_are_named_as_such():
    def averaged(q, k, v):
        mean = np.repeat(v.mean(axis=0, keepdims=True), H, axis=0)
        return masked(tri(N))(q, np.repeat(k, 2, axis=0), mean.astype(np.float32))

    def swapped(q, k, v):  # (H, n, d) read as (n, H, d)
        q, k, v = (np.repeat(x, H // len(x), axis=0).reshape(N, H, -1) for x in (q, k, v))
        q, k, v = (np.ascontiguousarray(x.swapaxes(0, 1)) for x in (q, k, v))
        out = masked(tri(N))(q, k, v)
        return np.ascontiguousarray(out.swapaxes(0, 1)).reshape(H, N, -1)

    report = check(averaged, sr.Causal(), N, H, kv_heads=4)
    text = next(finding.message for finding in report.findings if finding.kind == "kv map")
    assert "expected kv head h // 2 (the mean of all kv heads)" in text
    report = check(swapped, sr.Causal(), N, H, kv_heads=4)
    text = next(finding.message for finding in report.findings if finding.kind == "kv map")
    assert "no kv head has these values: swapped layout, heads taken for positions?" in text
