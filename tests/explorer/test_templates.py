"""Templates: which constructors a page builds by itself, and what rules ask of their parameters."""

import inspect
from itertools import product

import pytest
from strategies import RULES

from sparse_ref.catalogue import notation
from sparse_ref.explorer import constructors
from sparse_ref.explorer.rule_conditions import rule_conditions
from sparse_ref.explorer.trace import holds

UNTRACED = {
    "Random",
    "bigbird",
    "bigbird_google",
    "bigbird_hf",
    "deepspeed_bigbird",
    "deepspeed_fixed",
    "deepspeed_variable",
    "logsparse_code",
}  # random, or a list of as many sets as numbers say


def test_templates_have_no_case_for_what_is_random():
    templates = constructors.templates()
    assert {name for name, template in templates.items() if not template["cases"]} == UNTRACED
    for name, template in templates.items():
        parameters = inspect.signature(notation.NAMES[name]).parameters
        assert [pair[0] for pair in template["parameters"]] == list(parameters)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
def test_a_rule_accepts_in_the_page_what_python_accepts(rule):
    """Conditions beyond bounds are stated for every rule that has some, and decide."""
    bounds = rule.bounds()
    names = [name for name, (kind, _) in bounds.items() if kind is not tuple]
    conditions, _ = rule_conditions(rule)
    for numbers in product((1, 2, 3, 4, 7), repeat=len(names)):
        values = dict(zip(names, numbers))
        fields = {name: values.get(name, (0, 1)) for name in bounds}
        try:
            rule(**fields)
            accepts = True
        except ValueError:
            accepts = False
        assert accepts == all(holds(each, values) for each in conditions)
