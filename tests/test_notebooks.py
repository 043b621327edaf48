"""Notebooks: each runs from top to bottom within a minute, and is kept with the outputs of a
run.
"""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.filterwarnings(
    "ignore"
)  # what warns here is the kernel's machinery; cells warn inside their own process
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_is_kept_with_its_outputs(path, request):
    kept = nbformat.read(path, as_version=4)
    run = nbformat.read(path, as_version=4)
    here = {"metadata": {"path": str(path.parent)}}
    NotebookClient(
        run,
        timeout=60,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources=here,
    ).execute()
    for cell in run.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if not is_notice(o)]
    if request.config.getoption("--rewrite-notebooks"):
        nbformat.write(run, path)
        return
    for old, new in zip(kept.cells, run.cells):
        if new.cell_type == "code":
            assert kinds(old) == kinds(new), f"run `make notebooks` to keep outputs: {text_of(new)}"
            assert text_of(old) == text_of(new), "run `make notebooks` to keep outputs"


def is_notice(output):
    """Whether an output is the line on stderr that kernels are compiled, which is said once."""
    stderr = output.output_type == "stream" and output.name == "stderr"
    return stderr and output.text.startswith("sparse_ref: compiling the kernels")


def kinds(cell):
    """What sort of outputs a cell has."""
    return [o.output_type for o in cell.outputs]


def text_of(cell):
    """What a cell printed or showed, without figures and without the errors of floating-point
    numbers.
    """
    said = [
        o.text if o.output_type == "stream" else o.data.get("text/html", "") for o in cell.outputs
    ]
    return [line for text in said for line in text.split("\n") if "numbers:" not in line]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_asserts_what_it_claims(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert sum("assert" in cell.source for cell in cells) >= 8
    assert not any(o.output_type == "error" for cell in cells for o in cell.outputs)
