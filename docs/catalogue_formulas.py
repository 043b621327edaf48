"""The formulas of cost and reach on the catalogue's pages, read from catalogue_formulas.toml.

A formula is one Python expression in n, a query i, a key j and the parameters of the pattern. The
page shows the text that `notation` makes of it, and a test evaluates the same expression, so that
the two cannot differ.
"""

import ast
import math
import tomllib
from functools import cache
from pathlib import Path

from parameters import bound_arguments

import sparse_ref as sr
from sparse_ref.catalogue.entries import Entry
from sparse_ref.catalogue.notation import NAMES
from sparse_ref.sets.rule import Rule

FILE = Path(__file__).with_name("catalogue_formulas.toml")
FUNCTIONS = {
    "all": all,
    "len": len,
    "max": max,
    "sum": sum,
    "zip": zip,
    "ceil": math.ceil,
    "floor": math.floor,
    "log2": math.log2,
    "prod": math.prod,
    "pairs": sr.nnz,
    "popcount": int.bit_count,
}
BINARY = {
    ast.Add: " + ",
    ast.Sub: " - ",
    ast.Mult: " ",
    ast.Div: " / ",
    ast.Mod: " mod ",
}
COMPARISONS = {
    ast.Eq: "=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
}
STRENGTHS = {
    ast.Add: 1,
    ast.Sub: 1,
    ast.BitXor: 1,
    ast.Div: 2,
    ast.Mod: 2,
    ast.Mult: 3,
}
RIGHT_STRENGTHS = {  # of a right operand without parentheses: "a / b c" would be a riddle
    ast.Add: 1,
    ast.Sub: 2,
    ast.Div: 4,
    ast.Mod: 4,
    ast.Mult: 3,
}
ATOM = 5  # binds more than any operation
POWERS = {2: "²"}


@cache
def formulas() -> dict[str, dict]:
    """{entry: its `cost` and `reach`} of catalogue_formulas.toml."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def value(expression: str, names: dict):
    """The value of an expression for these names."""
    return eval(expression, {"__builtins__": {}, **FUNCTIONS, **names})


def names_at(entry: Entry, n: int, definitions: dict[str, str]) -> dict:
    """n, the parameters of an example at this length, and what `definitions` make of them."""
    n_k = entry.shape(n)[1]
    names = {"n": n, "row": lambda p, i: p.row(i, n_k)}
    names.update(parameters(entry, n))
    defaults = formulas()[entry.name].get("defaults", {})
    for name, expression in defaults.items():
        if names[name] is None:
            names[name] = value(expression, names)
    for name, expression in definitions.items():
        try:
            names[name] = value(expression, names)
        except ValueError:  # a logarithm of 0, in a case that the formula's condition excludes
            continue
    return names


def parameters(entry: Entry, n: int) -> dict:
    """The parameters of the example by name."""
    example, constructor = entry.value(n), NAMES[entry.name]
    if isinstance(example, Rule) and isinstance(constructor, type):
        return dict(zip(example.__dataclass_fields__, example.parameters))
    bound = bound_arguments(entry.name, entry.text(n))
    bound.apply_defaults()
    return bound.arguments


def notation(expression: str) -> str:
    """The expression as the docs write it: a product by a space, floor, ceil and mod in words.

    >>> notation("n*(2*radius + 1) - radius*(radius + 1)")
    'n (2 radius + 1) - radius (radius + 1)'
    """
    return node_text(ast.parse(expression, mode="eval").body)


def node_text(node: ast.AST) -> str:
    """A node of an expression as text."""
    match node:
        case ast.Name():
            return node.id
        case ast.Constant():
            return f'"{node.value}"' if isinstance(node.value, str) else str(node.value)
        case ast.Tuple():
            return f"({', '.join(map(node_text, node.elts))})"
        case ast.BinOp():
            return operation_text(node)
        case ast.UnaryOp(ast.USub()):
            return f"-{operand_text(node.operand, 3)}"
        case ast.UnaryOp(ast.Not()):
            return f"not {node_text(node.operand)}"
        case ast.BoolOp(ast.And()):
            return " and ".join(map(node_text, node.values))
        case ast.Compare():
            signs = [COMPARISONS[type(sign)] for sign in node.ops]
            rest = [f" {sign} {node_text(x)}" for sign, x in zip(signs, node.comparators)]
            return node_text(node.left) + "".join(rest)
        case ast.Slice():
            return f"{node_text(node.lower)}:"
        case ast.Subscript():
            return f"{node_text(node.value)}[{node_text(node.slice)}]"
        case ast.Call():
            return call_text(node)
    raise TypeError(f"no notation for {ast.unparse(node)}")


def operation_text(node: ast.BinOp) -> str:
    """A binary operation as text; the quotient in whole numbers by floor."""
    kind = type(node.op)
    if kind is ast.FloorDiv:
        return f"floor({operand_text(node.left, 3)} / {operand_text(node.right, 4)})"
    if kind is ast.BitXor:
        return f"{operand_text(node.left, 2)} XOR {operand_text(node.right, 2)}"
    if kind is ast.Pow:
        exponent = getattr(node.right, "value", None)
        power = POWERS.get(exponent) or f"^{operand_text(node.right, ATOM)}"
        return operand_text(node.left, ATOM) + power
    left = operand_text(node.left, STRENGTHS[kind])
    right = operand_text(node.right, RIGHT_STRENGTHS[kind])
    return left + BINARY[kind] + right


def operand_text(node: ast.AST, strength: int) -> str:
    """An operand as text, in parentheses if it binds less than this."""
    text = node_text(node)
    kind = type(node.op) if isinstance(node, ast.BinOp | ast.UnaryOp) else None
    node_strength = ATOM if kind in (None, ast.FloorDiv) else STRENGTHS.get(kind, 4)
    return f"({text})" if node_strength < strength else text


def call_text(node: ast.Call) -> str:
    """A call as text; of a comprehension, its term and what it runs over."""
    name = node_text(node.func)
    if name == "len":
        return f"|{node_text(node.args[0])}|"
    if name in ("floor", "ceil") or not isinstance(node.args[0], ast.GeneratorExp):
        return f"{name}({', '.join(map(node_text, node.args))})"
    comprehension = node.args[0]
    (over,) = comprehension.generators
    term = node_text(comprehension.elt)
    domain = f"{node_text(over.target)} in {node_text(over.iter)}"
    if name == "all":
        return f"{term} for every {domain}"
    return f"{name}({term} for {domain})"


def cost_lines(entry: Entry, unit: str) -> list[str]:
    """The keys of a query and the pairs in all, as formulas."""
    cost = formulas()[entry.name]["cost"]
    of_queries, of_parameters = split_condition(cost.get("queries"))
    _, when = split_condition(cost.get("when"))
    is_shared = of_parameters == when and {"keys", "pairs"} <= set(cost)
    clauses = []
    if "keys" in cost:
        things = unit.removesuffix("s") if cost["keys"] == "1" else unit
        whose = "query i" if mentions_query(cost["keys"]) or of_queries else "every query"
        text = f"{quantity(cost, 'keys')} {things} for {whose}{condition(of_queries, ' with ')}"
        clauses.append(text + ("" if is_shared else condition(of_parameters, ", if ")))
    if "pairs" in cost:
        text = f"{quantity(cost, 'pairs')} pairs"
        clauses.append(text + condition(when, "; both if " if is_shared else ", if "))
    line = f"- Cost{scope(entry)}: {'; '.join(clauses)}{where(cost)}"
    if "pairs(" in cost.get("pairs", ""):
        line += "; `pairs(p, n)` is their number for p at length n"
    if "row(" in cost.get("keys", ""):
        line += "; `row(p, i)` is the set of keys of query i of p"
    return [f"{line}."]


def quantity(cost: dict, key: str) -> str:
    """A number of keys or of pairs as text."""
    return f"{'at most ' if cost.get('at_most') else ''}`{notation(cost[key])}`"


def split_condition(conditions: str | None) -> tuple[str, str]:
    """What a condition says of the query i, and what it says of the parameters."""
    if not conditions:
        return "", ""
    body = ast.parse(conditions, mode="eval").body
    parts = body.values if isinstance(body, ast.BoolOp) else [body]
    texts = [ast.unparse(part) for part in parts]
    of_queries = " and ".join(text for text in texts if mentions_query(text))
    return of_queries, " and ".join(text for text in texts if not mentions_query(text))


def mentions_query(expression: str) -> bool:
    """Whether i is a name in an expression."""
    tree = ast.walk(ast.parse(expression))
    return any(isinstance(node, ast.Name) and node.id == "i" for node in tree)


def scope(entry: Entry) -> str:
    """What is counted together, if an entry is more than one set."""
    example = entry.value()
    if isinstance(example, sr.Pattern):
        return ""
    if isinstance(example, tuple):
        return " per head"
    return f", all {'steps' if isinstance(example, sr.Factorized) else 'branches'} together"


def condition(expression: str | None, word: str) -> str:
    """The condition of a formula as text."""
    return f"{word}`{notation(expression)}`" if expression else ""


def where(formula: dict) -> str:
    """The names of a formula that are no parameters."""
    definitions = formula.get("where", {})
    texts = [f"`{name} = {notation(text)}`" for name, text in definitions.items()]
    return f", where {', '.join(texts)}" if texts else ""


def reach_lines(entry: Entry) -> list[str]:
    """The layers that connect what can be connected, as a formula."""
    reach = formulas()[entry.name].get("reach")
    if not reach:
        return []
    if reach.get("transitive") and "connected" not in reach:
        return ["- Reach: 1 layer connects all that more layers do: the set is transitive."]
    layers = notation(reach["layers"])
    number = layers if layers.isdigit() else f"`{layers}`"
    verb = "layer connects" if layers == "1" else "layers connect"
    pair = "every pair j < i" if reach["pairs"] == "earlier" else "every pair"
    text = f"{number} {verb} {pair}{condition(reach.get('connected'), ' with ')}"
    text += f" ({reach['why']})" if "why" in reach else ""
    text += condition(reach.get("when"), ", if ") + where(reach)
    if "layers_of_pair" in reach:
        text += f"; a pair needs `{notation(reach['layers_of_pair'])}` of them"
    if reach.get("transitive"):
        text += "; more layers connect no other: the set is transitive"
    elif "connected" in reach:
        text += "; no number of layers connects another"
    return [f"- Reach: {text}."]
