"""What layers divide vectors by, over the last axis, and the gradients of it."""

from __future__ import annotations

import numpy as np

LEAST_LENGTH = 1e-12  # torch's normalize
EPSILON = 1e-6  # of a mean square, in trax, transformers and tensor2tensor


def unit(x: np.ndarray) -> np.ndarray:
    """x / max(|x|, 1e-12); zeros stay zeros."""
    return (x / np.maximum(_length(x), LEAST_LENGTH)).astype(x.dtype)


def unit_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The gradient of sum(grad * unit(x))."""
    length = _length(x)
    inverse = 1 / np.maximum(length, LEAST_LENGTH)
    along = (grad * x).sum(axis=-1, keepdims=True)
    along *= length > LEAST_LENGTH  # below it, a constant divides
    return (inverse * grad - inverse**3 * along * x).astype(x.dtype)


def rms(x: np.ndarray) -> np.ndarray:
    """x / sqrt(mean(x^2) + 1e-6)"""
    return (x * _inverse_rms(x)).astype(x.dtype)


def rms_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The gradient of sum(grad * rms(x))."""
    inverse = _inverse_rms(x)
    along = (grad * x).mean(axis=-1, keepdims=True)
    return (inverse * grad - inverse**3 * along * x).astype(x.dtype)


def center(x: np.ndarray) -> np.ndarray:
    """rms(x - mean(x)): a layer norm without scale and bias."""
    return rms(x - x.mean(axis=-1, keepdims=True))


def center_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The gradient of sum(grad * center(x))."""
    inner = rms_backward(grad, x - x.mean(axis=-1, keepdims=True))
    return inner - inner.mean(axis=-1, keepdims=True)


def _length(x: np.ndarray) -> np.ndarray:
    wide = x.astype(np.promote_types(x.dtype, np.float32))
    return np.sqrt((wide**2).sum(axis=-1, keepdims=True))


def _inverse_rms(x: np.ndarray) -> np.ndarray:
    wide = x.astype(np.promote_types(x.dtype, np.float32))
    mean_square = (wide**2).mean(axis=-1, keepdims=True)
    return 1 / np.sqrt(mean_square + EPSILON)
