"""The command that writes test vectors, and reads back what an implementation made of them."""

from __future__ import annotations


def vectors(arguments) -> int:
    """Write test vectors to a new or empty folder; or, with --check, judge the outputs in another: exit 1 where one is wrong."""
    from ..verify import vectors as suite

    if arguments.check is None:
        for name, given in (("--precision", arguments.precision), ("--json", arguments.json)):
            if given:
                raise ValueError(f"{name} says how outputs are judged, and needs --check")
        folder = suite.write(arguments.folder)
        print(f"{folder}: {len(suite.CASES)} cases of {len(suite.FLAGS)} known bugs")
        return 0
    verdicts = suite.check(arguments.folder, arguments.check, arguments.precision or "float32")
    print(verdicts.to_json() if arguments.json else verdicts)
    return 0 if verdicts.passed else 1
