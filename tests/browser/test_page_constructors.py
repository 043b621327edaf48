"""Tie: what the page builds of a constructor by itself is what Python builds, or Python's alone."""

import pytest

import sparse_ref as sr
from sparse_ref.catalogue import notation
from sparse_ref.explorer import constructors

READ = """texts => texts.map((text) => {
    try {
        const { kind, nodes } = explorer.logic.read(text, explorer.context.data);
        return [kind, ...nodes.map(explorer.logic.notation)];
    } catch (error) { return error.message; }
})"""
STEPS = 1, -1, 3, -5, 40


def changes(value):
    """Values near a parameter's value, which is an integer, a tuple of them, or neither."""
    if type(value) is int:
        return [value + step for step in STEPS]
    if isinstance(value, tuple):
        longer = [(*value, 21), (*value, 3, 1), (*value, *value)]
        return [*longer, value[1:], value[::-1], *changes_inside(value)]
    return {False: [True], True: [False], None: [0, 2]}.get(value, [])


def changes_inside(value):
    """A tuple with one of its parts changed."""
    for t, part in enumerate(value):
        before, after = value[:t], value[t + 1 :]
        yield from ((*before, x, *after) for x in changes(part))


def texts_of(name, examples):
    """Calls of a constructor at an example's values, and with each parameter changed."""
    for values in examples:
        yield values
        for parameter, value in values.items():
            yield from ({**values, parameter: other} for other in changes(value))


@pytest.fixture(scope="module")
def calls():
    """Every call that is compared, as text."""
    texts = {}
    for text in constructors._examples():
        name, values = constructors._call(text)
        if name in constructors.templates():
            for changed in texts_of(name, [values]):
                written = ", ".join(f"{key}={value!r}" for key, value in changed.items())
                texts[f"{name}({written})"] = name
    return texts


def value_of(text):
    """[kind, notation of each part] of what Python builds; None if it refuses."""
    try:
        value = notation.read(text)
    except notation.ParseError:
        return None
    kind, parts = constructors._views(value)
    return [kind, *map(repr, parts)]


def test_the_page_builds_what_python_builds(calls, open_page):
    page = open_page(sr.explore("Full()", 8))
    drawn = dict(zip(calls, page.evaluate(READ, list(calls))))
    by_python = 0
    for text, answer in drawn.items():
        value = value_of(text)
        if isinstance(answer, list):
            assert answer == value, text
        elif "built by Python" in answer:
            by_python += 1
        else:
            assert value is None, (text, answer)
    accepted = [text for text, answer in drawn.items() if isinstance(answer, list)]
    templates = constructors.templates().items()
    names = {name for name, template in templates if template["cases"]}
    assert {calls[text] for text in accepted} == names
    assert len(accepted) > 800 and by_python < 0.5 * len(drawn)
