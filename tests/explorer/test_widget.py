"""The widget's Python side: what it is given, what it shares, and what a notebook shows."""

import importlib.util
import subprocess
import sys

import pytest
from IPython.core.formatters import DisplayFormatter
from page_files import PageFile
from traitlets import TraitError

import sparse_ref as sr
from sparse_ref.explorer.bundle import style

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def page():
    return sr.explore("strided(8)", (32, 48))


def test_it_starts_at_the_first_tab(page):
    widget = page.widget
    assert widget is page.widget
    assert (widget.expression, widget.shape, widget.hovered) == ("Local(8)", (32, 48), None)
    assert widget.problem == ""
    assert widget.data == page.data
    assert widget._css == style()


def test_its_module_is_the_page_s_script_with_one_export(page):
    module = page.widget._esm
    assert module.rstrip().endswith(
        "render: ({ model, el }) => $widget.render(model, el, FORMULAS),\n};"
    )
    assert module.count("\nexport ") == 1
    assert "\nimport " not in module
    assert "Strided: { fill:" in module
    assert "$widget" not in PageFile(page.html).code


def test_python_observes_changes(page):
    changes = []
    page.widget.observe(lambda change: changes.append(change["new"]), "hovered")
    page.widget.set_state({"hovered": 7})
    page.widget.set_state({"hovered": None})
    assert changes == [7, None]
    page.widget.set_state({"expression": "Lookback(4)", "shape": [16, 16]})
    assert sr.parse(page.widget.expression) == sr.Lookback(4)
    assert page.widget.shape == (16, 16)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("hovered", -1, "hovered must be at least 0, got -1"),
        ("hovered", "7", "expected an int"),
        ("shape", (0, 4), "shape must be at least 1, got 0"),
        ("shape", (4, 4097), "shape must be at most 4096, got 4097"),
        ("shape", 4, "expected a tuple"),
        ("expression", 3, "expected a unicode string"),
    ],
)
def test_what_is_out_of_bounds_is_refused(page, name, value, message):
    before = getattr(page.widget, name)
    with pytest.raises(TraitError, match=message):
        setattr(page.widget, name, value)
    assert getattr(page.widget, name) == before


def test_a_notebook_shows_the_widget_and_a_reader_without_it_the_frame(page):
    bundle, _ = DisplayFormatter().format(page)
    assert bundle[VIEW]["model_id"] == page.widget.model_id
    assert bundle["text/html"] == page._repr_html_()


def test_without_anywidget_a_notebook_shows_the_frame(page, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        "sparse_ref.explorer.explorer.find_spec",
        lambda name: None if name == "anywidget" else find_spec(name),
    )
    bundle, _ = DisplayFormatter().format(page)
    assert VIEW not in bundle
    assert bundle["text/html"].startswith("<iframe ")
    with pytest.raises(ImportError, match=r"pip install 'sparse-ref\[widget\]'"):
        _ = page.widget


def test_exploring_imports_no_widget():
    code = (
        "import sparse_ref as sr, sys; sr.explore('Causal()').html; "
        "assert 'anywidget' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
