"""What a newcomer types runs, and so does the code of the README and of each page."""

import gc
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from page_programs import module_of

HERE = Path(__file__).parent
pages = module_of(HERE / "__main__.py")

CODE = {page.name: pages.code_of(page.read_text(encoding="utf-8")) for page in pages.PAGES}


def test_what_a_newcomer_types_runs(capsys):
    runpy.run_path(str(HERE / "newcomer.py"))
    assert "Strided(4) | Local(4)" in capsys.readouterr().out


@pytest.fixture
def _figures():
    """A page may leave as many figures as it shows, and animations that nobody plays."""
    with plt.rc_context({"figure.max_open_warning": 0}):
        yield
    plt.close("all")
    gc.collect()


@pytest.mark.filterwarnings("ignore:Animation was deleted")
@pytest.mark.usefixtures("_figures")
@pytest.mark.parametrize("page", [name for name, code in CODE.items() if code.strip()])
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    if "torch" in CODE[page]:
        pytest.importorskip("torch", reason="torch is missing: make test-originals")
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"{page}.py"
    path.write_text(CODE[page], encoding="utf-8")
    runpy.run_path(str(path))


def test_prompts_and_output_are_left_out():
    text = "a\n```python\n>>> def f():\n...     return 1\n>>> f()\n1\n```\n\n```\nb\n```\n"
    assert pages.code_of(text) == "def f():\n    return 1\nf()"
    assert pages.annotate("def f(x): return x") == (
        "from typing import Any, cast\ndef f(x: Any) -> Any:\n    return x"
    )
