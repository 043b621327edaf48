"""The command: measure, print, write JSON and a page. `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import matplotlib

from . import (
    arrays,
    backward,
    clusters,
    error,
    flex,
    index,
    layers,
    long,
    lowering,
    share,
    start,
    torch_peers,
)
from .machine import busy, machine
from .page import written
from .rows import text
from .timing import Size

GROUPS = {
    "share": share,
    "torch": torch_peers,
    "flex": flex,
    "layers": layers,
    "clusters": clusters,
    "index": index,
    "arrays": arrays,
    "backward": backward,
    "lowering": lowering,
    "long": long,
    "error": error,
    "start": start,
}
DOCS = Path(__file__).parent.parent / "docs"


def main():
    """Measure the groups that are asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Attention over sets beside what others would use. "
        "In full, it writes docs/benchmarks.md as well.",
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is called; 5")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a sixteenth of every length, 2 rounds, no targets: does it run?",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=GROUPS,
        default=list(GROUPS),
        metavar="GROUP",
        help=", ".join(GROUPS),
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("out"),
        help="the folder for bench.json and the page; out",
    )
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error(f"--rounds must be at least 1, got {arguments.rounds}")
    matplotlib.use("Agg")
    size = Size(2, scale=16, pause=0) if arguments.quick else Size(arguments.rounds)
    about, rows = machine(), []
    for name in arguments.only:
        rows += GROUPS[name].rows(size)
    if arguments.quick:
        rows = [replace(row, target=None) for row in rows]
    print(text(rows), busy(about), sep="\n\n")
    arguments.output.mkdir(parents=True, exist_ok=True)
    record = {
        "machine": about,
        "rounds": size.rounds,
        "quick": arguments.quick,
        "rows": [row.record() for row in rows],
    }
    (arguments.output / "bench.json").write_text(json.dumps(record, indent=1))
    in_full = not arguments.quick and set(arguments.only) == set(GROUPS)
    for folder in [arguments.output, DOCS] if in_full else [arguments.output]:
        written(
            folder,
            rows,
            {module.GROUP: module.rows for module in GROUPS.values()},
            about,
            size.rounds,
        )
        print(f"wrote {folder / 'benchmarks.md'}")


if __name__ == "__main__":
    main()
