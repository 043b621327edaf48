"""The command `sparse-ref`; patterns are written in the notation of `repr`."""

from __future__ import annotations

from .parser import command_parser
from .streams import complain, discard_broken_streams, flush_streams, prepare_streams

INPUT_ERRORS = (
    TypeError,
    ValueError,
    LookupError,
    ImportError,
    OSError,
    MemoryError,
    RuntimeError,
)
CLOSED_PIPE = 141  # what shells report of a command that wrote to a closed pipe


def main(argv: list[str] | None = None) -> int:
    """Run the command. 0 on success, 1 if a check fails, 2 if the input is wrong.

    141 if the reader of its output, such as `head`, has ended: nobody has seen the verdict.
    """
    prepare_streams()
    try:
        try:
            return _status(argv)
        finally:
            flush_streams()
    except BrokenPipeError:
        discard_broken_streams()
        return CLOSED_PIPE
    except OSError as error:  # such as a full disk
        discard_broken_streams()
        complain(str(error))
        return 2


def _status(argv: list[str] | None) -> int:
    """The exit status of a command; what is wrong with the input is printed."""
    arguments = command_parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except BrokenPipeError:
        raise
    except INPUT_ERRORS as error:
        complain(str(error) or type(error).__name__)
        return 2
