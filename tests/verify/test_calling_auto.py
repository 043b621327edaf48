"""layout="auto" and framework="auto": which way of calling a function is found, and what is said
if none is.
"""

import sys
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from verify.implementations import masked, tri

import sparse_ref as sr
from sparse_ref.verify import ProbeError, check
from sparse_ref.verify.calling.layouts import LAYOUTS
from sparse_ref.verify.calling.references import frameworks_of
from sparse_ref.verify.calling.sense import Doubts, sense_doubts
from sparse_ref.verify.calling.subject import CallOptions, Subject
from sparse_ref.verify.calling.trials import (
    compatible_layouts,
    hint,
    other_layouts,
    resolve,
    with_batch,
)

AUTO = CallOptions(layout="auto", framework="auto")
EQUAL_FOR_ONE_HEAD = {"ble": "hnd", "lbe": "nhd"}  # the same arrays


def attention(mask, group=1):
    """fn of (..., heads, n, d), whose mask is that of its lengths or one of its own."""

    def fn(q, k, v):
        k, v = (np.repeat(x, group, axis=-3) for x in (k, v))
        x = q @ k.mT / np.sqrt(np.float32(q.shape[-1]))
        here = mask(*x.shape[-2:]) if callable(mask) else mask
        x = np.where(here, x, -np.inf)
        p = np.exp(x - x.max(axis=-1, keepdims=True))
        return (p / p.sum(axis=-1, keepdims=True)) @ v

    return fn


def transposed(attend, *axes):
    """attend between these orders of the axes and back."""

    def fn(*qkv):
        return attend(*(x.transpose(axes) for x in qkv)).transpose(np.argsort(axes))

    return fn


def merged(attend, heads, kv_heads, swap):
    """attend on (batch, n, heads * d), or on (n, batch, heads * d)."""

    def split(x, count):
        batch, n, width = x.shape
        return x.reshape(batch, n, count, width // count).swapaxes(1, 2)

    def fn(*qkv):
        qkv = [x.swapaxes(0, 1) for x in qkv] if swap else qkv
        out = attend(*map(split, qkv, (heads, kv_heads, kv_heads)))
        joined = out.swapaxes(1, 2).reshape(*out.shape[::2], -1)
        return joined.swapaxes(0, 1) if swap else joined

    return fn


def four_axes(attend):
    """attend, refusing other than four axes."""

    def fn(q, k, v):
        batch, _, _, _ = q.shape
        assert batch > 0
        return attend(q, k, v)

    return fn


def natural(layout, attend, heads, kv_heads):
    """A function of one layout, as one writes it."""
    return {
        "hnd": attend,
        "bhnd": four_axes(attend),
        "bnhd": transposed(attend, 0, 2, 1, 3),
        "nhd": transposed(attend, 1, 0, 2),
        "sbhd": transposed(attend, 1, 2, 0, 3),
        "ble": merged(attend, heads, kv_heads, swap=False),
        "lbe": merged(attend, heads, kv_heads, swap=True),
        "nd": lambda q, k, v: attend(q[None], k[None], v[None])[0],
    }[layout]


HEADS = [(1, 1), (2, 2), (4, 2), (4, 1), (9, 9)]


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "thd"])
@pytest.mark.parametrize(("heads", "kv_heads"), HEADS)
@pytest.mark.parametrize("n", [9, (4, 9), (1, 9), (9, 4)])
@pytest.mark.parametrize("baked", [False, True], ids=["mask by shape", "mask of its own"])
@pytest.mark.parametrize("keys", [None, 3])
def test_the_layout_is_found(layout, heads, kv_heads, n, baked, keys):
    """Grouped heads, as many heads as positions, one head, more keys than queries."""
    if layout == "nd" and heads > 1:
        return

    def mask(n_q, n_k):
        return tri(n_q, n_k, n_k - n_q, keys) | np.eye(n_q, n_k, dtype=bool)

    attend = attention(mask(*np.broadcast_to(n, 2)) if baked else mask, heads // kv_heads)
    fn = natural(layout, attend, heads, kv_heads)
    options = CallOptions(kv_heads=kv_heads, layout="auto", framework="auto")
    got = resolve(fn, n, heads, options)
    expected = {layout, EQUAL_FOR_ONE_HEAD.get(layout) if heads == 1 else layout}
    if layout == "nd":  # also on more axes, from the right
        expected |= {"hnd"}
    assert got.layout in expected, got
    assert got.choice == f"layout {got.layout}, framework numpy: found by trying"


@pytest.mark.parametrize("layout", ["bhnd", "bnhd", "sbhd", "nd"])
@pytest.mark.parametrize("baked", [False, True])
def test_at_large_n_no_mask_broadcasts_to_the_cube(layout, baked):
    """One head of 600 positions: (n, 1, 1) + (n, n) would be 216 million numbers."""
    n, sizes = 600, []

    def mask(n_q, n_k):
        return np.tri(n_q, n_k, dtype=bool)

    def attend(q, k, v):
        sizes.append(np.prod(np.broadcast_shapes((*q.shape[:-1], k.shape[-2]), mask_shape)))
        return attention(mask(n, n) if baked else mask)(q, k, v)

    mask_shape = (n, n) if baked else ()
    fn = natural(layout, attend, 1, 1)
    got = resolve(fn, n, 1, AUTO)
    assert got.layout == layout or (layout == "nd" and got.layout == "hnd")
    assert max(sizes) <= 8 * n * n


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_the_layout_is_found_in_half_precision(dtype):
    for layout in ("hnd", "bnhd", "nhd"):
        fn = natural(layout, attention(np.tri(24, dtype=bool)), 4, 4)
        options = CallOptions(layout="auto", framework="numpy", dtype=dtype)
        assert resolve(fn, 24, 4, options).layout == layout


def test_as_many_heads_as_positions_and_every_layout_the_same_shape():
    for layout in ("hnd", "nhd"):
        fn = natural(layout, attention(np.tri(16, dtype=bool)), 16, 16)
        assert resolve(fn, 16, 16, AUTO).layout == layout
        assert check(fn, sr.Causal(), 16, 16, layout=layout).passed


def test_nothing_is_called_if_nothing_is_auto():
    def fn(q, k, v):
        raise AssertionError("called")

    options = CallOptions(layout="bhnd", framework="numpy")
    assert resolve(fn, 5, 2, options) is options


def test_a_subject_settles_what_is_auto():
    fn = natural("bnhd", attention(np.tri(9, dtype=bool)), 2, 2)
    subject = Subject.new(fn, 9, 2, AUTO)
    assert subject.form.layout == "bnhd"
    assert subject.choice == "layout bnhd, framework numpy: found by trying"
    half = Subject.new(fn, 9, 2, CallOptions(layout="auto", framework="numpy"))
    assert half.choice == "layout bnhd: found by trying"


def varlen(q, k, v, cu_seqlens_q, cu_seqlens_k):
    """Causal attention of packed sequences."""
    parts = zip(*(np.split(x, cu_seqlens_q[1:-1]) for x in (q, k, v)))
    attend = natural("nhd", attention(partial(np.tri, dtype=bool)), 1, 1)
    return np.concatenate([attend(*part) for part in parts])


def test_five_arguments_are_packed_sequences():
    assert resolve(varlen, 9, 2, AUTO).layout == "thd"
    assert resolve(lambda *x: varlen(*x), 9, 2, AUTO).layout == "thd"

    def optional(q, k, v, mask=None, scale=None):
        assert mask is None
        return natural("nhd", attention(np.tri(9, dtype=bool)), 2, 2)(q, k, v)

    assert resolve(optional, 9, 2, AUTO).layout == "nhd"


@pytest.mark.parametrize("name", ["shape", "raises", "dtype"])
def test_if_no_way_works_each_attempt_is_listed(name):
    """The one that came furthest leads."""

    def fn(q, k, v):
        if q.ndim != 4:
            raise RuntimeError(f"{q.ndim} axes")
        if name == "raises":
            raise MemoryError("too large")
        out = attention(np.tri(9, dtype=bool))(q, k, v)
        return out[..., :3] if name == "shape" else out.astype(int)

    with pytest.raises(ProbeError) as caught:
        resolve(fn, 9, 2, AUTO)
    assert caught.value.kind == {"raises": "error"}.get(name, name)
    first, *others = str(caught.value).split("\n  ")
    assert first.startswith("fn(q (2, 9, 16)" if name == "raises" else "fn(q (1, 2, 9, 16)")
    everything = "\n".join([first, *others])
    for text in ("hnd numpy", "bnhd numpy", "lbe numpy", "3 axes"):
        assert text in everything, everything


def test_a_function_that_hangs_is_tried_once():
    with pytest.raises(ProbeError) as caught:
        resolve(lambda q, k, v: __import__("time").sleep(2), 9, 2, CallOptions(
            layout="auto", framework="auto", seconds=0.2
        ))  # fmt: skip
    assert caught.value.kind == "timeout"


def test_warnings_of_trials_are_not_the_caller_s(recwarn):
    def fn(q, k, v):
        if q.ndim == 3:
            import warnings

            warnings.warn("three axes are deprecated")
            raise ValueError("three")
        return attention(np.tri(9, dtype=bool))(q, k, v)

    assert resolve(fn, 9, 2, AUTO).layout == "bhnd"
    assert not recwarn.list


def test_options_are_checked_before_anything_is_called():
    with pytest.raises(ValueError, match="heads must be at least 1"):
        resolve(masked(tri(4)), 4, 0, AUTO)
    with pytest.raises(TypeError, match="fn must be callable"):
        Subject.new(3, 4, 1, AUTO)


def test_the_doubts_of_each_kind_of_nonsense():
    causal = attention(partial(np.tri, dtype=bool))

    def doubts(fn, layout, heads=4, d=None):
        return sense_doubts(Subject.new(fn, 9, heads, CallOptions(layout=layout, d=d)))

    assert doubts(causal, "hnd") == Doubts(0, 0)
    assert doubts(causal, "nhd").hard == 2, "heads mix, positions do not"
    assert doubts(natural("ble", causal, 4, 4), "hnd").hard == 1, "columns are heads"
    assert doubts(natural("bnhd", causal, 1, 1), "bhnd", heads=1).hard == 1, "nothing mixes"
    assert doubts(lambda q, k, v: v, "hnd").hard == 1, "nothing mixes"
    only_self = attention(np.eye(9, dtype=bool))
    assert doubts(only_self, "hnd") == Doubts(1, 1)


def test_a_mutant_keeps_the_layout_that_it_was_written_in():
    """Its heads make no sense in any layout; the order of the layouts decides."""

    def one_key_head(q, k, v):
        return attention(np.tri(9, dtype=bool))(q, k[:, :1] + 0 * k, v[:, :1] + 0 * v)

    got = resolve(natural("bnhd", one_key_head, 4, 4), 9, 4, AUTO)
    assert got.layout == "bnhd"
    assert got.choice.endswith("found by trying, the least doubtful of those that run")


def test_another_layout_is_named_where_the_one_given_makes_no_sense():
    fn = natural("bhnd", attention(partial(np.tri, dtype=bool)), 4, 4)
    wrong = Subject.new(fn, 9, 4, CallOptions(layout="bnhd"))
    assert other_layouts(wrong) == ("bhnd",)
    assert hint(wrong) == "that is bhnd: --layout bhnd"
    assert set(compatible_layouts(wrong)) == {"bhnd", "bnhd", "sbhd"}
    right = Subject.new(fn, 9, 4, CallOptions(layout="bhnd"))
    assert other_layouts(right) == ()
    assert hint(right) == ""
    fails = Subject.new(fn, 9, 4, CallOptions(layout="hnd"))
    assert other_layouts(fails) == ("bhnd",)


def test_a_report_begins_with_the_layout_that_fits():
    """Though the framework was found by trying."""
    fn = natural("bhnd", attention(partial(np.tri, dtype=bool)), 4, 4)
    report = check(fn, sr.Causal(), 24, 4, layout="bnhd", ragged=False)
    assert str(report.findings[0]) == "layout: that is bhnd: --layout bhnd"


def test_a_layout_given_that_does_not_run_is_corrected():
    """The framework is still found by trying."""
    fn = natural("bhnd", attention(np.tri(9, dtype=bool)), 4, 4)
    with pytest.raises(ProbeError) as caught:
        resolve(fn, 9, 4, CallOptions(layout="hnd", framework="auto"))
    assert "\n  that is bhnd: --layout bhnd" in str(caught.value)


def test_a_layout_with_a_batch_that_fits_as_well():
    """A function of any leading axes is called without a batch; its batches are judged in another
    layout.
    """
    fn = attention(np.tri(9, dtype=bool))
    subject = Subject.new(fn, 9, 2, AUTO)
    assert subject.form.layout == "hnd"
    assert with_batch(subject).form.layout == "bhnd"
    assert with_batch(Subject.new(fn, 9, 2, CallOptions())) is None, "hnd was asked for"
    batched = Subject.new(fn, 9, 2, CallOptions(layout="bhnd"))
    assert with_batch(batched) is batched
    alone = transposed(fn, 0, 1, 2)
    assert with_batch(Subject.new(alone, 9, 2, AUTO)) is None


class Tensor:
    """What a framework's arrays have in common with this; NumPy's lack `softmax`."""

    def __init__(self, x):
        self.x, self.shape, self.dtype = x, x.shape, f"torch.{x.dtype}"

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        return self.x

    def attend(self, k, v):
        return Tensor(attention(np.tri(9, dtype=bool))(self.x, k.x, v.x))


@pytest.fixture
def torch(monkeypatch):
    """A stand-in for torch that can be imported."""
    module = SimpleNamespace(from_dlpack=Tensor)
    monkeypatch.setitem(sys.modules, "torch", module)
    return module


def test_a_function_that_numpy_s_arrays_do_not_suit_is_tried_with_torch(torch):
    got = resolve(lambda q, k, v: q.attend(k, v), 9, 2, AUTO)
    assert (got.layout, got.framework) == ("hnd", "torch")
    assert got.choice == "layout hnd, framework torch: found by trying"
    given = Subject.new(lambda q, k, v: q.attend(k, v), 9, 2, CallOptions())
    assert hint(given) == "that is a function of torch: --framework torch"


def test_a_function_of_numpy_is_called_with_numpy(torch):
    assert resolve(attention(np.tri(9, dtype=bool)), 9, 2, AUTO).framework == "numpy"


def test_devices_leave_out_frameworks_without_any(torch):
    options = CallOptions(layout="hnd", framework="auto", device="cuda:1")
    devices = []

    def fn(q, k, v):
        return q.attend(k, v)

    def moved(self, device, dtype):
        devices.append((device, dtype))
        return self

    torch.float32 = "float32 of torch"
    Tensor.to = moved
    try:
        subject = Subject.new(fn, 9, 2, options)
        subject.attend(*subject.normal(np.random.default_rng(0)))
    finally:
        del Tensor.to
    assert subject.form.framework == "torch"
    assert set(devices) == {("cuda:1", "float32 of torch")}


def reads_annotations(q: "torch.Tensor", k: "torch.Tensor", v: "torch.Tensor"):
    return q


def imports_within(q, k, v):
    import mlx.core

    return mlx.core.array(q)


class Module:
    __module__ = "torch.nn.modules.module"

    def __call__(self, q, k, v):
        return q


class Layer(Module):
    __module__ = "mine"


def calls_a_layer(q, k, v, layer=Layer()):  # noqa: B008
    return layer(q, k, v)


@pytest.mark.parametrize(("fn", "names"), [
    (masked(tri(3)), ()),
    (reads_annotations, ("torch",)),
    (Layer(), ("torch",)),
    (calls_a_layer, ("torch",)),
    (partial(calls_a_layer, layer=None), ("torch",)),
    (lambda q, k, v: calls_a_layer(q, k, v), ("torch",)),
    (np.matmul, ()),
])  # fmt: skip
def test_the_frameworks_that_a_function_refers_to(fn, names):
    assert frameworks_of(fn) == names


def test_an_import_within_a_function_counts_before_it_is_made():
    loaded = "mlx" in sys.modules
    assert frameworks_of(imports_within) == ("mlx",)
    assert ("mlx" in sys.modules) == loaded
