"""How the documentation is built: Sphinx, MyST-NB with kept outputs, numpydoc."""

import sys
from functools import cache
from pathlib import Path

from sphinx.ext import autosummary
from sphinx.util import logging

import sparse_ref

sys.path.insert(0, str(Path(__file__).parent))  # for this folder's programs

project = "sparse_ref"
copyright = "2026, the sparse_ref authors"
release = sparse_ref.__version__
extensions = [
    "course_directive",
    "glossary_entries",
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "README.md"]
templates_path = ["_templates"]
html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_context = {"default_mode": "auto"}
html_title = "sparse_ref"
html_favicon = "_static/favicon.svg"
html_sidebars = {"index": []}
WIDE = (  # no right sidebar
    "notebooks/",
    "wild",
    "upstream/",
    "mutants",
    "differs",
    "paths",
    "theorems",
    "vectors",
    "catalogue/index",
)
html_theme_options = {
    "show_toc_level": 2,
    "navigation_depth": 1,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_search_scorer = str(Path(__file__).parent / "search_scorer.js")
mathjax_path = "mathjax/tex-svg.js"  # docs/mathjax.py installs it
UNUSED = "enableMenu", "enableEnrichment", "enableSpeech", "enableBraille", "enableExplorer"
mathjax4_config = {
    "loader": {
        "load": ["a11y/assistive-mml"],
        "paths": {"fonts": "[mathjax]/fonts"},
    },
    "output": {"fontPath": "[fonts]/%%FONT%%-font", "displayOverflow": "linebreak"},
    "options": {
        **dict.fromkeys(UNUSED, False),
        "menuOptions": {"settings": dict.fromkeys(("enrich", "speech", "braille"), False)},
    },
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
    " .",
)  # a first line ends with its source; " ." is what is left of " ..."
suppress_warnings = ["mystnb.unknown_mime_type", "toc.empty_glob"]


if not Path(__file__).parent.joinpath("_static", mathjax_path).exists():
    logging.getLogger(__name__).warning("MathJax is missing: run `make docs`")

FAMILIES = {f"sparse_ref.{entry.name}": entry.family for entry in sparse_ref.catalogue()}
MAX_TYPE = 40  # letters of a type above a sentence that begins with no letter
ENTRIES = "Parameters", "Attributes", "Returns"  # sections whose lines are "name : text"


def adapt_docstring(app, what, name, obj, options, lines):
    """Docstrings are written for the terminal; this makes them numpydoc's, paragraph by paragraph.

    Doctests and prose after a section get a section of their own, "name : text" becomes a name and
    an indented text, and | and * are escaped outside of doctests.
    """
    section, adapted = "", []
    is_bare = name in FAMILIES and "Parameters" not in lines
    text = "\n".join(with_parameters(name, lines) if is_bare else lines)
    for paragraph in text.split("\n\n"):
        rows = paragraph.split("\n")
        is_doctest = rows[0].lstrip().startswith(">>>")
        if len(rows) > 1 and set(rows[1]) == {"-"}:
            section = rows[0]
        elif section and is_doctest:
            section = ""
            adapted += ["Examples", "--------"]
        elif section in ENTRIES and not rows[0].startswith(" ") and " : " not in rows[0]:
            section = ""
            adapted += ["Notes", "-----"]
        for row, following in zip(rows, [*rows[1:], ""]):
            adapted += [row] if is_doctest else adapt_row(row, section, following)
        adapted.append("")
    if name in FAMILIES:
        link = f":doc:`catalogue </catalogue/{FAMILIES[name]}>`"
        end = adapted.index("") + 1  # of the first paragraph
        adapted[end:end] = [f"Its idea, figure, cost and paths are in the {link}.", ""]
    lines[:] = adapted


def with_parameters(name: str, lines: list[str]) -> list[str]:
    """The docstring of a pattern with a list of its parameters before its first doctest."""
    from parameters import parameter_section

    doctests = (k for k, line in enumerate(lines) if line.startswith(">>>"))
    place = next(doctests, len(lines))
    section = parameter_section(name.rpartition(".")[2])
    return [*lines[:place], *section, *lines[place:]]


def adapt_row(row: str, section: str, following: str) -> list[str]:
    """A line outside of doctests, by the line below it."""
    text = row.replace("|", r"\|").replace("*", r"\*")
    name, colon, description = text.partition(" : ")
    if section in ENTRIES and colon and not text.startswith(" "):
        return [text] if is_type(description, following) else [name, f"    {description}"]
    return [text]


def is_type(description: str, following: str) -> bool:
    """Whether what follows a name is its type, since a sentence begins below it."""
    if not following.startswith("    ") or description[-1] in ".,:;":
        return False
    first = following.lstrip()[0]
    return first.isupper() or (first in '"(' and len(description) <= MAX_TYPE)


def write_explorers(app, error):
    """Write the explorer of each pattern next to the pages, which link to it."""
    if error is None and app.builder.format == "html":
        from catalogue import write_explorers

        write_explorers(Path(app.outdir) / "explorers")


def widen(app, pagename, templatename, context, doctree):
    """Take the right sidebar away from pages whose code or tables need its place."""
    if pagename.startswith(WIDE):
        context["meta"] = {
            **(context.get("meta") or {}),
            "html_theme.sidebar_secondary.remove": True,
        }


@cache
def relations(env):
    """The page above each page, the one before it and the one after it."""
    return env.collect_relations()


def page_of_section(page, env):
    """The page of the navigation bar that a page is below, or is."""
    above, *_ = relations(env)[page]
    return page if above in (None, env.config.root_doc) else page_of_section(above, env)


def stay_in_section(app, pagename, templatename, context, doctree):
    """Take away the links to the page before and after if they lead into another section."""
    if pagename == app.config.root_doc or pagename not in relations(app.env):
        return
    _, before, after = relations(app.env)[pagename]
    home = page_of_section(pagename, app.env)
    for name, neighbour in (("prev", before), ("next", after)):
        if neighbour and page_of_section(neighbour, app.env) != home:
            context[name] = None


def setup(app):
    app.connect("html-page-context", widen, priority=100)
    app.connect("html-page-context", stay_in_section)
    app.connect("autodoc-process-docstring", adapt_docstring, priority=400)
    app.connect("build-finished", write_explorers)
