"""Originals: native-sparse-attention-pytorch's layer: its output and gradients within rounding, and
its sets, up to ties, read from attention without logits.
"""

from copy import deepcopy

import numpy as np
import pytest

import sparse_ref as sr

torch = pytest.importorskip("torch", reason="torch is missing: make test-originals")
package = pytest.importorskip(
    "native_sparse_attention_pytorch",
    reason="native-sparse-attention-pytorch is missing: make test-originals",
)

pytestmark = pytest.mark.originals

lucidrains = sr.published.nsa.lucidrains
SETTINGS = [  # n, length, stride, block, top_k, keys, memory, heads, key heads, per group
    (1, 4, 4, 4, 2, 2, 1, 2, 1, True),
    (3, 4, 4, 4, 2, 1, 1, 2, 2, True),
    (4, 4, 4, 4, 2, 3, 2, 1, 1, True),
    (5, 4, 4, 4, 1, 3, 1, 4, 2, True),
    (8, 4, 2, 4, 2, 3, 1, 2, 1, True),
    (9, 4, 2, 4, 2, 5, 1, 2, 1, False),
    (11, 6, 2, 4, 3, 2, 3, 4, 2, True),
    (12, 3, 3, 3, 2, 4, 1, 2, 1, True),
    (13, 4, 4, 8, 1, 3, 1, 2, 2, True),
    (15, 5, 4, 4, 2, 3, 1, 4, 2, False),
    (16, 4, 4, 4, 2, 3, 1, 4, 1, True),
    (17, 4, 4, 4, 0, 3, 1, 2, 1, True),
    (18, 4, 2, 6, 2, 7, 2, 2, 1, True),
    (20, 8, 4, 4, 2, 3, 1, 2, 1, True),
    (21, 3, 1, 2, 4, 1, 1, 2, 2, True),
    (23, 4, 4, 8, 3, 3, 1, 4, 2, True),
    (24, 4, 4, 4, 9, 6, 1, 2, 1, True),
    (26, 6, 3, 6, 1, 2, 1, 4, 2, False),
    (29, 5, 5, 5, 2, 4, 4, 2, 1, True),
    (31, 7, 3, 6, 2, 9, 1, 4, 4, True),
    (33, 4, 2, 8, 2, 3, 1, 6, 2, True),
    (40, 8, 8, 8, 3, 8, 1, 4, 2, True),
]
D, DIM = 8, 12


def layer(setting, seed=0):
    """Their module, every parameter random, in float64."""
    _, length, stride, block, top_k, keys, memory, heads, key_heads, per_group = setting
    module = package.SparseAttention(
        dim=DIM, dim_head=D, heads=heads, kv_heads=key_heads, sliding_window_size=keys,
        compress_block_size=length, compress_block_sliding_stride=stride,
        selection_block_size=block, num_selected_blocks=top_k, num_compressed_mem_kv=memory,
        query_heads_share_selected_kv=per_group, causal=True,
    )  # fmt: skip
    torch.manual_seed(seed)
    for parameter in module.parameters():
        if parameter.requires_grad:  # not the frequencies of the rotation
            torch.nn.init.normal_(parameter, std=0.5)
    return module.double().eval()


def weights(module):
    """Its parameters as arrays."""
    return {name: x.detach().numpy() for name, x in module.named_parameters()}


def inputs(module, setting, x):
    """q, k, v, the compressed keys and values behind the memory, and the gates, from x (n, DIM)."""
    *_, heads, key_heads, _ = setting
    w = weights(module)
    root = np.sqrt((x**2).mean(axis=-1, keepdims=True) + np.finfo(np.float64).eps)
    y = x / root * w["norm.weight"]
    rows = np.cumsum([heads * D, key_heads * D])
    q, k, v = (
        np.moveaxis((y @ W.T).reshape(len(x), -1, D), 1, 0)
        for W in np.split(w["to_qkv.weight"], rows)
    )
    atoms = []
    for x_heads, name, memory in zip((k, v), "kv", w["compress_mem_kv"]):
        layers = [w[f"{name}_compress.{e}"] for e in ("1.weight", "1.bias", "3.weight", "3.bias")]
        places = w[f"{name}_intrablock_positions"]
        windows = lucidrains.compress(x_heads, places, layers, stride=setting[2])
        atoms.append(np.concatenate([memory, windows], axis=1))
    logits = y @ w["to_strategy_combine.0.weight"].T + w["to_strategy_combine.0.bias"]
    gates = 1 / (1 + np.exp(-logits.reshape(len(x), heads, 3)))
    return q, k, v, atoms, gates.transpose(2, 1, 0)


def sizes(setting):
    """Of our layer."""
    _, _, stride, block, top_k, keys, memory, *_ = setting
    return lucidrains.Sizes(stride, block, top_k, keys, memory)


def ids(setting):
    return "-".join(map(str, setting))


@pytest.mark.parametrize("setting", SETTINGS, ids=ids)
def test_the_layer_is_the_original(setting):
    module = layer(setting)
    x = np.random.default_rng(setting[0]).standard_normal((setting[0], DIM))
    theirs = module(torch.tensor(x)[None])[0].detach().numpy()
    q, k, v, atoms, gates = inputs(module, setting, x)
    out = lucidrains.attention(q, k, v, atoms, gates, sizes(setting), per_group=setting[-1])
    together = np.moveaxis(out, 0, 1).reshape(len(x), -1)
    ours = together @ weights(module)["combine_heads.weight"].T
    assert np.allclose(ours, theirs, rtol=1e-5, atol=1e-5)  # its rotations are float32


@pytest.mark.parametrize("setting", SETTINGS[:20], ids=ids)
def test_each_branch_has_the_sets_of_the_original(setting):
    """Values one-hot, gates for one branch: its weights, positive exactly for the members."""
    n, *_, heads, key_heads, per_group = setting
    module = layer(setting)
    x = np.random.default_rng(setting[0]).standard_normal((n, DIM))
    q, _, _, atoms, _ = inputs(module, setting, x)
    selected = lucidrains.sets(q, atoms[0], sizes(setting), per_group=per_group).selected
    for branch in (1, 2):
        mask = influence(module, x, branch, heads, key_heads)
        for head in range(heads):
            sets = selected[head] if branch == 1 else sr.Local(setting[5])
            assert np.array_equal(mask[head], sr.dense(sets, n)), (branch, head)


def influence(module, x, branch, heads, key_heads):
    """[v_j reaches out_i] for each head, by the gradient of the output to the values."""
    module = deepcopy(module)
    gate = torch.full((3 * heads,), -1e9, dtype=torch.float64)
    gate[branch::3] = 1e9
    module.to_strategy_combine[0].weight.data.zero_()
    module.to_strategy_combine[0].bias.data.copy_(gate)
    masks = np.zeros((heads, len(x), len(x)), bool)
    captured = []
    handle = module.split_heads.register_forward_hook(lambda *a: captured.append(a[2]))
    merged = []
    hook = module.merge_heads.register_forward_hook(lambda m, a, out: merged.append(a[0]))
    module(torch.tensor(x)[None])
    handle.remove()
    hook.remove()
    values, outputs = captured[2], merged[0][0]
    for head in range(heads):
        for i in range(len(x)):
            (grad,) = torch.autograd.grad(outputs[head, i].sum(), values, retain_graph=True)
            key_head = head // (heads // key_heads)
            masks[head, i] = grad[0, key_head].abs().sum(-1).numpy() > 0
    return masks


@pytest.mark.parametrize("setting", SETTINGS[5:20:5], ids=ids)
def test_the_gradients_are_those_of_the_original(setting):
    module = layer(setting)
    x = np.random.default_rng(setting[0]).standard_normal((setting[0], DIM))
    q, k, v, atoms, gates = inputs(module, setting, x)
    grad = np.random.default_rng(1).standard_normal(q.shape)
    leaves = gradients_of_theirs(module, x, grad)
    ours = lucidrains.backward(
        grad, (q, k, v), atoms, gates, sizes(setting), per_group=setting[-1]
    )  # fmt: skip
    assert np.allclose(ours[0], leaves["q"], atol=1e-4)
    memory = module.compress_mem_kv.grad.numpy()
    for mine, theirs in zip(ours[3:5], memory):
        assert np.allclose(mine[:, : setting[6]], theirs, atol=1e-4)


def gradients_of_theirs(module, x, grad):
    """The gradient at the queries; those of the parameters are left in the module."""
    captured = []

    def keep(_, __, out):
        out.retain_grad()
        captured.append(out)

    handle = module.split_heads.register_forward_hook(keep)
    merged = []
    hook = module.merge_heads.register_forward_hook(lambda m, a, out: merged.append(a[0]))
    module(torch.tensor(x)[None])
    handle.remove()
    hook.remove()
    (merged[0][0] * torch.tensor(grad)).sum().backward()
    return {"q": captured[0].grad[0].numpy()}


@pytest.mark.parametrize("setting", SETTINGS[8:20:4], ids=ids)
def test_a_perturbed_suffix_moves_no_earlier_output_of_the_original(setting):
    module = layer(setting)
    n = setting[0]
    x = np.random.default_rng(2).standard_normal((n, DIM))
    y = x.copy()
    y[n // 2 :] += 1
    before, after = (module(torch.tensor(z)[None])[0].detach().numpy() for z in (x, y))
    assert np.allclose(before[: n // 2], after[: n // 2], rtol=0, atol=1e-12)


def decoded(module, x):
    """Its outputs, token by token through the cache."""
    tokens = torch.tensor(x)[None]
    out, cache = module(tokens[:, :1], return_cache=True)
    outs = [out]
    for i in range(1, len(x)):
        out, cache = module(tokens[:, i : i + 1], cache=cache, return_cache=True)
        outs.append(out)
    return torch.cat(outs, dim=1)[0].detach().numpy()


def test_defect_decoding_leaves_the_memory_out_until_a_window_is_complete():
    setting = SETTINGS[7]
    n, stride = 9, setting[2]
    module = layer((n, *setting[1:]))
    x = np.random.default_rng(0).standard_normal((n, DIM))
    whole = module(torch.tensor(x)[None])[0].detach().numpy()
    moved = np.flatnonzero(abs(decoded(module, x) - whole).max(axis=-1) > 1e-4)
    assert set(range(1, stride)) <= set(moved.tolist()), (
        "native-sparse-attention-pytorch decodes short prompts as it reads them now"
    )


def test_defect_decoding_fails_with_sets_for_each_query_head():
    setting = (9, 4, 4, 4, 2, 3, 1, 2, 1, False)
    module = layer(setting)
    x = np.random.default_rng(0).standard_normal((9, DIM))
    with pytest.raises(RuntimeError):
        decoded(module, x)
