"""The parameters of patterns whose docstring lists none: name, type, least value and default.

The docs add them to the reference. They come from the signature and from the checks: a rule states
its bounds, and any other constructor is given one number that is too small, and says what it wants.
"""

import inspect
import re
import sys
from functools import cache

import sparse_ref as sr
from sparse_ref.catalogue.notation import NAMES

TOO_SMALL = -(10**6)
KINDS = {
    "Any": "int, or a pair of them",
    "Pattern": "a pattern",
    "Pattern | None": "a pattern",
    "Sequence[int]": "sequence of int",
    "int | None": "int",
    "int | Sequence[int]": "int, or a sequence of them",
    "int | tuple[int, ...]": "int, or a tuple of them",
    "tuple[Pattern, ...]": "tuple of patterns",
    "tuple[int, ...]": "tuple of int",
    "bool | Sequence[bool]": "bool, or a sequence of them",
}
EXAMPLES = {entry.name: entry for entry in sr.catalogue()}


def parameter_section(name: str) -> list[str]:
    """The section of a constructor as numpydoc has it, or nothing if it has no parameters."""
    parameters = inspect.signature(NAMES[name]).parameters.values()
    lines = [parameter_line(name, parameter) for parameter in parameters]
    return ["Parameters", "----------", *lines, ""] if lines else []


def parameter_line(name: str, parameter: inspect.Parameter) -> str:
    """`name : type, least value, default; what it is`."""
    kind = str(parameter.annotation)
    facts = [KINDS.get(kind, kind)]
    least = least_value(name, parameter.name)
    if least is not None:
        facts.append(f"at least {least}" + (" each" if facts[0].startswith("tuple") else ""))
    if parameter.default is None:
        facts.append("optional")
    elif parameter.default is not parameter.empty:
        facts.append(f"{parameter.default!r} unless given")
    meaning = symbols(name).get(parameter.name)
    end = f"; {meaning}." if meaning else "."
    return f"{parameter.name} : {', '.join(facts)}{end}"


def least_value(name: str, parameter: str) -> int | None:
    """What the constructor wants of a parameter that is too small, if it refuses it for that."""
    for value in (TOO_SMALL, (TOO_SMALL,)):
        try:
            NAMES[name](**{**example_arguments(name), parameter: value})
        except (TypeError, ValueError) as error:
            bound = re.search(r"must be at least (-?\d+), got", str(error))
            if bound:
                return int(bound[1])
    return None


def example_arguments(name: str) -> dict:
    """The arguments of the catalogue's example by name; Branches have no entry in it."""
    if name == "Branches":
        return {"patterns": (sr.Causal(),)}
    return bound_arguments(name, EXAMPLES[name].text()).arguments


def bound_arguments(name: str, text: str) -> inspect.BoundArguments:
    """The arguments of a constructor's call, as the catalogue writes it."""
    return eval(text, {**NAMES, name: inspect.signature(NAMES[name]).bind})


@cache  # it is asked for each parameter
def symbols(name: str) -> dict[str, str]:
    """{parameter: what it is}, of the line `Symbols:` of the file that defines a constructor."""
    text = inspect.getdoc(sys.modules[NAMES[name].__module__]) or ""
    stated = re.search(r"Symbols:(.*?)(\.\n|\.$|\n\n)", text, re.S)
    line = " ".join(stated[1].split()) if stated else ""
    parts = re.split(r";\s+", line) if line else []
    pairs = (re.match(r"`?(\w+)`? ((?:the|its|how|an?) .*)", part) for part in parts)
    return {pair[1]: pair[2] for pair in pairs if pair}
