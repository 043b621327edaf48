"""The index of the course as a directive of the pages, and the copies that the build reads."""

from course import COPIES, copy_notebooks, index, lessons
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Course(SphinxDirective):
    """The index of the lessons, or of the puzzles, at this place of a page."""

    required_arguments = 1  # lessons or puzzles

    def run(self) -> list[nodes.Node]:
        """The cards, in a container."""
        kind = self.arguments[0]
        items = lessons(kind=kind)
        for item in items:
            self.env.note_dependency(str(COPIES / f"{item.name}.ipynb"))
        cards = nodes.container(classes=["course"])
        cards += self.parse_text_to_nodes(index(items, kind))
        return [cards]


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this."""
    copy_notebooks()
    app.add_directive("course", Course)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
