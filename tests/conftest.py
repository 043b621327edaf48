"""Hypothesis profiles: `fast` in `make test`, `deep` in `make test-deep`; failures print what
replays them.
"""

import os

import matplotlib
from hypothesis import HealthCheck, settings

matplotlib.use("Agg")

settings.register_profile(
    "fast",
    max_examples=60,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("deep", settings.get_profile("fast"), max_examples=2000)
settings.load_profile(os.environ.get("SPARSE_REF_PROFILE", "fast"))


def pytest_addoption(parser):
    parser.addoption(
        "--rewrite-notebooks",
        action="store_true",
        help="keep the outputs of this run in the notebooks",
    )
