"""Index entries for the glossary's words, at the sections that the glossary links to."""

from docutils import nodes
from glossary_index import GLOSSARY, entries
from sphinx import addnodes
from sphinx.transforms import SphinxTransform


class AddEntries(SphinxTransform):
    """Runs before Sphinx collects a page's entries.

    An entry's place is the section itself: the search page shows the text at that place, and fails
    at the empty places that index directives insert.
    """

    default_priority = 800

    def apply(self, **_):
        """Insert the entries; the first section has those without an anchor."""
        of_page = entries(GLOSSARY.read_text(encoding="utf-8")).get(self.env.docname, {})
        if not of_page:
            return
        for number, section in enumerate(self.document.findall(nodes.section)):
            anchors = {section.get("slug"), *section["ids"]}
            if number == 0:
                anchors.add("")
            phrases = [phrase for anchor in anchors for phrase in of_page.get(anchor, [])]
            place = section["ids"][0]
            rows = [("single", phrase, place, "main", None) for phrase in sorted(phrases)]
            section.insert(1, addnodes.index(entries=rows))


def setup(app):
    """Sphinx calls this."""
    app.add_transform(AddEntries)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
