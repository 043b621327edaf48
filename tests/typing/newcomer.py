"""What a newcomer types in an editor; basedpyright checks it in strict mode, pytest runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_type

import numpy as np

import sparse_ref as sr
from sparse_ref.define import Rule, Run, every

rng = np.random.default_rng(0)
q = rng.standard_normal((2, 16, 8))
k = rng.standard_normal((2, 16, 8))
v = rng.standard_normal((2, 16, 8))

p = sr.Strided(4) | sr.Local(4)
assert_type(p & sr.Causal(), sr.Pattern)
assert_type(p - sr.Window(1), sr.Pattern)
assert_type(~p, sr.Pattern)

row = p.row(3, 16)
keys: list[int] = row.tolist()
inside: bool = (3, 0) in p
mask = p.mask(16)
share = float(mask.mean())
text: str = p.picture(16)
print(text, p, keys, inside, share)

out = sr.attend(q, k, v, p)
shape: tuple[int, ...] = out.shape
out, lse = sr.attend_with_lse(q, k, v, [p, sr.Causal()], scale=0.5, device="reference")
dq, dk, dv = sr.attend_backward(out, q, k, v, out, lse, p)
merged, total = sr.merge([(out, lse), (out, lse)])

visible = [sr.Causal(), sr.Window(2)]
chosen = sr.selection.top_k(q @ k.transpose(0, 2, 1), 3, visible, forced=[sr.Window(0)] * 2)
out = sr.attend(q, k, v, chosen)

plan = sr.plan(p, 16)
again = sr.attend(q, k, v, plan)
csr = sr.csr(p, (16, 16))
indices = csr.indices[: csr.indptr[1]]
pairs: int = sr.nnz(p, 16)
portion: float = sr.density(p, 16)
dense = sr.dense(p, 16)
counts = sr.multiplicity(sr.Branches((sr.Causal(), sr.Window(0))), 16)

steps = sr.strided(4)
first = steps.steps[0]
layer = sr.Interleaved(steps).at(layer=0, head=1)
reachable = sr.paths.reach(steps, 16)
every_pair: bool = bool(reachable[np.tri(16, dtype=bool)].all())
way = sr.paths.shortest(steps, 0, 15, 16)


def theirs(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    """An attention to judge: the library's own."""
    return sr.attend(q, k, v, sr.Lookback(3))


report = sr.verify.check(theirs, sr.Lookback(4), n=8, heads=2, layout="hnd")
passed: bool = report.passed
names: list[str] = [str(finding) for finding in report.findings]
probe = sr.verify.probe(theirs, 8)
shown = probe.mask
lines = str(report)


@dataclass(frozen=True)
class Even(Rule):
    """A_i = { j <= i : j mod l = 0 }"""

    l: int

    @staticmethod
    def formula(i: Any, j: Any, l: Any) -> Any:
        return (j <= i) & (j % l == 0)

    @staticmethod
    def solution(i: Any, n: Any, l: Any) -> Run:
        return every(l, 0, i + 1)


assert Even(2).row(5, 8).tolist() == [0, 2, 4]
assert sr.parse("Local(4) | Strided(4)") == sr.Local(4) | sr.Strided(4)
