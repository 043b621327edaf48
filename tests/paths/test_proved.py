"""What is proved for all parameters holds at random ones, by products of masks.

The products know nothing of the proof.
"""

from functools import cache
from inspect import signature
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from products import hop_counts, reached

import sparse_ref as sr
from sparse_ref.paths import prove, prove_hops, prove_invariant
from sparse_ref.paths.book import (
    chunks,
    exponential,
    globals,
    grids,
    measures,
    sparse_transformer,
    windows,
)

CONNECTED = [  # (steps of these parameters, residual, causal)
    (sr.strided, False, True),
    (sparse_transformer.strided_code, False, True),
    (sparse_transformer.swap_layers(sr.Lookback), False, True),
    (sparse_transformer.merge_steps, False, True),
    (sr.fixed, True, True),
    (sparse_transformer.first_head, False, True),
    (sparse_transformer.four_heads, False, True),
    (globals.longformer, False, False),
    (globals.bigbird, False, False),
    (globals.global_local, False, False),
    (globals.star, False, False),
    (grids.columns_then_rows, False, False),
    (chunks.chunks_then_full, True, True),
    (chunks.windows_then_full, True, True),
    (sr.gpt_neo, True, True),
]
HOPS = [  # (step, hops, toward, exact, causal)
    (sr.Local, windows.paper_hops, windows.paper_step, True, True),
    (windows.code_window, windows.code_hops, windows.code_step, True, True),
    (windows.symmetric, windows.symmetric_hops, windows.symmetric_step, True, False),
    (windows.two_dilations, measures.distance, measures.neighbour, False, False),
    (windows.sinks, windows.sink_hops, windows.sink_step, True, True),
    (chunks.buckets, chunks.bucket_steps, chunks.previous_bucket, True, True),
    (
        exponential.log_sparse,
        exponential.bit_length,
        exponential.without_greatest_power,
        False,
        True,
    ),
    (grids.neighbors, measures.distance, measures.neighbour, False, False),
]
CLOSED = [  # (steps, holds, causal)
    (windows.dilation, measures.one_residue, False),
    (windows.causal_dilation, measures.one_residue, True),
    (grids.columns, grids.one_column, False),
    (grids.dilation, measures.one_residue, False),
    (grids.blocks, measures.one_block, False),
    (chunks.prefix, chunks.prefix_first, False),
    (chunks.noise_and_clean, chunks.noise_or_clean, False),
    (globals.only_sinks, globals.from_sink_or_self, True),
]


@cache
def prove_once(proved, *steps, **options):
    """The verdict, asked for once."""
    return proved(*steps, **options)


@cache
def admissible(build):
    """(parameters, patterns) at all small parameters that are not refused."""
    found, names = [], tuple(signature(build).parameters)
    for numbers in product(*(range(1, 41) if name == "n" else range(10) for name in names)):
        values = dict(zip(names, numbers))
        try:
            steps = build(**values)
        except ValueError:
            continue
        found.append(
            (values, (steps,) if isinstance(steps, sr.Pattern) else getattr(steps, "steps", steps))
        )
    return found


def draw_case(data, build):
    """(parameters, patterns, n): what the parameters give, at a length that it takes."""
    values, steps = data.draw(st.sampled_from(admissible(build)), label="parameters")
    own = next((p.own_length for p in steps if p.own_length is not None), values.get("n"))
    return values, steps, data.draw(st.integers(1, 48), label="n") if own is None else own


def masks(steps, n):
    """The masks of the layers."""
    return [np.array([[bool(p.contains(i, j)) for j in range(n)] for i in range(n)]) for p in steps]


@pytest.mark.parametrize(("build", "residual", "causal"), CONNECTED)
@settings(max_examples=20)
@given(data=st.data())
def test_no_drawn_parameters_are_a_counterexample(build, residual, causal, data):
    assert prove_once(prove, build, residual=residual, causal=causal)
    _, steps, n = draw_case(data, build)
    missing = ~reached(masks(steps, n), residual)
    assert not (np.tril(missing) if causal else missing).any()


@pytest.mark.parametrize(("build", "hops", "toward", "exact", "causal"), HOPS)
@settings(max_examples=20)
@given(data=st.data())
def test_layers_are_as_many_as_was_proved(build, hops, toward, exact, causal, data):
    assert prove_once(prove_hops, build, hops, toward, exact=exact, causal=causal)
    values, steps, n = draw_case(data, build)
    found = hop_counts(masks(steps, n), True)
    claimed = np.array([[hops(j, i, **values) for j in range(n)] for i in range(n)])
    in_scope = np.tri(n, dtype=bool) if causal else np.ones((n, n), bool)
    assert (found[in_scope] >= 0).all()
    assert ((found == claimed) if exact else (found <= claimed))[in_scope].all()


@pytest.mark.parametrize(("build", "holds", "causal"), CLOSED)
@settings(max_examples=20)
@given(data=st.data())
def test_no_path_leads_where_none_was_said_to(build, holds, causal, data):
    assert prove_once(prove_invariant, build, holds, causal=causal)
    values, steps, n = draw_case(data, build)
    found = hop_counts([np.logical_or.reduce(masks(steps, n))], True) >= 0
    allowed = np.array(
        [
            [bool(holds(j, i, **values)) and (j <= i or not causal) for j in range(n)]
            for i in range(n)
        ]
    )
    assert not (found & ~allowed).any()
