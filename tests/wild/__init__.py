"""Released packages judged by `sparse_ref.verify` as they come: those that attend to what they say,
and those that do not.

PYTHONPATH=tests .venv/originals/bin/python -m wild deepspeed_sliding

prints the report on one case; without a name, all names.
"""
