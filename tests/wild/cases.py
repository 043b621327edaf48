"""Every case by its name."""

from wild import (
    cases_decoders,
    cases_index_models,
    cases_jax,
    cases_layers,
    cases_masks,
    cases_models,
    cases_packages,
    cases_runtimes,
)

CASES = (
    cases_masks.CASES
    | cases_layers.CASES
    | cases_models.CASES
    | cases_decoders.CASES
    | cases_index_models.CASES
    | cases_packages.CASES
    | cases_runtimes.CASES
    | cases_jax.CASES
)
