"""Originals: PyTorch's nested tensors, jagged and strided. Each sequence is what it is alone, bit
for bit; and its own attention over them agrees.
"""

import numpy as np
import pytest

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")

pytestmark = [
    pytest.mark.originals,
    pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning"),
]

LENGTHS = (3, 70, 0, 17)
HEADS, GROUPS = 4, 2
LAYOUTS = [torch.jagged, torch.strided]
every_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=str)
PATTERNS = {
    "one": sr.Local(5) | sr.Strided(7),
    "per head": [sr.Causal(), sr.Full(), sr.Causal(), sr.Strided(3)],
    "nested": [[sr.Lookback(1 + b + h) for h in range(HEADS)] for b in range(len(LENGTHS))],
}
every_pattern = pytest.mark.parametrize("name", PATTERNS)


def drawn(heads, width, seed, dtype=torch.float32):
    """A tensor (heads, n, width) for each length."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(heads, length, width) for length in LENGTHS]
    return [torch.randn(shape, generator=generator).to(dtype) for shape in shapes]


def nest(parts, layout):
    """(B, heads, n, width): if jagged, as torch's attention takes it, from (B, n, heads, width)."""
    if layout is torch.strided:
        return torch.nested.as_nested_tensor(parts, layout=layout)
    rows_first = [part.transpose(0, 1) for part in parts]
    return torch.nested.as_nested_tensor(rows_first, layout=layout).transpose(1, 2)


def pattern_of(name, b):
    """The pattern of sequence b."""
    return PATTERNS[name][b] if name == "nested" else PATTERNS[name]


def vectors(dtype=torch.float32):
    """[q, k, v], each a list of tensors."""
    return [drawn(h, 8, seed, dtype) for seed, h in enumerate((HEADS, GROUPS, GROUPS))]


def assert_same(nested, parts):
    """Bit for bit."""
    found = nested.unbind()
    assert len(found) == len(parts)
    for x, right in zip(found, parts):
        assert x.dtype == right.dtype
        assert torch.equal(x, right)


@every_layout
@every_pattern
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_each_sequence_is_what_it_is_alone(name, layout, dtype):
    parts = vectors(dtype)
    grads = drawn(HEADS, 8, 3, dtype)
    sink = torch.tensor([0.5, -1.0, 0.0, -np.inf])
    nested = [nest(x, layout) for x in parts]
    out, lse = sr.attend_with_lse(*nested, PATTERNS[name], sink=sink)
    grad = nest(grads, layout)
    gradients = sr.attend_backward(grad, *nested, out, lse, PATTERNS[name], sink=sink)
    assert (out.layout, lse.layout) == (layout, layout)
    results = []
    for b, (g, *own) in enumerate(zip(grads, *parts)):
        p = pattern_of(name, b)
        own_out, own_lse = sr.attend_with_lse(*own, p, sink=sink)
        slopes = sr.attend_backward(g, *own, own_out, own_lse, p, sink=sink)
        results.append((own_out, own_lse, *slopes))
    for x, right in zip((out, lse, *gradients), zip(*results)):
        assert_same(x, right)
    assert_same(sr.attend(*nested, PATTERNS[name], sink=sink), [own[0] for own in results])


@every_layout
@every_pattern
def test_autograd_goes_back_to_each_sequence(name, layout):
    grads, sinks, leaves = drawn(HEADS, 8, 3), [], []
    for is_batch in (True, False):
        own = [[x.requires_grad_() for x in of_kind] for of_kind in vectors()]
        sink = torch.zeros(HEADS, dtype=torch.float64, requires_grad=True)
        if is_batch:
            nested = [nest(x, layout) for x in own]
            outs = sr.attend(*nested, PATTERNS[name], sink=sink).unbind()
        else:
            sequences = list(zip(*own))
            outs = [sr.attend(*x, pattern_of(name, b), sink=sink) for b, x in enumerate(sequences)]
        sum((out * grad).sum() for out, grad in zip(outs, grads)).backward()
        leaves.append([x.grad for of_kind in own for x in of_kind])
        sinks.append(sink.grad)
    for x, right in zip(*leaves):
        assert torch.equal(x, right)
    torch.testing.assert_close(*sinks, rtol=1e-14, atol=1e-14)


def test_a_jagged_output_has_the_ragged_size_of_the_queries():
    """So that torch adds it to what the queries were made from."""
    q, k, v = (nest(x, torch.jagged) for x in vectors())
    out, lse = sr.attend_with_lse(q, k, v, sr.Causal())
    assert out.shape == q.shape
    assert lse.shape == q.shape[:3]
    assert_same(out + q, [x + y for x, y in zip(out.unbind(), q.unbind())])


@every_layout
def test_one_head_needs_no_axis(layout):
    parts = [[x[0] for x in of_kind] for of_kind in vectors()]
    nested = [torch.nested.as_nested_tensor(x, layout=layout) for x in parts]
    out = sr.attend(*nested, sr.Causal())
    assert out.dim() == 3
    assert_same(out, [sr.attend(*own, sr.Causal()) for own in zip(*parts)])


@every_layout
def test_heads_may_be_ragged(layout):
    generator = torch.Generator().manual_seed(0)
    parts = [
        [torch.randn(heads, 9, 4, generator=generator) for heads in (1, 3, 2)] for _ in range(3)
    ]
    nested = [torch.nested.as_nested_tensor(x, layout=layout) for x in parts]
    out, lse = sr.attend_with_lse(*nested, sr.Causal())
    expected = [sr.attend_with_lse(*own, sr.Causal()) for own in zip(*parts)]
    for x, right in zip((out, lse), zip(*expected)):
        assert_same(x, right)


def test_keys_may_be_of_other_lengths_and_have_holes():
    generator = torch.Generator().manual_seed(0)
    base = torch.randn(3, 9, 4, generator=generator)
    starts, lengths = torch.tensor([0, 1, 2]), torch.tensor([3, 2, 4])
    holes = torch.nested.narrow(base, 1, starts, lengths, layout=torch.jagged)
    q = torch.nested.as_nested_tensor(list(base[:, :5]), layout=torch.jagged)
    for arrays in ((q, holes, holes), (holes, q, q)):
        out = sr.attend(*arrays, sr.Full())
        parts = zip(*(x.unbind() for x in arrays))
        assert_same(out, [sr.attend(*own, sr.Full()) for own in parts])


@every_layout
def test_torch_s_own_attention_agrees(layout):
    own = [drawn(HEADS, 8, seed, torch.float64) for seed in range(3)]
    parts = [[x for x in of_kind if x.shape[1]] for of_kind in own]
    q, k, v = (nest(x, layout) for x in parts)
    theirs = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    for x, right in zip(sr.attend(q, k, v, sr.Full()).unbind(), theirs.unbind()):
        torch.testing.assert_close(x, right, rtol=1e-11, atol=1e-12)


Q, K, V = (nest(x, torch.jagged) for x in vectors())
DENSE = torch.zeros(4, HEADS, 9, 8)
TWO = nest(drawn(GROUPS, 8, 0)[:2], torch.jagged)


@pytest.mark.parametrize(
    ("call", "error", "problem"),
    [
        (lambda: sr.attend(Q, DENSE, V, sr.Causal()), TypeError, "k must be a nested tensor"),
        (lambda: sr.attend(DENSE, K, V, sr.Causal()), TypeError, "q must be a nested tensor"),
        (lambda: sr.attend(Q, TWO, V, sr.Causal()), ValueError, "k must have as many sequences"),
        (
            lambda: sr.attend(Q, K, V, [[sr.Causal()] * HEADS]),
            ValueError,
            "pattern must be one sequence for each of the batch of 4, got 1",
        ),
        (
            lambda: sr.attend(Q, K, V, [[sr.Causal()] * HEADS] * 3 + [sr.Causal()]),
            TypeError,
            r"pattern\[3\] must be a sequence, as the pattern of a batch is",
        ),
        (
            lambda: sr.attend_backward(DENSE, Q, K, V, Q, Q, sr.Causal()),
            TypeError,
            "grad_out must be a nested tensor",
        ),
        (lambda: sr.merge([(Q, Q)]), TypeError, "out must be an array, or cross"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, problem):
    with pytest.raises(error, match=problem):
        call()


def test_an_error_of_a_sequence_names_it():
    with pytest.raises(ValueError, match="lowered for") as caught:
        sr.attend(Q, K, V, sr.csr(sr.Causal(), 3))
    assert "This is sequence 1 of 4." in caught.value.__notes__


def test_a_ragged_width_is_refused():
    parts = [torch.zeros(2, 5, width) for width in (3, 4)]
    x = torch.nested.nested_tensor(parts, layout=torch.jagged)
    with pytest.raises(ValueError, match="q must be ragged in heads or positions"):
        sr.attend(x, x, x, sr.Causal())
