"""Reformer's LSH attention: queries that are their own keys, over chunks of hashed positions.

Kitaev, Kaiser, Levskaya 2020, arXiv 2001.04451, sec. 2; the code published with it in trax, and
after it Hugging Face transformers ("hf") and reformer-pytorch ("lucidrains").

Symbols:  x_i the shared query and key of position i;  k_i its direction, of length sqrt(d) or 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import ceil, isqrt, log2, prod, sqrt
from operator import or_
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ...attention import attend, attend_backward, attend_with_lse
from ...attention.arrays import as_array
from ...selection.hashing import lsh_sets
from ...sets.branches import Branches
from ...sets.checks import flag, integer
from ...sets.pattern import Pattern
from .norms import rms, rms_backward, unit, unit_backward

ReformerRule = Literal["trax", "hf", "lucidrains"]
RULES = ("trax", "hf", "lucidrains")


def bucket_factors(
    n: int,
    keys: int,
    rule: ReformerRule = "hf",
    *,
    max_positions: int = 4096,
) -> tuple[int, ...]:
    """The numbers of buckets that a code hashes n positions into, for chunks of `keys`.

    "trax": 2 max(1, n / keys), in two factors above 128. "hf": the greatest power of two that is at
    most 2 floor(n / keys), in two factors above 2 max(floor(sqrt(max_positions / keys)), keys).
    "lucidrains": n / keys, half as many. `max_positions` is the model's, of "hf" only.

    The factors are those of `sr.selection.angular_buckets`. Raises ValueError if n is not a length
    of the rule, or at most `keys` with "hf", which then does not hash.

    >>> import sparse_ref as sr
    >>> [sr.published.bucket_factors(8192, 64, rule) for rule in ("trax", "hf", "lucidrains")]
    [(16, 16), (16, 16), (128,)]
    """
    n, keys = _check_length("bucket_factors", n, keys, rule)
    if rule == "lucidrains":
        return (n // keys,)
    if rule == "trax":
        count = 2 * max(1, n // keys)
        if count <= 128:
            return (count,)
        first = 2 ** ceil(log2(sqrt(count)))
        return first, 2 * (count // (2 * first))
    if n <= keys:
        raise ValueError(f"bucket_factors: n must be above keys = {keys} (transformers), got {n}")
    power = (2 * (n // keys)).bit_length() - 1
    model_chunks = integer("bucket_factors: max_positions", max_positions, 1) // keys
    if 2**power <= 2 * max(isqrt(model_chunks), keys):
        return (2**power,)
    return 2 ** (power // 2), 2 ** (power - power // 2)


@dataclass(frozen=True)
class ReformerAttention:
    """out_i = softmax_j(x_i . k_j / sqrt(d)) v_j over the multiset of the rounds, i != j

    k_j is x_j / sqrt(mean(x_j^2) + 1e-6) for "trax" and "hf", x_j / |x_j| for "lucidrains". The
    multiset is `sr.selection.lsh_sets`: a position attends to itself only if it sees nothing else.

    Parameters
    ----------
    keys : the length of a chunk.
    rule : "trax", "hf" or "lucidrains".
    before, after : how many chunks are seen to each side; 1 and 0 for "lucidrains".
    causal : keys j <= i only.
    same_bucket : keys of the query's bucket only, as in the paper; the codes do not, by default.
    duplicates : True as in the codes: a key counts once for each round that meets it. False as in
        the paper, appendix A, whose term -log N_ij makes it count once: the rounds become one set.

    n is a multiple of `keys`, of 2 `keys` for "lucidrains"; for "hf" also any n <= keys, which is
    one chunk without rounds. Chunk 0 of the first round looks back into the last one of all.
    Causality is that of keys: which positions share a chunk depends on all buckets, later ones
    too.

    Differs: a position's own logit is -1e5 in the codes ("hf" sets it, "trax" subtracts it), -5e4
    in "lucidrains", masked ones are -1e9 or the least float; here they are no members. In float32
    the codes' rows of one key then sum to 0.997 to 1.002. "lucidrains" with duplicates=False adds
    20.7 to the logits of keys that chunk 0 of a round meets in the round before, whose count it
    takes for 0.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.random.default_rng(0).standard_normal((8, 16))
    >>> rotations = sr.selection.random_rotations(1, rounds=2, width=16, buckets=4, seed=0)[0]
    >>> buckets = sr.selection.angular_buckets(x, rotations)
    >>> layer = sr.published.ReformerAttention(keys=2, causal=True)
    >>> layer(x, x, buckets).shape
    (8, 16)
    >>> print(sr.picture(layer.sets(buckets), 8))     # two rounds
    █·······  ········
    ·█······  ········
    ██······  ·█······
    ·█······  ·██·····
    █·█·····  █··█····
    █·█·█···  █···█···
    ····██··  █···██··
    ····███·  ·███····
    """

    keys: int
    rule: ReformerRule = "hf"
    before: int = 1
    after: int = 0
    causal: bool = False
    same_bucket: bool = False
    duplicates: bool = True

    def __post_init__(self):
        _check_rule("ReformerAttention", self.rule)
        flag("ReformerAttention: duplicates", self.duplicates)
        if self.rule == "lucidrains" and (self.before, self.after) != (1, 0):
            raise ValueError(
                "ReformerAttention: before, after must be 1, 0 (lucidrains, look one back), "
                f"got {self.before}, {self.after}"
            )

    def sets(self, buckets: ArrayLike) -> Branches | Pattern:
        """The keys of one head from its buckets (rounds, n): a set if `duplicates` is False."""
        table = np.asarray(buckets)
        n, keys = _check_length("ReformerAttention", table.shape[-1], self.keys, self.rule)
        before, after = self.before, self.after
        if self.rule == "hf" and n <= keys:
            table, keys = np.zeros_like(table[:1]), max(n, 1)
            before = after = 0
        same_bucket = self.same_bucket
        rounds = lsh_sets(table, keys, before, after, causal=self.causal, same_bucket=same_bucket)
        return rounds if self.duplicates else reduce(or_, rounds)

    def __call__(self, x: ArrayLike, v: ArrayLike, buckets: ArrayLike) -> np.ndarray:
        """(..., n, e) from x (..., n, d), v (..., n, e) and the buckets (..., rounds, n).

        The leading axes, heads for instance, agree. One head is worked on at a time, in
        O(rounds n keys) memory. Raises as `sets` and `sr.attend` do.
        """
        heads = _per_head(x, v, buckets)
        outs = [self._head(*head) for head in heads]
        return np.reshape(outs, np.shape(v))

    def backward(
        self,
        grad_out: ArrayLike,
        x: ArrayLike,
        v: ArrayLike,
        buckets: ArrayLike,
    ) -> tuple[np.ndarray, np.ndarray]:
        """(dx, dv): the gradients of sum(grad_out * layer(x, v, buckets)), the buckets constant."""
        heads = _per_head(x, v, buckets)
        grads = _flat_heads(as_array("grad_out", grad_out))
        pairs = [self._head_backward(grad, *head) for grad, head in zip(grads, heads)]
        dx = np.reshape([pair[0] for pair in pairs], np.shape(x))
        dv = np.reshape([pair[1] for pair in pairs], np.shape(v))
        return dx, dv

    def _head(self, q, v, table):
        """The output of one head."""
        return attend(q, self._direction(q), v, self.sets(table))

    def _head_backward(self, grad, q, v, table):
        """(dx, dv) of one head: x is a query, and by its direction a key."""
        k, sets = self._direction(q), self.sets(table)
        out, lse = attend_with_lse(q, k, v, sets)
        dq, dk, dv = attend_backward(grad, q, k, v, out, lse, sets)
        norm_backward = unit_backward if self.rule == "lucidrains" else rms_backward
        return dq + norm_backward(dk, q), dv

    def _direction(self, x):
        """k: x without its length."""
        return unit(x) if self.rule == "lucidrains" else rms(x)


def _per_head(x: ArrayLike, v: ArrayLike, buckets: ArrayLike):
    """(x, v, buckets) of each head, the leading axes as one."""
    arrays = as_array("x", x), as_array("v", v), np.asarray(buckets)
    shapes = [array.shape for array in arrays]
    leading = {shape[:-2] for shape in shapes}
    lengths = {shape[-2:-1] for shape in shapes[:2]}
    lengths.add(shapes[2][-1:])
    if len(leading) > 1 or len(lengths) > 1:
        raise ValueError(
            "ReformerAttention: x (..., n, d), v (..., n, e) and buckets (..., rounds, n) must "
            f"agree in n and the leading axes, got {', '.join(map(str, shapes))}"
        )
    return list(zip(*map(_flat_heads, arrays), strict=True))


def _flat_heads(array: np.ndarray) -> np.ndarray:
    """The leading axes as one."""
    *leading, n, width = array.shape
    return array.reshape(prod(leading), n, width)


def _check_rule(name: str, rule: str) -> None:
    if rule not in RULES:
        names = ", ".join(map(repr, RULES))
        raise ValueError(f"{name}: rule must be one of {names}, got {rule!r}")


def _check_length(
    name: str,
    n: int,
    keys: int,
    rule: str,
) -> tuple[int, int]:
    """(n, keys), if n is a length that the rule's code takes."""
    _check_rule(name, rule)
    n, keys = integer(f"{name}: n", n, 0), integer(f"{name}: keys", keys, 1)
    unit = 2 * keys if rule == "lucidrains" else keys
    is_one_chunk = rule == "hf" and n <= keys
    if n % unit and not is_one_chunk:
        noun = "2 keys" if rule == "lucidrains" else "keys"
        short = ", or at most keys" if rule == "hf" else ""
        raise ValueError(
            f"{name}: n must be a multiple of {noun} = {unit}{short} ({rule}), got {n}"
        )
    return n, keys
