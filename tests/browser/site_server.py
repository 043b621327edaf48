"""The built documentation on localhost; `make test-browser` builds it."""

from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"


class Quiet(SimpleHTTPRequestHandler):
    """Files without a line on stderr for each."""

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def served(folder=SITE):
    """The address of a server of the folder on a free port."""
    assert (folder / "index.html").exists(), "run `make docs` first"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
