"""What a user can hand over, by field, and everything that reads it: each checks its own answer."""

import copy
import dataclasses
import warnings
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np

import sparse_ref as sr
from sparse_ref import interop

CASES = [
    (sr.Random(130, 9, 0), (130, 130)),
    (sr.Local(5) | sr.Strided(7), (70, 70)),
    (sr.Causal(), (16, 16)),
    (~sr.Strided(3), (65, 130)),
    (sr.Full(), (3, 200)),
]
BLOCK = (8, 5)


@dataclass(eq=False)
class Subject:
    """A thing with fields; an error about it begins with one of `names`."""

    thing: object
    case: tuple
    names: tuple[str, ...]
    actions: tuple

    def fields(self):
        """Every field, found by introspection; those of a plan's rest too."""
        if isinstance(self.thing, SimpleNamespace):
            return sorted(vars(self.thing))
        if not dataclasses.is_dataclass(self.thing):
            return self.stored
        own = [field.name for field in dataclasses.fields(self.thing)]
        rest = getattr(self.thing, "rest", None)
        is_other = isinstance(rest, sr.Plan) and rest is not self.thing
        return own + [f"rest.{name}" for name in own if is_other]

    stored: tuple[str, ...] = ()

    def get(self, field):
        return getattr(*self._place(field))

    def put(self, field, value):
        """Whether the field took the value."""
        owner, name = self._place(field)
        try:
            object.__setattr__(owner, name, value)
        except (AttributeError, ValueError, TypeError):  # a property of SciPy's
            return False
        return True

    def _place(self, field):
        first, _, last = field.rpartition(".")
        return (self.thing.rest if first else self.thing), last


def vectors(n):
    """q, k, v of one head, from a seed."""
    rng = np.random.default_rng(0)
    shapes = (n[0], 4), (n[1], 4), (n[1], 3)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def stated(q, k, v, multiplicity):
    """(out, lse, weights) of one softmax in float64 in which a key counts so often."""
    q, k, v = (np.asarray(x, np.float64) for x in (q, k, v))
    logits = np.where(multiplicity > 0, q @ k.T / 2, -np.inf)
    top = logits.max(axis=1, initial=-np.inf, keepdims=True)
    weights = multiplicity * np.exp(logits - np.where(np.isinf(top), 0, top))
    total = weights.sum(axis=1, keepdims=True)
    safe = np.where(total == 0, 1, total)
    lse = np.where(total == 0, -np.inf, top + np.log(safe))
    return weights / safe @ v, lse[:, 0], weights / safe


def assert_near(found, expected):
    assert found.shape == expected.shape
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-5)


def attend_over(sets, multiplicity, n):
    """Forward, backward, in a list, by the reference: all as the statement has it."""
    q, k, v = vectors(n)
    out, lse = sr.attend_with_lse(q, k, v, sets)
    expected, expected_lse, p = stated(q, k, v, multiplicity())
    assert_near(out, expected)
    assert_near(lse, expected_lse)
    assert_near(sr.attend(q[None], k[None], v[None], [sets])[0], expected)
    dq, dk, dv = sr.attend_backward(out, q, k, v, out, lse, sets)
    g = expected
    dx = p * (g @ np.asarray(v, np.float64).T - (g * expected).sum(1, keepdims=True)) / 2
    assert_near(dv, p.T @ g)
    assert_near(dq, dx @ k)
    assert_near(dk, dx.T @ q)


def counts_of_csr(rows):
    """How often each pair is in the rows, key by key."""
    counts = np.zeros(rows.shape, int)
    for i in range(rows.shape[0]):
        for t in range(rows.indptr[i], rows.indptr[i + 1]):
            counts[i, rows.indices[t]] += 1
    return counts


def counts_of_plan(plan):
    """How often each pair is in the plan, bit by bit."""
    counts = np.zeros(plan.shape, int)
    while plan is not None:
        for t, tile in enumerate(plan.rows):
            for c in range(plan.ptr[t], plan.ptr[t + 1]):
                start = plan.start[c]
                keys = np.arange(start, start + 64) if start >= 0 else plan.keys[-1 - start]
                for b, j in enumerate(keys):
                    word = -1 if plan.word[c] < 0 else int(plan.words[plan.word[c], b])
                    rows = [i for r, i in enumerate(tile) if word >> r & 1 and i >= 0]
                    counts[rows, j] += 1
        plan = plan.rest
    return counts


def attend_over_csr(s):
    attend_over(s.thing, lambda: counts_of_csr(s.thing), s.case[1])


def attend_over_plan(s):
    attend_over(s.thing, lambda: counts_of_plan(s.thing), s.case[1])


def reference_over(s):
    sr.attend(*vectors(s.case[1]), s.thing, device="reference")


def show(s):
    assert isinstance(repr(s.thing), str)
    assert isinstance(s.thing._repr_html_(), str)


def read_csr(s):
    expected = counts_of_csr(s.thing.transpose()).T
    assert (s.thing.dense() == expected).all()


def read_plan(s):
    rows = s.thing.csr()
    rows.check()
    assert (counts_of_csr(rows) == counts_of_plan(s.thing)).all()
    assert len(rows.indices) == s.thing.nnz


def read_listed(s):
    p, n = s.thing, s.case[1]
    rows = sr.csr(p, n)
    rows.check()
    assert sr.plan(p, n).nnz == sr.nnz(p, n) == len(rows.indices)
    mask = rows.dense()
    assert (p.mask(n) == mask).all()
    assert (p.row(1, n[1]) == np.flatnonzero(mask[1])).all()
    assert p.contains(1, 0) == mask[1, 0]
    attend_over(p, lambda: mask.astype(int), n)


def combine_listed(s):
    p, n = s.thing, s.case[1]
    sr.csr((p | sr.Window(1)) - sr.Strided(2), n)
    sr.bsr(~p & sr.Causal(), n, BLOCK)
    sr.plan(p, n)


def unite_listed(s):
    sr.plan(sr.Causal() | s.thing, s.case[1])


def export_listed(s):
    p, n = s.thing, s.case[1]
    interop.block_mask(p, n, BLOCK)
    interop.packed_bits(p, n)
    interop.scipy_csr(p, n)


def count_listed(s):
    sr.nnz(s.thing, s.case[1])


def row_of_listed(s):
    s.thing.row(0, s.case[1][1])


def pairs_of_listed(s):
    s.thing.contains(np.arange(3), 0)


def attend_over_branches(s):
    counts = sum(sr.dense(p, s.case[1]).astype(int) for p in SUBJECTS["branches"](s.case).thing)
    x = s.thing.patterns
    is_own = isinstance(x, tuple) and len(x) == 2 and all(isinstance(p, sr.Pattern) for p in x)
    q, k, v = vectors(s.case[1])
    out = sr.attend(q, k, v, s.thing)
    if is_own:
        assert_near(out, stated(q, k, v, counts)[0])
    sr.attend(q[None], k[None], v[None], [s.thing])


def read_bsr(s):
    b = s.thing
    p = interop.from_bsr(b.indptr, b.indices, b.data, b.shape)
    p.check()


def read_block_mask(s):
    for p in interop.from_block_mask(s.thing):
        p.check()


def read_scipy(s):
    p = interop.from_scipy(s.thing)
    p.check()
    if len(p.indptr) < 1000:
        sr.csr(p, (len(p.indptr) - 1, 300)).check()


def attend_to_arguments(s):
    x = s.thing
    out, lse = sr.attend_with_lse(x.q, x.k, x.v, s.case[0])
    q, k, v = (np.asarray(y) for y in (x.q, x.k, x.v))
    usual = all(y.ndim == 2 and np.abs(np.float64(y)).max(initial=0) < 99 for y in (q, k, v))
    if usual and q.dtype.itemsize >= 4 and q.shape[1] == 4:
        expected, expected_lse, _ = stated(q, k, v, sr.dense(s.case[0], (len(q), len(k))))
        assert_near(out, expected)
        assert_near(lse, expected_lse)


def differentiate_arguments(s):
    x = s.thing
    for sets in (s.case[0], sr.csr(*s.case)):
        dq, dk, dv = sr.attend_backward(x.grad_out, x.q, x.k, x.v, x.out, x.lse, sets)
        assert dq.shape == np.shape(x.q)
        assert dk.shape == np.shape(x.k)
        assert dv.shape == np.shape(x.v)


def merge_arguments(s):
    out, lse = sr.merge([(s.thing.out, s.thing.lse)] * 2)
    assert out.shape == np.shape(s.thing.out)
    assert lse.shape == np.shape(s.thing.lse)


def read_rows(s):
    x = s.thing
    sr.Listed(x.indptr, x.indices).check()
    interop.from_csr(x.indptr, x.indices).check()
    interop.from_csr(x.indptr, x.indices, s.case[1]).check()


def read_masks(s):
    interop.from_allowed_mask(s.thing.mask)
    interop.from_forbidden_mask(s.thing.mask)


def read_bias(s):
    interop.from_additive_bias(s.thing.bias)


def read_bits(s):
    interop.from_packed_bits(s.thing.bits, s.case[1])


def read_packed_rows(s):
    interop.from_packed_rows(s.thing.rows, s.case[1][1])


def read_layout(s):
    interop.from_deepspeed_layout(s.thing.layout, 8)


FORMATS = "csr", "csc", "coo", "bsr", "dia", "lil", "dok"


def of_class(cls):
    """How an error about a field of a class begins."""
    return tuple(f"{cls.__name__}: {field.name}" for field in dataclasses.fields(cls))


def csr_subject(case):
    actions = attend_over_csr, reference_over, read_csr, show
    return Subject(sr.csr(*case), case, (*of_class(sr.CSR), "pattern", "n"), actions)


def plan_subject(case):
    p, n = case
    first, others = sr.plan(p & sr.Strided(2), n), sr.plan(p - sr.Strided(2), n)
    plan = replace(first, rest=others, nnz=first.nnz + others.nnz)
    actions = attend_over_plan, reference_over, read_plan, show
    return Subject(plan, case, (*of_class(sr.Plan), "pattern", "n"), actions)


def listed_subject(case):
    rows = sr.csr(*case)
    listed = sr.Listed(rows.indptr, rows.indices)
    actions = (
        read_listed, combine_listed, unite_listed, export_listed, count_listed, row_of_listed,
        pairs_of_listed,
    )  # fmt: skip
    names = "Listed: indptr", "Listed: indices", "pattern Listed", "Listed has rows"
    return Subject(listed, case, names, actions, ("indptr", "indices"))


def branches_subject(case):
    branches = sr.Branches((case[0], sr.Window(1)))
    return Subject(branches, case, ("Branches", "pattern"), (attend_over_branches,))


def bsr_subject(case):
    bsr = sr.bsr(*case, BLOCK)
    return Subject(bsr, case, ("indptr", "indices", "data", "n", "n_q"), (read_bsr,))


def block_mask_subject(case):
    mask = interop.block_mask(*case, BLOCK)
    names = *(field.name for field in dataclasses.fields(mask)), "batch", "fn", "block_mask"
    return Subject(mask, case, names, (read_block_mask,))


def scipy_subject(form):
    def subject(case):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # so many diagonals are inefficient
            a = interop.scipy_csr(*case).astype(np.float32).asformat(form)
        stored = tuple(name for name in vars(a) if name[0] != "_" and name != "maxprint")
        return Subject(copy.copy(a), case, ("a",), (read_scipy,), stored)

    return subject


def arguments_subject(case):
    q, k, v = vectors(case[1])
    out, lse = sr.attend_with_lse(q, k, v, case[0])
    x = SimpleNamespace(q=q, k=k, v=v, out=out, lse=lse, grad_out=out.copy())
    actions = attend_to_arguments, differentiate_arguments, merge_arguments
    return Subject(x, case, (*vars(x), "the heads of k", "parts", "pattern", "Random"), actions)


def masks_subject(case):
    rows = sr.csr(*case)
    layout = sr.dense(*case).astype(int)[None]
    x = SimpleNamespace(
        indptr=rows.indptr,
        indices=rows.indices,
        mask=interop.allowed_mask(*case),
        bias=interop.additive_bias(*case),
        bits=interop.packed_bits(*case),
        rows=interop.packed_rows(*case),
        layout=layout,
    )
    actions = read_rows, read_masks, read_bias, read_bits, read_packed_rows, read_layout
    return Subject(x, case, (*vars(x), "Listed: indptr", "Listed: indices"), actions)


SUBJECTS = {
    "csr": csr_subject,
    "plan": plan_subject,
    "listed": listed_subject,
    "branches": branches_subject,
    "bsr": bsr_subject,
    "block_mask": block_mask_subject,
    "arguments": arguments_subject,
    "masks": masks_subject,
    **{f"scipy {form}": scipy_subject(form) for form in FORMATS},
}
