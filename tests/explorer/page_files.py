"""The parts of an explorer's file, as a browser reads them."""

import json
from base64 import b64decode
from html.parser import HTMLParser
from zlib import decompress


class PageFile(HTMLParser):
    """The tags of a page, with what its elements of script, style and title contain."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.contents = [], {}
        self._open = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open = dict(attrs).get("id", tag)

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        if self._open is not None:
            self.contents[self._open] = self.contents.get(self._open, "") + data

    @property
    def code(self):
        """The page's script, which its loader unpacks."""
        return unpack(self.contents["explorer-code"])

    @property
    def data(self):
        """The page's data."""
        return json.loads(unpack(self.contents["explorer-data"]))

    @property
    def policy(self):
        """The Content-Security-Policy by directive."""
        (text,) = [attrs["content"] for tag, attrs in self.tags if "http-equiv" in attrs]
        directives = [directive.split() for directive in text.split(";")]
        return {name: values for name, *values in directives}


def unpack(text):
    """What `bundle.pack` packed."""
    return decompress(b64decode(text)).decode()
