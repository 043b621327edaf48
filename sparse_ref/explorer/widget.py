"""The explorer in Jupyter, by anywidget: Python sees and sets its query and its expression."""

from __future__ import annotations

from typing import Any

from anywidget import AnyWidget
from traitlets import Dict, Int, TraitError, Tuple, Unicode, validate

from ..sets.checks import integer
from .bundle import style, widget_script
from .rule_facts import PageRule
from .subjects import MAX_LENGTH


class ExplorerWidget(AnyWidget):
    """An explorer whose state Python reads and sets; `sr.explore(...).widget` makes it.

    Traits
    ------
    hovered : the query that is pointed at, or None.
    expression : the notation of the current tab; setting it changes the view.
    shape : (n_q, n_k), each from 1 to 4096; setting it resizes the view.
    problem : why an expression or a shape that was set is not shown, or "".

    A trait is watched by `widget.observe(function, "hovered")`. Texts that Python sets are read in
    the page: one that is wrong is a problem there, and the expression returns to what is shown.

    Raises traitlets.TraitError for a hovered query or a shape that is out of bounds.
    """

    _esm = Unicode().tag(sync=True)
    _css = Unicode().tag(sync=True)
    data = Dict().tag(sync=True)
    hovered = Int(None, allow_none=True).tag(sync=True)
    expression = Unicode().tag(sync=True)
    shape = Tuple(Int(), Int()).tag(sync=True)
    problem = Unicode().tag(sync=True)

    def __init__(self, data: dict[str, Any], rules: dict[str, PageRule]):
        super().__init__(
            _esm=widget_script(rules),
            _css=style(),
            data=data,
            expression=data["views"][0]["text"],
            shape=tuple(data["shape"]),
        )

    @validate("hovered")
    def _check_query(self, proposal: dict[str, Any]) -> int | None:
        """A query, from 0."""
        query = proposal["value"]
        return None if query is None else _number("hovered", query, 0)

    @validate("shape")
    def _check_shape(self, proposal: dict[str, Any]) -> tuple[int, int]:
        """(n_q, n_k), each from 1 to 4096."""
        n_q, n_k = proposal["value"]
        return _number("shape", n_q, 1), _number("shape", n_k, 1)


def _number(name: str, value: Any, least: int) -> int:
    """An integer from `least` to 4096, as traitlets refuses others."""
    try:
        return integer(name, value, least, MAX_LENGTH)
    except (TypeError, ValueError) as error:
        raise TraitError(str(error)) from None
