"""How fast attention over sets is on this machine: `make bench`.

Each round measures every case once, beside the machine's own sgemm; ratios are taken within a round and medians over the
rounds, since machines are noisy. Prints a table and writes out/bench.json. Useful FLOP count 4 d for each connected pair.
Where torch is importable, its dense causal attention is measured beside.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np
from tqdm import trange

import sparse_ref as sr

HEADS, D = 8, 64
CASES = [(sr.Causal(), 4096), (sr.Lookback(512), 16384), (sr.Strided(128), 16384), (sr.Summary(128, 8), 16384),
         (sr.Block(128), 16384), (sr.Merged(sr.strided(128)).at(0, 0), 4096)]


def seconds(job) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def jobs():
    """(name, floating-point operations, seconds of lowering, call) for each case, warmed up."""
    rng = np.random.default_rng(0)
    square = rng.standard_normal((2048, 2048), dtype=np.float32)
    yield "sgemm 2048", 2 * 2048**3, 0.0, lambda: square @ square
    for p, n in CASES:
        q, k, v = rng.standard_normal((3, HEADS, n, D), dtype=np.float32)
        sr.plan(p, n)
        start = time.perf_counter()
        lowered = sr.plan(p, n)
        lowering = time.perf_counter() - start
        yield f"{p!r}, n = {n:,}", 4 * D * HEADS * lowered.nnz, lowering, partial(sr.attend, q, k, v, lowered)
        if p == sr.Causal() and find_spec("torch"):
            import torch
            tensors = [torch.from_numpy(x)[None] for x in (q, k, v)]
            sdpa = partial(torch.nn.functional.scaled_dot_product_attention, *tensors, is_causal=True)
            yield f"torch SDPA, causal, n = {n:,}", 4 * D * HEADS * lowered.nnz, 0.0, sdpa


def main():
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("out/bench.json"))
    arguments = parser.parse_args()
    cases = list(jobs())
    for *_, call in cases:
        call()
    rounds = [[seconds(call) for *_, call in cases]
              for _ in trange(arguments.rounds, desc="rounds")]
    gemm = [cases[0][1] / taken[0] for taken in rounds]
    found = [{"case": name, "ms": 1e3 * median(taken[c] for taken in rounds),
              "gflops": median(work / taken[c] for taken in rounds) / 1e9,
              "of_sgemm": median(work / taken[c] / top for taken, top in zip(rounds, gemm)), "lowering_ms": 1e3 * lowering}
             for c, (name, work, lowering, _) in enumerate(cases)]
    print(f"{'float32, 8 heads, d = 64':44} {'ms':>9} {'GFLOP/s':>9} {'of sgemm':>9} {'lowering ms':>12}")
    for row in found:
        print(f"{row['case']:44} {row['ms']:9.1f} {row['gflops']:9.1f} {row['of_sgemm']:9.2f} {row['lowering_ms']:12.1f}")
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
