"""How the documentation is built: Sphinx, MyST-NB with kept outputs, numpydoc."""

from pathlib import Path

from sphinx.ext import autosummary

import sparse_ref

# the notebooks live beside docs/, where a code host shows them; the build reads copies, a folder nearer to the pages they link
copies = Path(__file__).parent / "notebooks"
copies.mkdir(exist_ok=True)
for notebook in (copies.parent.parent / "notebooks").glob("*.ipynb"):
    (copies / notebook.name).write_text(notebook.read_text().replace("../docs/", "../"))

project = "sparse_ref"
copyright = "2026, the sparse_ref authors"
release = sparse_ref.__version__
extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "README.md"]
templates_path = ["_templates"]
html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_sidebars = {
    page: []
    for page in (
        "theorems",
        "differs",
        "wild",
        "mutants",
        "sets",
        "paths",
        "computing",
        "benchmarks",
        "cuda",
        "judging",
        "vectors",
        "verify-strategies",
        "interop",
        "symbols",
    )
}
html_title = "sparse_ref"
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
}
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "off"
autosummary_generate = True
numpydoc_show_class_members = False
autodoc_typehints = "none"
copybutton_prompt_text = ">>> "
autosummary.WELL_KNOWN_ABBREVIATIONS += (
    " sec.",
    " app.",
    " eq.",
    " alg.",
    " fig.",
    "...",
)  # a first line ends with its source
suppress_warnings = ["mystnb.unknown_mime_type"]


def plain(app, what, name, obj, options, lines):
    """Docstrings are written for the terminal: | and * are themselves, and a parameter's text follows its name."""
    given, example, section = list(lines), False, ""
    lines.clear()
    for line, following in zip(given, [*given[1:], ""]):
        if line.startswith(">>>") and section:
            lines.extend(["Examples", "--------"])
            section = ""
        example = line.lstrip().startswith(">>>") or (example and line.strip() != "")
        if set(following) == {"-"} and len(following) == len(line):
            section = line
        text = line if example else line.replace("|", r"\|").replace("*", r"\*")
        entry, colon, rest = text.partition(" : ")
        text_of_its_own = (
            line
            and not line.startswith(" ")
            and not colon
            and not following.startswith("-")
            and set(line) != {"-"}
        )
        if section in ("Parameters", "Attributes", "Returns") and text_of_its_own:
            lines.extend(["Notes", "-----"])  # what follows the parameters is no parameter
            section = ""
        if (
            section in ("Parameters", "Returns", "Attributes")
            and colon
            and not text.startswith(" ")
        ):
            lines.extend([entry, "    " + rest])
        else:
            lines.append(text)


def setup(app):
    app.connect("autodoc-process-docstring", plain, priority=400)
