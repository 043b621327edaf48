"""Every case by its name."""

from wild import cases_layers, cases_masks, cases_models

CASES = cases_masks.CASES | cases_layers.CASES | cases_models.CASES
