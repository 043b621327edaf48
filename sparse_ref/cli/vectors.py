"""The command that writes test vectors, and checks the outputs of an implementation for them."""

from __future__ import annotations


def vectors(arguments) -> int:
    """Write test vectors to a folder; with --check, check outputs: exit 1 if one is wrong."""
    from ..verify import vectors as suite

    if arguments.check is None:
        _refuse_options(arguments)
        folder = suite.write(arguments.folder)
        print(f"{folder}: {len(suite.CASES)} cases of {len(suite.FLAGS)} known bugs")
        return 0
    precision = arguments.precision or "float32"
    verdicts = suite.check(arguments.folder, arguments.check, precision)
    print(verdicts.to_json() if arguments.json else verdicts)
    return 0 if verdicts.passed else 1


def _refuse_options(arguments) -> None:
    """Raise ValueError if an option is given that needs --check."""
    options = {"--precision": arguments.precision, "--json": arguments.json}
    for name, value in options.items():
        if value:
            raise ValueError(f"{name} is about checking outputs: it needs --check")
