"""Layers and models of Hugging Face transformers, each as a function of q, k and v (B, H, n, d)."""

import pytest

from wild.handed import Passed, hand, numbered, parted, torch

big_bird, canine, gpt2, gpt_neo, longformer, longt5, reformer, swin = (
    pytest.importorskip(
        f"transformers.models.{name}.modeling_{name}",
        reason="transformers is missing: make test-originals",
    )
    for name in (
        "big_bird",
        "canine",
        "gpt2",
        "gpt_neo",
        "longformer",
        "longt5",
        "reformer",
        "swin",
    )
)
logging = pytest.importorskip(
    "transformers.utils.logging", reason="transformers is missing: make test-originals"
)
logging.set_verbosity_error()


def longformer_layer(window, globals=()):
    """Longformer's layer, globals and all."""

    def fn(q, k, v):
        heads, n, d = q.shape[1:]
        config = longformer.LongformerConfig(
            hidden_size=heads * d,
            num_attention_heads=heads,
            num_hidden_layers=1,
            attention_window=[window],
        )
        layer = longformer.LongformerSelfAttention(config, 0).eval()
        for kind in ("", "_global"):
            hand(layer, **{f"query{kind}": (q,), f"key{kind}": (k,), f"value{kind}": (v,)})
        seen = torch.isin(torch.arange(n), torch.tensor(globals)).expand(len(q), n)
        none = torch.zeros_like(seen)
        return parted(
            layer(
                numbered(q),
                torch.where(seen, 10000.0, 0.0),
                is_index_masked=none,
                is_index_global_attn=seen,
                is_global_attn=bool(globals),
            )[0],
            heads,
        )

    return fn


def canine_local(chunk, **options):
    """CANINE's local attention."""

    def fn(q, k, v):
        heads, n, d = q.shape[1:]
        config = canine.CanineConfig(hidden_size=heads * d, num_attention_heads=heads)
        sides = ("from_chunk_width", "from_chunk_stride", "to_chunk_width", "to_chunk_stride")
        chunks = {f"attend_{side}": chunk for side in sides}
        layer = canine.CanineAttention(config, local=True, **chunks, **options).eval()
        layer.output = Passed()
        hand(layer.self, query=(q,), key=(k,), value=(v,))
        return parted(layer(numbered(q), torch.ones(len(q), n, n))[0], heads)

    return fn


def longt5_local(radius):
    """LongT5's local attention, under the mask that its encoder hands it."""

    def fn(q, k, v):
        heads, n, d = q.shape[1:]
        config = longt5.LongT5Config(
            d_model=heads * d, d_kv=d, num_heads=heads, local_radius=radius
        )
        layer = hand(longt5.LongT5LocalAttention(config).eval(), q=(q,), k=(k,), v=(v,))
        layer.o = torch.nn.Identity()
        mask = longt5._get_local_attention_mask(torch.ones(len(q), n), radius + 1, "cpu")
        return parted(layer(numbered(q), mask=mask)[0], heads)

    return fn


def reformer_local(keys, before, after, causal):
    """Reformer's local layer."""

    def fn(q, k, v):
        heads, _, d = q.shape[1:]
        config = reformer.ReformerConfig(
            hidden_size=heads * d,
            num_attention_heads=heads,
            attention_head_size=d,
            attn_layers=["local"],
            is_decoder=causal,
            local_attn_chunk_length=keys,
            local_num_chunks_before=before,
            local_num_chunks_after=after,
        )
        layer = hand(
            reformer.LocalSelfAttention(config, 0).eval(), query=(q,), key=(k,), value=(v,)
        )
        return parted(layer(numbered(q)).hidden_states, heads)

    return fn


def swin_layer(shape, window, shift):
    """A layer of Swin, without its normalization, its biases 0; what it adds to its input comes
    out.
    """

    def fn(q, k, v):
        heads, _, d = q.shape[1:]
        config = swin.SwinConfig(window_size=window, attn_implementation="eager")
        layer = swin.SwinLayer(config, heads * d, shape, heads, shift_size=shift).eval()
        layer.layernorm_before, layer.drop_path, layer.attention.o_proj = (
            torch.nn.Identity(),
            Passed(),
            torch.nn.Identity(),
        )
        hand(layer.attention, q_proj=(q,), k_proj=(k,), v_proj=(v,))
        for table in layer.attention.relative_position_bias.parameters():
            table.data.zero_()
        layer(numbered(q), shape)
        return parted(layer.drop_path.x, heads)

    return fn


def gpt_neo_layer(keys, kind):
    """GPT-Neo's attention, which has no scale."""

    def fn(q, k, v):
        heads, n, d = q.shape[1:]
        config = gpt_neo.GPTNeoConfig(
            max_position_embeddings=n, window_size=keys, hidden_size=heads * d, num_heads=heads
        )
        layer = hand(
            gpt_neo.GPTNeoSelfAttention(config, kind).eval(), q_proj=(q,), k_proj=(k,), v_proj=(v,)
        )
        layer.out_proj = torch.nn.Identity()
        return parted(layer(numbered(q))[0], heads)

    return fn


def gpt2_model(implementation, padding):
    """A GPT-2 of one layer, whose first `padding` tokens are none."""

    def fn(q, k, v):
        heads, n, d = q.shape[1:]
        config = gpt2.GPT2Config(
            vocab_size=1,
            n_positions=n,
            n_embd=heads * d,
            n_layer=1,
            n_head=heads,
            attn_implementation=implementation,
        )
        model = gpt2.GPT2Model(config).eval()
        model.wpe.weight.data.zero_()
        layer = model.h[0]
        layer.ln_1, layer.attn.c_proj = torch.nn.Identity(), Passed()
        hand(layer.attn, c_attn=(q, k, v))
        model(
            inputs_embeds=numbered(q),
            attention_mask=(torch.arange(n) >= padding).long().expand(len(q), n),
        )
        return parted(layer.attn.c_proj.x, heads)

    return fn


class Numbers(torch.nn.Module):
    """In place of BigBird's embeddings: the input as it is."""

    def forward(self, inputs_embeds, **rest):
        """The embeddings."""
        return inputs_embeds


def bigbird_model(block, random, training, *, causal=False, padding=0, earlier=0, returned=False):
    """A BigBird of one layer, whose last `padding` tokens are none, and which may have seen an
    input of `earlier` tokens before; what its attention puts out, or what the weights that it
    returns would.
    """

    def fn(q, k, v):
        heads, n, d = q.shape[1:]
        config = big_bird.BigBirdConfig(
            vocab_size=1,
            hidden_size=heads * d,
            num_hidden_layers=1,
            num_attention_heads=heads,
            intermediate_size=1,
            block_size=block,
            num_random_blocks=random,
            is_decoder=causal,
            max_position_embeddings=n,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        model = big_bird.BigBirdModel(config, add_pooling_layer=False).train(training)
        model.embeddings, seen = Numbers(), []
        attention = model.encoder.layer[0].attention
        hand(attention.self, query=(q,), key=(k,), value=(v,))
        attention.output.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
        weights = attention.self.register_forward_hook(
            lambda module, given, out: seen.append(out[1])
        )
        if earlier:
            model(inputs_embeds=numbered(q)[:, :earlier])
        model(
            inputs_embeds=numbered(q),
            attention_mask=(torch.arange(n) < n - padding).long().expand(len(q), n),
        )
        weights.remove()
        return seen[-2] @ v if returned else parted(seen[-1], heads)

    return fn
