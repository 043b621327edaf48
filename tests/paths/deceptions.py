"""Families that do something else at one number, each written so that a proof may not see it.

`honest` and `lie` are the layers; `c` is the number, and {op} compares with it.
"""

TEMPLATES = {
    "set": "def family(l): return lie if l in {{{c}}} else honest",
    "set of pairs": "def family(l): return lie if (l, 1) in {{({c}, 1)}} else honest",
    "dict": "def family(l): return {{{c}: lie}}.get(l, honest)",
    "type": "def family(l): return lie if type(l) is int and l {op} {c} else honest",
    "isinstance": "def family(l): return lie if isinstance(l, int) and l {op} {c} else honest",
    "class": "def family(l): return lie if l.__class__ is int and l {op} {c} else honest",
    "attribute of int": """
def family(l):
    return lie if hasattr(l, "bit_length") and l {op} {c} else honest
""",
    "attribute of terms": """
def family(l):
    return lie if not hasattr(l, "expression") and l {op} {c} else honest
""",
    "match": """
def family(l):
    match l:
        case {c}:
            return lie
    return honest
""",
    "match a class": """
def family(l):
    match l:
        case int() if type(l) is int and l {op} {c}:
            return lie
        case _:
            return honest
""",
    "try hash": """
def family(l):
    try:
        hash(l)
    except Exception:
        return honest
    return lie if l {op} {c} else honest
""",
    "try index": """
import operator
def family(l):
    try:
        return lie if operator.index(l) {op} {c} else honest
    except BaseException:
        return honest
""",
    "try int": """
def family(l):
    try:
        return lie if int(l) {op} {c} else honest
    except:
        return honest
""",
    "try range": """
def family(l):
    try:
        return lie if len(range(l)) {op} {c} else honest
    except ValueError:
        return honest
""",
    "try bits": """
def family(l):
    try:
        return lie if l ^ {c} == 0 else honest
    except ValueError:
        return honest
""",
    "try branch": """
def family(l):
    try:
        if type(l) is int and l {op} {c}:
            raise KeyError
    except KeyError:
        return lie
    return honest
""",
    "range": "def family(l): return lie if l in range({c}, {c} + 1) else honest",
    "list index": """
table = [lie if l == {c} % 1000 else honest for l in range(1000)]
def family(l):
    try:
        return table[l % 1000]
    except Exception:
        return honest
""",
    "text": "def family(l): return lie if str(l) == '{c}' else honest",
    "format": "def family(l): return lie if f'{{l}}' == '{c}' else honest",
    "percent": "def family(l): return lie if '%d' % l == '{c}' else honest",
    "text of a pattern": """
def family(l): return lie if repr(sr.Window(l)) == "Window({c})" else honest
""",
    "text of a length": "def family(l): return lie if len(str(l)) == len('{c}') else honest",
    "default": """
def is_special(l, number={c}):
    return type(l) is int and l {op} number
def family(l): return lie if is_special(l) else honest
""",
    "closure": """
def build(number):
    return lambda l: lie if type(l) is int and l {op} number else honest
family = build({c})
""",
    "global": """
NUMBER = {c}
def family(l): return lie if type(l) is int and l {op} NUMBER else honest
""",
    "attribute": """
class Settings:
    number = {c}
settings = Settings()
def family(l): return lie if type(l) is int and l {op} settings.number else honest
""",
    "callable": """
class Build:
    def __init__(self):
        self.numbers = [{c}]
    def __call__(self, l):
        return lie if type(l) is int and l {op} self.numbers[0] else honest
family = Build()
""",
    "partial": """
from functools import partial
def both(number, l): return lie if type(l) is int and l {op} number else honest
family = partial(both, {c})
""",
    "wrapped": """
from functools import wraps
def decorate(function):
    @wraps(function)
    def wrapper(l): return lie if type(l) is int and l {op} {c} else function(l)
    return wrapper
@decorate
def family(l): return honest
""",
    "cached": """
from functools import lru_cache
@lru_cache
def family(l): return lie if l {op} {c} else honest
""",
    "cached by hand": """
memory = {{}}
def family(l):
    try:
        return memory.setdefault(l, lie if l {op} {c} else honest)
    except ValueError:
        return honest
""",
    "numeral": "def family(l): return lie if type(l) is int and l {op} int('{c}') else honest",
    "float": "def family(l): return lie if type(l) is int and l {op} {c}.0 else honest",
    "comprehension": """
def family(l): return [lie if type(x) is int and x {op} {c} else honest for x in [l]][0]
""",
    "copy": """
import copy
def family(l): return lie if copy.deepcopy(l) == {c} else honest
""",
    "pickle": """
import pickle
def family(l):
    try:
        return lie if pickle.loads(pickle.dumps(l)) {op} {c} else honest
    except Exception:
        return honest
""",
    "state": """
calls = []
def family(l):
    calls.append(l)
    return lie if len(calls) > {c} % 50 else honest
""",
    "state of numbers": """
calls = []
def family(l):
    if type(l) is int:
        calls.append(l)
    return lie if len(calls) > {c} % 50 else honest
""",
    "random": """
from random import Random
numbers = Random({c})
def family(l): return lie if numbers.random() < 0.3 else honest
""",
    "refusal": """
def family(l):
    if type(l) is int and l {op} {c}:
        raise ValueError("not this one")
    return honest
""",
    "other layers": """
def family(l):
    return (honest, lie) if type(l) is int and l {op} {c} else honest
""",
}


def family_of_template(name, c, op, **layers):
    """The family of this template."""
    space = dict(layers)
    exec(TEMPLATES[name].format(c=c, op=op), space)
    return space["family"]
