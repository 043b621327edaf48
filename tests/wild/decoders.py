"""Decoders of Hugging Face transformers, each as a function of q, k and v (B, H, n, d): a model of
one layer draws its mask and fills its cache, and the q, k and v that its attention gets are
replaced.
"""

import ast
import importlib
from functools import cache

import pytest

from wild.handed import torch

transformers, interfaces, sdpa, masks = (
    pytest.importorskip(name, reason="transformers is missing: make test-originals")
    for name in (
        "transformers",
        "transformers.modeling_utils",
        "transformers.integrations.sdpa_attention",
        "transformers.masking_utils",
    )
)

FUNCTIONS = {
    "sdpa": (lambda module: sdpa.sdpa_attention_forward, masks.sdpa_mask),
    "eager": (lambda module: module.eager_attention_forward, masks.eager_mask),
}


def decoder(kind, implementation, schedule=None, sinks=None, **config):
    """A decoder of one layer on n tokens, or through its cache by a schedule of lengths."""

    def fn(q, k, v):
        heads, n, d = q.shape[1:]
        model = tiny_model(kind, heads, k.shape[1], n, d, repr(config))
        if sinks is not None:
            model.layers[0].self_attn.sinks.data.fill_(sinks)
        tokens = torch.arange(n).expand(len(q), n)
        attention, mask = FUNCTIONS[implementation]
        replaced = Replaced(attention(importlib.import_module(type(model).__module__)), q, k, v)
        interfaces.AttentionInterface.register("replaced", replaced)
        masks.AttentionMaskInterface.register("replaced", mask)
        model.set_attn_implementation("replaced")
        model(tokens, use_cache=False)
        if schedule is None:
            return replaced.out[0]
        memory = transformers.DynamicCache(config=model.config)
        for part in tokens.split(list(schedule), dim=1):
            model(part, cache=memory, use_cache=True)
        return torch.cat(replaced.out[1:], dim=2)

    return fn


@cache
def tiny_model(kind, heads, kv_heads, n, d, config):
    """A random model; config is the text of a dict, so that it can be a key."""
    torch.manual_seed(0)
    shape = dict(
        hidden_size=heads * d,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=d,
        num_hidden_layers=1,
        intermediate_size=8,
        vocab_size=n,
        pad_token_id=None,
    )
    return transformers.AutoModel.from_config(
        transformers.AutoConfig.for_model(kind, **shape | ast.literal_eval(config))
    ).eval()


class Replaced:
    """An attention function of transformers that computes with other q, k and v. It knows a key by
    its value, which no rotation changes: the first call sees all of them in order.
    """

    def __init__(self, attention, q, k, v):
        self.attention, self.tensors = attention, (q, k, v)
        self.values, self.begin, self.out = None, 0, []

    def __call__(self, module, query, key, value, mask, **options):
        """What the attention function returns."""
        q, k, v = self.tensors
        rows = value[0].transpose(0, 1).flatten(1)
        if self.values is None:
            self.values, begin = rows, 0
        else:
            begin, self.begin = self.begin, self.begin + query.shape[2]
        columns = torch.cdist(rows, self.values).argmin(dim=1)
        queries = q[:, :, begin : begin + query.shape[2]]
        options["scaling"] = q.shape[-1] ** -0.5
        given = (x[:, :, columns] for x in (k, v))
        out, weights = self.attention(module, queries, *given, mask, **options)
        self.out.append(out.transpose(1, 2))
        return out, weights
