"""Originals: the sentences of the stories."""

import numpy as np
import pytest

import sparse_ref as sr
from wild.cases import CASES
from wild.packages import litgpt, litgpt_model, torch
from wild.stories import STORIES, counts, worst

pytestmark = pytest.mark.originals

CAP = dict(attention_logit_softcapping=50.0)


def test_each_story_is_of_a_case_that_differs():
    assert len(STORIES) == 3
    assert all(CASES[story.case].finds for story in STORIES)


def test_keys_that_litgpt_should_mask_weigh_e_times_less():
    probe = sr.verify.probe(litgpt_model(8, **CAP), 8, layout="bhnd", framework="torch", d=16)
    expected = sr.dense(sr.Causal(), 8)
    for row, allowed in zip(probe.weights[0], expected):
        np.testing.assert_allclose(row[allowed] / row[-1], np.where(row[-1] < row[0], np.e, 1))


def test_steps_of_litgpt_see_the_right_keys_and_its_prompts_do_not():
    torch.manual_seed(0)
    shape = dict(n_layer=2, n_head=2, n_embd=16, padded_vocab_size=32, block_size=16)
    model = litgpt.GPT(litgpt.Config(**shape, **CAP)).eval()
    tokens = torch.arange(8)[None]
    with torch.no_grad():
        right = model(tokens)
        model.set_kv_cache(1)
        steps = [model(tokens[:, [i]], torch.tensor([i]), i + 1) for i in range(8)]
        prompt = model(tokens, torch.arange(8), 8)
    torch.testing.assert_close(torch.cat(steps, dim=1), right)
    assert (prompt - right)[0, 0].abs().max() > 0.01


def test_one_row_of_onnxruntime_is_full():
    report = CASES["onnxruntime_unidirectional"].report()
    expected = sr.dense(sr.Causal(), (5, 12))
    assert (report.actual_mask[0, :4] == expected[:4]).all()
    assert report.actual_mask[0, 4].all()


def test_keys_of_flash_attention_jax_count_twice_where_a_slice_was_moved():
    np.testing.assert_array_equal(counts(), [[1, 1, 2, 2, 1, 1]] * 3)
    np.testing.assert_array_equal(counts(4, 8), np.ones((3, 8)))
    twice = np.where((np.arange(1030) >= 6) & (np.arange(1030) < 1024), 2, 1)
    assert 1e-4 < worst(np.ones(1030)) < 0.01
    assert worst(twice) < 1e-6
    assert worst(np.ones(1024), 1024) < 1e-6
    assert worst(np.ones(2048), 2048) < 1e-6
