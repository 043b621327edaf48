"""A process of little memory that calls the library: what hostile input does to it is seen here."""

import json
import select
import subprocess
import sys
from typing import NamedTuple

MEMORY = 300 * 2**20  # what calls may take together, above what the imports took
PATIENCE = 120  # seconds of silence after which a call hangs

SERVER = """
import json, resource, sys, time
import sparse_ref as sr
from sparse_ref.catalogue import notation
from sparse_ref.cli import main
from sparse_ref.verify import vectors

def check(suite, outputs, only=None):
    report = vectors.check(suite, outputs, only=only)
    str(report), report.to_json()
    return {verdict.id: [verdict.status, verdict.message] for verdict in report.verdicts}

def read(text, seconds=notation.MAX_SECONDS):
    value = notation.read(text, seconds=seconds)
    return type(value).__name__

def nnz(text, n):
    return int(sr.nnz(sr.parse(text), n))

size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + int(sys.argv[1]),) * 2)
print("ready", flush=True)
for line in sys.stdin:
    name, arguments = json.loads(line)
    start = time.process_time()
    try:
        answer = "value", globals()[name](*arguments)
    except BaseException as error:
        answer = type(error).__name__, str(error)
    print(json.dumps([*answer, time.process_time() - start]), flush=True)
"""


class Answer(NamedTuple):
    """What a call returned, or the name of its exception and the message; and its CPU seconds."""

    kind: str
    value: object
    seconds: float


class BoundedProcess:
    """The process; a context that ends it."""

    def __init__(self, memory=MEMORY):
        self.memory = memory

    def __enter__(self):
        command = [sys.executable, "-c", SERVER, str(self.memory)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, **pipes, text=True)
        assert self._line() == "ready\n"
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def _line(self):
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        assert ready, "it hangs"
        line = self.process.stdout.readline()
        assert line, f"it has ended with {self.process.wait()}"
        return line

    def call(self, name, *arguments):
        """One of the functions of SERVER, called there."""
        self.process.stdin.write(json.dumps([name, arguments]) + "\n")
        self.process.stdin.flush()
        return Answer(*json.loads(self._line()))
