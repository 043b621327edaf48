"""Known ways of computing attention wrong, at any size: what tests of an attention should notice.

>>> import sparse_ref as sr
>>> from sparse_ref.verify.testing.mutations import Statement, distinct_mutations
>>> mutations = distinct_mutations(Statement((sr.Lookback(5),) * 4, kv_heads=2))
>>> mutations[0].name, len(mutations) > 150
('one key too many at the left edge', True)
"""

from .attention import Attention, Statement
from .library import MUTATIONS, distinct_mutations
from .mutation import Mutation

__all__ = ["MUTATIONS", "Attention", "Mutation", "Statement", "distinct_mutations"]
