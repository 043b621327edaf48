"""The command `sparse-ref`; patterns are written in the notation of `repr`."""

from __future__ import annotations

import sys

from .parser import command_parser

INPUT_ERRORS = (
    TypeError,
    ValueError,
    LookupError,
    ImportError,
    OSError,
    MemoryError,
    RuntimeError,
)


def main(argv: list[str] | None = None) -> int:
    """Run the command. 0 on success, 1 if a check fails, 2 if the input is wrong."""
    arguments = command_parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has ended
        sys.stdout = None  # type: ignore[assignment]
        return 0
    except INPUT_ERRORS as error:
        print(f"sparse-ref: {error or type(error).__name__}", file=sys.stderr)
        return 2
