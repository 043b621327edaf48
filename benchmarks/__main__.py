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
from .machine import load_warning, machine
from .page import write_page
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
QUICK = Size(2, scale=16, pause=0)
DOCS = Path(__file__).parent.parent / "docs"


def main():
    """Measure the groups that are asked for, print the table, write JSON and a page."""
    arguments = parse_arguments()
    matplotlib.use("Agg")
    size = QUICK if arguments.quick else Size(arguments.rounds)
    about = machine()
    rows = [row for name in arguments.only for row in GROUPS[name].rows(size)]
    if arguments.quick:
        rows = [replace(row, target=None) for row in rows]
    print(text(rows), load_warning(about), sep="\n\n")
    arguments.output.mkdir(parents=True, exist_ok=True)
    record = {
        "machine": about,
        "rounds": size.rounds,
        "quick": arguments.quick,
        "rows": [row.record() for row in rows],
    }
    (arguments.output / "bench.json").write_text(json.dumps(record, indent=1))
    in_full = not arguments.quick and set(arguments.only) == set(GROUPS)
    docstrings = {module.GROUP: module.rows for module in GROUPS.values()}
    for folder in [arguments.output, DOCS] if in_full else [arguments.output]:
        write_page(folder, rows, docstrings, about, size.rounds)
        print(f"wrote {folder / 'benchmarks.md'}")


def parse_arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Attention over sets compared with what others would use. "
        "In full, it writes docs/benchmarks.md as well.",
    )
    add = parser.add_argument
    add("--rounds", type=int, default=5, help="how often everything is called (default 5)")
    quick = "a sixteenth of every length, 2 rounds, no targets: only tests that it runs"
    add("--quick", action="store_true", help=quick)
    only = f"the groups to measure (default all): {', '.join(GROUPS)}"
    add("--only", nargs="+", choices=GROUPS, default=list(GROUPS), metavar="GROUP", help=only)
    output = "the folder for bench.json and the page (default out)"
    add("--output", type=Path, default=Path("out"), help=output)
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error(f"--rounds must be at least 1, got {arguments.rounds}")
    return arguments


if __name__ == "__main__":
    main()
