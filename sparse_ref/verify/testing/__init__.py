"""Tests of your own attention: of declared functions, against mutants, and of KV caches.

    from sparse_ref.verify.testing import cache_machine
    TestMyCache = cache_machine(make_cache, sr.Lookback(256)).TestCase

`@sr.conforms(...)` and `pytest --attention-mutants` need no import of this room.
"""

from .caches import cache_machine

__all__ = ["cache_machine"]
