"""Attention of frameworks and runtimes, each as a function of q, k and v, NumPy arrays
(B, H, n, d): ONNX Runtime, OpenVINO, MLX and its cache, Paddle, tinygrad, Keras, tokamax.
"""

import os
from functools import cache

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")  # TensorFlow is not installed
os.environ.setdefault("DEV", "PYTHON")  # tinygrad: its CPU asks for clang

onnx, onnxruntime, openvino, openvino_operators, mx, mlx_cache, paddle, tinygrad, keras = (
    pytest.importorskip(name, reason=f"{name} is missing: make test-originals")
    for name in (
        "onnx",
        "onnxruntime",
        "openvino",
        "openvino.opset13",
        "mlx.core",
        "mlx_lm.models.cache",
        "paddle",
        "tinygrad",
        "keras",
    )
)

NUMPY = dict(framework="numpy")
CONTRIB = "com.microsoft"
mx.set_default_device(mx.cpu)


@cache
def session(operator, domain, inputs, attributes):
    """ONNX Runtime on a model of one node; its inputs are names and types, "" for those that are
    left out.
    """
    names = [name for name, _ in inputs]
    node = onnx.helper.make_node(operator, names, ["out"], domain=domain, **dict(attributes))
    tensor = onnx.helper.make_tensor_value_info
    tensors = [tensor(name, kind, None) for name, kind in inputs if name]
    out = tensor("out", onnx.TensorProto.FLOAT, None)
    graph = onnx.helper.make_graph([node], "attention", tensors, [out])
    opsets = [onnx.helper.make_opsetid("", 23), onnx.helper.make_opsetid(CONTRIB, 1)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10)
    return onnxruntime.InferenceSession(model.SerializeToString())


def onnx_attention(**attributes):
    """ONNX Runtime's Attention."""
    inputs = tuple((name, onnx.TensorProto.FLOAT) for name in "qkv")

    def fn(q, k, v):
        operator = session("Attention", "", inputs, tuple(attributes.items()))
        return operator.run(None, dict(q=q, k=k, v=v))[0]

    return fn


def multi_head_attention(**attributes):
    """ONNX Runtime's MultiHeadAttention."""
    inputs = tuple((name, onnx.TensorProto.FLOAT) for name in "qkv")

    def fn(q, k, v):
        given = (("num_heads", q.shape[1]), *attributes.items())
        operator = session("MultiHeadAttention", CONTRIB, inputs, given)
        out = operator.run(None, dict(q=merged(q), k=merged(k), v=merged(v)))[0]
        return parted(out, q.shape[1])

    return fn


def group_query_attention(**attributes):
    """ONNX Runtime's GroupQueryAttention on a prompt."""
    lengths = (("seqlens", onnx.TensorProto.INT32), ("total", onnx.TensorProto.INT32))
    floats = tuple((name, onnx.TensorProto.FLOAT) for name in "qkv")
    inputs = (*floats, ("", None), ("", None), *lengths)

    def fn(q, k, v):
        n = k.shape[2]
        given = (("num_heads", q.shape[1]), ("kv_num_heads", k.shape[1]), *attributes.items())
        operator = session("GroupQueryAttention", CONTRIB, inputs, given)
        rows = dict(q=merged(q), k=merged(k), v=merged(v))
        seqlens = np.full(len(q), n - 1, np.int32)
        out = operator.run(None, dict(**rows, seqlens=seqlens, total=np.int32([n])))[0]
        return parted(out, q.shape[1])

    return fn


def openvino_attention(causal):
    """OpenVINO's ScaledDotProductAttention on its CPU."""

    def fn(q, k, v):
        tensors = [openvino_operators.parameter(x.shape, np.float32) for x in (q, k, v)]
        node = openvino_operators.scaled_dot_product_attention(*tensors, causal=causal)
        exact = {"INFERENCE_PRECISION_HINT": "f32"}
        compiled = openvino.compile_model(openvino.Model([node], tensors), "CPU", exact)
        return compiled([q, k, v])[0]

    return fn


def mlx_attention(mask):
    """MLX's attention under a mask, its name or a function of n."""

    def fn(q, k, v):
        given = mask(q.shape[2]) if callable(mask) else mask
        q, k, v = (mx.array(x) for x in (q, k, v))
        out = mx.fast.scaled_dot_product_attention(q, k, v, scale=q.shape[-1] ** -0.5, mask=given)
        return np.array(out)

    return fn


def mlx_decoded(make, chunk):
    """The same through a cache of mlx-lm, `chunk` tokens at a time."""

    def fn(q, k, v):
        memory, out = make(), []
        for begin in range(0, q.shape[2], chunk):
            part = [mx.array(x[:, :, begin : begin + chunk]) for x in (q, k, v)]
            mask = memory.make_mask(part[0].shape[2], return_array=False, window_size=None)
            keys, values = memory.update_and_fetch(*part[1:])
            scale = q.shape[-1] ** -0.5
            rows = mx.fast.scaled_dot_product_attention(
                part[0], keys, values, scale=scale, mask=mask
            )
            out.append(np.array(rows))
        return np.concatenate(out, axis=2)

    return fn


def paddle_attention(q, k, v):
    """Paddle's scaled_dot_product_attention on the CPU, causal."""
    q, k, v = (paddle.to_tensor(np.ascontiguousarray(x.swapaxes(1, 2))) for x in (q, k, v))
    out = paddle.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    return out.numpy().swapaxes(1, 2)


def tinygrad_attention(**options):
    """tinygrad's scaled_dot_product_attention."""

    def fn(q, k, v):
        q, k, v = (tinygrad.Tensor(np.ascontiguousarray(x)) for x in (q, k, v))
        return q.scaled_dot_product_attention(k, v, **options).numpy()

    return fn


def keras_attention(**options):
    """Keras's ops.dot_product_attention."""

    def fn(q, k, v):
        q, k, v = (np.ascontiguousarray(x.swapaxes(1, 2)) for x in (q, k, v))
        out = keras.ops.dot_product_attention(q, k, v, **options)
        return np.array(out).swapaxes(1, 2)

    return fn


def merged(x):
    """(B, H, n, d) as (B, n, H d)."""
    return np.ascontiguousarray(x.swapaxes(1, 2)).reshape(len(x), x.shape[2], -1)


def parted(x, heads):
    """(B, n, H d) as (B, H, n, d)."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)
