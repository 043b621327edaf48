"""The page of the findings, written from what a check says of each example: python docs/findings.py

A test holds the page equal to what this file writes, so that it is never edited by hand.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent

INTRODUCTION = """\
Each finding of [`check`](judging.md) and `sparse-ref verify`, with a wrong function that has it,
the first line of its report, and what to do. `docs/findings.py` runs the examples and writes this
page. The names begin the lines of a report, and are in its JSON and JUnit XML. The examples are
variations of this function, which is right:
"""

PRELUDE = """\
import numpy as np
import sparse_ref as sr

check = sr.verify.check


def logits(q, k, masked=-np.inf):
    x = q @ k.mT * q.shape[-1] ** -0.5
    return np.where(np.tri(*x.shape[-2:], dtype=bool), x, masked)


def softmax(x):
    p = np.exp(x - x.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def causal(q, k, v):
    return softmax(logits(q, k)) @ v


assert check(causal, sr.Causal()).passed
"""


class Outcome(NamedTuple):
    """What an example's check says."""

    kinds: list[str]
    first_line: str


class Example(NamedTuple):
    """A wrong function with its check, and what to do about the finding."""

    kind: str
    meaning: str
    code: str
    advice: str

    def outcome(self) -> Outcome:
        """The kinds that the code finds, and the first line of its report."""
        names: dict[str, Any] = {}
        exec(PRELUDE, names)
        exec(self.code, names)
        if "findings" in names:
            findings = names["findings"]
            return Outcome([finding.kind for finding in findings], str(findings[0]))
        report = names["report"]
        kinds = [finding.kind for finding in report.findings]
        if report.status == "UNTESTED":
            kinds.append("UNTESTED")
        return Outcome(kinds, steady(report.verdict))

    def section(self) -> list[str]:
        """The lines of the page on it."""
        return [
            f"### {self.kind}",
            "",
            self.meaning,
            "",
            "```py",
            *self.code.strip().split("\n"),
            "```",
            "",
            "```text",
            self.outcome().first_line,
            "```",
            "",
            self.advice,
            "",
        ]


def steady(text: str) -> str:
    """A verdict without measured errors, which are not the same on every machine."""
    return re.sub(r": error up to \S+, allowed [^\s;]+", "", text)


GROUPS = {
    "Not tested": (
        Example(
            "UNTESTED",
            "A status, not a finding: nothing wrong was found, but at these lengths the pattern "
            "is the same set as another one. `report.passed` is False, and the exit code is 3.",
            """
def attention(q, k, v):
    x = logits(q, k)
    i, j = np.ogrid[: x.shape[1], : x.shape[2]]
    return softmax(np.where(i - j <= 256, x, -np.inf)) @ v  # 257 keys


report = check(attention, sr.Lookback(256), 64)
""",
            "Take the n that the report names, or leave n out: it is chosen from the pattern.",
        ),
    ),
    "The call": (
        Example(
            "error",
            "The function raises.",
            """
def attention(q, k, v):
    if q.shape[1] % 128:
        raise ValueError(f"n must be a multiple of 128, got {q.shape[1]}")
    return causal(q, k, v)


report = check(attention, sr.Causal(), 64, layout="hnd")
""",
            "Call the function by hand with the arrays that the report names. If it takes "
            "another order of axes or another framework, give `layout=` and `framework=`; if "
            "it takes certain lengths only, give `n=`. An error at a ragged length is a note, "
            "not a failure.",
        ),
        Example(
            "timeout",
            "A call takes longer than `seconds=`.",
            """
import time


def attention(q, k, v):
    time.sleep(3 if v.shape[-1] > 8 else 0)  # a deadlock
    return causal(q, k, v)


report = check(attention, sr.Causal(), 16, layout="hnd", framework="numpy", seconds=0.5)
""",
            "Compile or warm up before the check, or give more seconds.",
        ),
        Example(
            "layout",
            "The layout that was given makes no sense of the output, and another does.",
            """
report = check(causal, sr.Causal(), heads=4, layout="nhd")  # it is (heads, n, d)
""",
            "Take the layout that the report names, or leave `layout=` out.",
        ),
        Example(
            "shared",
            "Queries and keys differ, and the function takes one array for both.",
            """
def attention(qk, v):
    return causal(qk, qk, v)


q, k = np.random.default_rng(0).standard_normal((2, 1, 64, 16))
report = check(attention, sr.Causal(), q=q, k=k, shared_qk=True)
""",
            "Pass one array as `q=` and `k=`, or neither.",
        ),
        Example(
            "shape",
            "The output has another shape than queries and values call for.",
            """
def attention(q, k, v):
    return causal(q, k, v)[:, :-1]


report = check(attention, sr.Causal(), layout="hnd")
""",
            "Return one row for each query, as wide as v.",
        ),
        Example(
            "dtype",
            "The output is not of float64, float32, float16 or bfloat16.",
            """
def attention(q, k, v):
    return causal(q, k, v).astype(int)


report = check(attention, sr.Causal(), layout="hnd")
""",
            "Return floating-point numbers.",
        ),
        Example(
            "random",
            "Two calls with the same input differ.",
            """
rng = np.random.default_rng(0)


def attention(q, k, v):
    p = softmax(logits(q, k))
    return p * (rng.random(p.shape) < 0.9) / 0.9 @ v


report = check(attention, sr.Causal())
""",
            "Switch dropout off: `model.eval()`, `dropout_p=0`. If sums are in another order "
            "from call to call, only the last bits differ, which is no finding.",
        ),
        Example(
            "state",
            "A call changes the result of a later one.",
            """
old = {}


def attention(q, k, v):
    out, old["v"] = causal(q, k, (v + old.get("v", v)) / 2), v
    return out


report = check(attention, sr.Causal(), layout="hnd")
""",
            "Empty buffers and caches between calls. To judge a KV cache, use "
            "[`check_cache`](caches.md).",
        ),
        Example(
            "batch",
            "Changing one sequence changes the output of another.",
            """
def attention(q, k, v):
    return causal(q, k, v[::-1])  # the values of another sequence


report = check(attention, sr.Causal(), heads=2, layout="bhnd")
""",
            "Look for strides, offsets and page tables that leave the batch out.",
        ),
    ),
    "The sets": (
        Example(
            "extra",
            "Keys outside the set are attended to.",
            """
def attention(q, k, v):
    x = logits(q, k)
    i, j = np.ogrid[: x.shape[1], : x.shape[2]]
    return softmax(np.where(i - j <= 8, x, -np.inf)) @ v


report = check(attention, sr.Lookback(8))
""",
            "The report counts the keys, names the first of them, and the pattern that the "
            "function has, if there is one.",
        ),
        Example(
            "missing",
            "Keys of the set are not attended to.",
            """
def attention(q, k, v):
    x = logits(q, k)
    i, j = np.ogrid[: x.shape[1], : x.shape[2]]
    return softmax(np.where(i - j < 8, x, -np.inf)) @ v


report = check(attention, sr.Lookback(9))
""",
            "As for `extra`. Keys that a last tile drops are missing at ragged lengths only.",
        ),
        Example(
            "alignment",
            "The function would pass with the other position of its queries (n_q != n_k).",
            """
def attention(q, k, v):
    return causal(q, k, v)  # query i is position i


report = check(attention, sr.Causal(), (8, 64), align="bottom-right")
""",
            "With a KV cache, query i is position i + n_k - n_q: add the offset to i in the mask.",
        ),
        Example(
            "empty row",
            "A row whose set is empty is not 0.",
            """
def attention(q, k, v):
    x = q @ k.mT * q.shape[-1] ** -0.5
    past = np.tri(*x.shape[-2:], k=-1, dtype=bool)
    return softmax(np.where(past, x, np.finfo(x.dtype).min)) @ v


report = check(attention, sr.Causal() & ~sr.Window(0))
""",
            "Write 0 if the sum of weights is 0, or if the maximum is -inf.",
        ),
        Example(
            "multiplicity",
            "A key counts more than once.",
            """
def attention(q, k, v):
    k, v = (np.append(x, x[:, -1:], axis=1) for x in (k, v))  # padding by the last key
    return softmax(q @ k.mT * q.shape[-1] ** -0.5) @ v


report = check(attention, sr.Full(), layout="hnd")
""",
            "Tiles or windows that overlap read a key twice: mask it in one of them.",
        ),
        Example(
            "future",
            "Later positions change earlier rows, in a function that need not be linear in v.",
            """
def attention(q, k, v):
    x = q @ k.mT * q.shape[-1] ** -0.5
    return np.tanh(softmax(x) @ v)  # no mask


findings = sr.verify.leaked_future(attention, 64)
""",
            "Mask later keys. `t` is the first position whose change reached an earlier row.",
        ),
        Example(
            "kv map",
            "Query heads read the wrong key head (GQA).",
            """
def attention(q, k, v):
    group = len(q) // len(k)
    return causal(q, np.tile(k, (group, 1, 1)), np.tile(v, (group, 1, 1)))


report = check(attention, sr.Causal(), heads=4, kv_heads=2)
""",
            "Query head h reads key head h // (H / G): `repeat`, `repeat_interleave`, not `tile`.",
        ),
    ),
    "The weights": (
        Example(
            "bias",
            "Weights differ though all logits are equal.",
            """
def attention(q, k, v):
    x = logits(q, k)
    i, j = np.ogrid[: x.shape[1], : x.shape[2]]
    return softmax(x - 0.5 * (i - j)) @ v


report = check(attention, sr.Causal())
""",
            "If it is meant, declare it: `alibi=[0.5]`, or `bias=`, an array or a function.",
        ),
        Example(
            "row sum",
            "The weights of a row do not sum to 1.",
            """
def attention(q, k, v):
    x = logits(q, k)
    return np.exp(x - x.max(axis=-1, keepdims=True)) @ v  # no denominator


report = check(attention, sr.Causal())
""",
            "Divide by the sum of the weights, all of them and no others.",
        ),
        Example(
            "ghost",
            "Something that has no value takes part in the softmax.",
            """
def attention(q, k, v):
    p = np.exp(logits(q, k))
    return p / (1 + p.sum(axis=-1, keepdims=True)) @ v


report = check(attention, sr.Causal())
""",
            "Mask padding before the softmax. If a sink is meant, declare it: `sinks=0`.",
        ),
        Example(
            "leak",
            "Masked logits are finite, so that low logits unmask them.",
            """
def attention(q, k, v):
    return softmax(logits(q, k, masked=-1e4)) @ v


report = check(attention, sr.Causal())
""",
            "Use -inf, and handle empty rows separately. If it is meant, declare it: `fill=-1e4`.",
        ),
        Example(
            "overflow",
            "Large logits make NaN or inf.",
            """
def attention(q, k, v):
    p = np.exp(logits(q, k))  # no maximum subtracted
    return p / p.sum(axis=-1, keepdims=True) @ v


report = check(attention, sr.Causal())
""",
            "Subtract the largest logit of the row before exp.",
        ),
        Example(
            "poison",
            "A masked key changes the output if its values are huge.",
            """
def attention(q, k, v):
    step = np.abs(v).max() / 127  # one for all keys, masked or not
    return softmax(logits(q, k)) @ (np.rint(v / step) * step)


report = check(attention, sr.Causal(), precision="int8")
""",
            "Look for maxima and sums over all keys, such as the step of a quantised tensor: "
            "take them per key or per tile.",
        ),
    ),
    "The numbers": (
        Example(
            "nan",
            "Rows of the output have NaN or inf.",
            """
def attention(q, k, v):
    x = q @ k.mT * q.shape[-1] ** -0.5
    past = np.tri(*x.shape[-2:], dtype=bool)
    with np.errstate(invalid="ignore"):
        return softmax(x + ~past * -np.inf) @ v  # 0 * inf


report = check(attention, sr.Causal())
""",
            "Select with `where`. Do not multiply by inf, and do not divide by an empty sum.",
        ),
        Example(
            "numerics",
            "Errors beyond twice those of plain NumPy in the same precision.",
            """
def attention(q, k, v):
    x = logits(q, k)
    x = np.maximum(x - x.max(axis=-1, keepdims=True), -256)
    p = (1 + x / 256) ** 256  # for exp
    return p / p.sum(axis=-1, keepdims=True) @ v


report = check(attention, sr.Causal())
""",
            "The report adds the cause, if one fits. If the function computes in less than its "
            "dtype on purpose, say so: `precision=`.",
        ),
        Example(
            "precision",
            "Numbers are as exact as those of a narrower dtype.",
            """
def attention(q, k, v):
    p = softmax(logits(q, k)).astype(np.float16).astype(np.float32)
    return p @ v


report = check(attention, sr.Causal())
""",
            'If it is meant, declare it: `precision="float16"`.',
        ),
        Example(
            "factor",
            "The output is right except for one factor.",
            """
import ml_dtypes


def attention(q, k, v):
    return (0.95 * causal(q, k, v)).astype(ml_dtypes.bfloat16)


report = check(attention, sr.Causal())
""",
            "Look for a scale of v, or a correction of dropout that is left on.",
        ),
        Example(
            "scale",
            "The logits have another scale.",
            """
def attention(q, k, v):
    return causal(q * q.shape[-1] ** 0.5, k, v)  # no 1 / sqrt(d)


report = check(attention, sr.Causal())
""",
            "Scale by 1 / sqrt(d). If another scale is meant, declare it: `scale=1`.",
        ),
        Example(
            "curve",
            "Weights are another function of the logits than exp.",
            """
def attention(q, k, v):
    x = 5 * np.tanh(q @ k.mT * q.shape[-1] ** -0.5 / 5)
    past = np.tri(*x.shape[-2:], dtype=bool)
    return softmax(np.where(past, x, -np.inf)) @ v


report = check(attention, sr.Causal())
""",
            "If a soft cap is meant, declare it: `softcap=5`.",
        ),
        Example(
            "clip",
            "Values, outputs, logits or small weights are cut off beyond a bound.",
            """
def attention(q, k, v):
    return causal(q, k, np.clip(v, -8, 8))


report = check(attention, sr.Causal())
""",
            "Remove the bound, or make it larger than your data.",
        ),
        Example(
            "not linear",
            "The output is not a weighted sum of the rows of v.",
            """
def attention(q, k, v):
    return causal(q, k, v) + q  # a residual


report = check(attention, sr.Causal())
""",
            "Judge the attention without residuals, norms and output projections. For whole "
            "layers, `sr.verify.leaked_future` says if the future leaks.",
        ),
        Example(
            "lse",
            "The log-sum-exp that the function returns is wrong.",
            """
def attention(q, k, v):
    x = logits(q, k)
    return softmax(x) @ v, np.log2(np.exp(x).sum(axis=-1))


report = check(attention, sr.Causal())
""",
            'Return the natural logarithm, or declare `lse="base2"`.',
        ),
        Example(
            "gradient",
            "Gradients are wrong, or reach the wrong keys.",
            """
def vjp(q, k, v, grad):
    out, lse = sr.attend_with_lse(q, k, v, sr.Causal())
    dq, dk, dv = sr.attend_backward(grad, q, k, v, out, lse, sr.Causal())
    return dq, dk, dv / 2


report = check(causal, sr.Causal(), gradients=vjp)
""",
            "The report names the array, and a factor if one fits.",
        ),
    ),
}
EXAMPLES = tuple(example for examples in GROUPS.values() for example in examples)


def page() -> str:
    """The text of the page."""
    lines = ["# Findings", "", *INTRODUCTION.split("\n"), "```py", *PRELUDE.split("\n")]
    lines[-1:] = ["```", ""]
    for title, examples in GROUPS.items():
        lines += [f"## {title}", ""]
        for example in examples:
            lines += example.section()
    return "\n".join(lines)


if __name__ == "__main__":
    (HERE / "findings.md").write_text(page())
    print(HERE / "findings.md")
