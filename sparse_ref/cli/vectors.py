"""The command that writes test vectors, and checks the outputs of an implementation for them."""

from __future__ import annotations

from .streams import say


def vectors(arguments) -> int:
    """Write test vectors to a folder; with --check, check outputs: exit 1 if one is wrong."""
    from ..verify import vectors as suite

    if arguments.check is None:
        return _write(arguments, suite)
    if arguments.format is not None:
        raise ValueError("--format is about writing: it cannot be given with --check")
    verdicts = suite.check(
        arguments.folder,
        arguments.check,
        arguments.precision or "float32",
        only=arguments.only,
        lse=arguments.lse or "natural",
    )
    say(verdicts.to_json() if arguments.json else str(verdicts))
    return 0 if verdicts.passed else 1


def _write(arguments, suite) -> int:
    """Write the suite, or cases in another format."""
    other_format = arguments.format or "suite"
    options = {"--lse": arguments.lse, "--json": arguments.json}
    if other_format == "suite":
        options["--precision"] = arguments.precision
    for name, value in options.items():
        if value:
            raise ValueError(f"{name} is about checking outputs: it needs --check")
    folder = suite.write(
        arguments.folder,
        only=arguments.only,
        format=other_format,
        precision=arguments.precision,
    )
    say(_summary(folder, other_format, arguments.only, suite))
    return 0


def _summary(folder, other_format: str, only: str | None, suite) -> str:
    """What was written, in a line."""
    if other_format == "suite":
        cases = (folder / "cases.txt").read_text().splitlines()[2:]
        total = f" of {len(suite.CASES)}" if only else ""
        return f"{folder}: {len(cases)}{total} cases of {len(suite.FLAGS)} known bugs"
    lines = (folder / "left_out.txt").read_text().splitlines()
    left_out = len([line for line in lines if line])
    written = len([*folder.rglob("model.onnx"), *folder.rglob("*.meta.json")])
    name = suite.FORMATS[other_format].name
    reasons = "; left_out.txt says why not the others" if left_out else ""
    return f"{folder}: {written} of {written + left_out} cases as {name}{reasons}"
