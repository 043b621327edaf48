"""What every layer of (q, k, v) must pass: gradients by differences, no influence of a suffix."""

import numpy as np


def arrays(n, heads=2, groups=2, d=4, e=3, dtype=np.float64, seed=0):
    """q, k, v in which every head, position and feature differs."""
    rng = np.random.default_rng(seed)
    shapes = (heads, n, d), (groups, n, d), (groups, n, e)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def assert_gradients(layer, backward, inputs, seed=1, atol=1e-7):
    """backward(grad, *inputs) against central differences in a random direction, for each input."""
    rng = np.random.default_rng(seed)
    grad = rng.standard_normal(layer(*inputs).shape)
    gradients = backward(grad, *inputs)
    for place, (x, dx) in enumerate(zip(inputs, gradients, strict=True)):
        assert dx.shape == x.shape
        assert dx.dtype == x.dtype
        direction = rng.standard_normal(x.shape)
        values = []
        for step in (1e-5, -1e-5):
            moved = [*inputs]
            moved[place] = x + step * direction
            values.append((grad * layer(*moved)).sum())
        expected = (values[0] - values[1]) / 2e-5
        np.testing.assert_allclose((dx * direction).sum(), expected, rtol=1e-5, atol=atol)


def assert_suffix_moves_nothing_before(layer, inputs, cut):
    """Other queries, keys and values from `cut` on leave each earlier output as it was, bit for
    bit.
    """
    out = layer(*inputs)
    for poison in (7.0, np.nan):
        moved = [x.copy() for x in inputs]
        for x in moved:
            x[..., cut:, :] += poison
        assert layer(*moved)[..., :cut, :].tobytes() == out[..., :cut, :].tobytes()


def softmax(logits):
    """Of the last axis, stated."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)
