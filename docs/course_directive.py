"""The index of the course as a directive of the pages, and the copies that the build reads."""

from course import COPIES, TOPICS, copy_notebooks, index, lessons, topics
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Course(SphinxDirective):
    """The index of the lessons, of the puzzles, or of the topics, at this place of a page."""

    required_arguments = 1  # lessons, puzzles or topics

    def run(self) -> list[nodes.Node]:
        """The cards, or the links to topics."""
        kind = self.arguments[0]
        return self.topics() if kind == "topics" else self.cards(kind)

    def topics(self) -> list[nodes.Node]:
        """A paragraph of links."""
        self.env.note_dependency(str(TOPICS))
        return self.parse_text_to_nodes(topics())

    def cards(self, kind: str) -> list[nodes.Node]:
        """The cards of a kind, in a container."""
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
