"""The widget in a browser: a stand-in for the notebook's model drives `render`, both ways."""

import json

import pytest

import sparse_ref as sr

MODEL = """
class Model {
    constructor(values) { Object.assign(this, { values, saves: 0, listeners: [] }); }
    get(name) { return this.values[name]; }
    set(name, value) {
        if (JSON.stringify(this.values[name]) === JSON.stringify(value)) return;
        this.values[name] = value;
        this.change(name);
    }
    change(name) {
        const listeners = this.listeners.filter(([event]) => event === `change:${name}`);
        for (const [, listener] of listeners) listener();
    }
    save_changes() { this.saves++; }
    on(event, listener) { this.listeners.push([event, listener]); }
    off(event, listener) {
        this.listeners = this.listeners.filter(([a, b]) => a !== event || b !== listener);
    }
}
"""
SHOW = f"""async ([code, values]) => {{
    {MODEL}
    const address = URL.createObjectURL(new Blob([code], {{ type: "text/javascript" }}));
    const {{ default: widget }} = await import(address);
    const cell = document.createElement("div");
    document.body.append(cell);
    const model = new Model(values);
    const end = await widget.render({{ model, el: cell }});
    window.widgets = [...(window.widgets ?? []), {{ model, cell, end }}];
}}"""


def values_of(widget):
    names = ("data", "hovered", "expression", "shape", "problem")
    return json.loads(json.dumps({name: getattr(widget, name) for name in names}))


@pytest.fixture
def show(open_blank):
    """show(explorer, **values) renders its widget in a page like a notebook; returns the page."""

    def show_(explorer, **values):
        widget = explorer.widget
        open_blank.add_style_tag(content=widget._css)
        open_blank.evaluate(SHOW, [widget._esm, {**values_of(widget), **values}])
        open_blank.evaluate("window.last = widgets.at(-1); null")
        open_blank.evaluate("last.store = last.cell.querySelector('.explorer').explorer; null")
        return open_blank

    return show_


def test_it_shows_the_page_and_shares_its_state(show):
    page = show(sr.explore("strided(8)", (32, 48)))
    assert page.evaluate("last.store.state.shape") == [32, 48]
    assert page.locator("canvas").count() > 0
    page.evaluate("last.store.set({ query: 5 })")
    assert page.evaluate("last.model.get('hovered')") == 5
    page.evaluate("last.store.set({ tab: 1 })")
    assert page.evaluate("last.model.get('expression')") == "Strided(8)"
    page.evaluate("last.store.resize([20, 20])")
    assert page.evaluate("last.model.get('shape')") == [20, 20]
    assert page.evaluate("last.model.saves") >= 3


def test_python_changes_the_view(show):
    page = show(sr.explore("Causal()", 32))
    page.evaluate("last.model.set('expression', 'Lookback(4)')")
    assert page.evaluate("last.store.text") == "Lookback(4)"
    page.evaluate("last.model.set('shape', [16, 24])")
    assert page.evaluate("last.store.state.shape") == [16, 24]
    page.evaluate("last.model.set('hovered', 3)")
    assert page.evaluate("last.store.state.query") == 3
    page.evaluate("last.model.set('hovered', null)")
    assert page.evaluate("last.store.state.query") is None
    assert page.evaluate("last.model.get('problem')") == ""


def test_what_python_set_before_it_was_shown_is_shown(show):
    page = show(sr.explore("Causal()", 32), expression="Sinks(2)", shape=[8, 8], hovered=7)
    assert page.evaluate("last.store.text") == "Sinks(2)"
    assert page.evaluate("last.store.state.shape") == [8, 8]
    assert page.evaluate("last.store.state.query") == 7


def test_several_values_in_one_message_are_all_taken(show):
    """As `widget.hold_sync()` sends them: the values first, then an event for each."""
    page = show(sr.explore("Causal()", 32))
    page.evaluate("Object.assign(last.model.values, { expression: 'Sinks(1)', shape: [8, 8] })")
    page.evaluate("['expression', 'shape'].forEach((name) => last.model.change(name))")
    assert page.evaluate("last.store.text") == "Sinks(1)"
    assert page.evaluate("last.store.state.shape") == [8, 8]


def test_what_the_page_refuses_is_a_problem_and_the_view_stays(show):
    page = show(sr.explore("Causal()", 32))
    page.evaluate("last.model.set('expression', 'Lokback(4)')")
    assert "Lookback" in page.evaluate("last.model.get('problem')")
    assert (
        page.evaluate("last.model.get('expression')")
        == page.evaluate("last.store.text")
        == "Causal()"
    )
    page.evaluate("last.model.set('expression', 'Lookback(4)')")
    assert page.evaluate("last.model.get('problem')") == ""
    sized = show(sr.explore("Documents((3, 5))"))
    sized.evaluate("last.model.set('shape', [9, 9])")
    assert "n = 8" in sized.evaluate("last.model.get('problem')")
    assert sized.evaluate("last.model.get('shape')") == [8, 8]


def test_after_its_end_nothing_is_shared(show):
    page = show(sr.explore("Causal()", 32))
    page.evaluate("last.end()")
    page.evaluate("last.store.set({ query: 5 })")
    assert page.evaluate("last.model.get('hovered')") is None
    page.evaluate("last.model.set('expression', 'Full()')")
    assert page.evaluate("last.store.text") == "Causal()"
    assert page.evaluate("last.model.listeners.length") == 0


def test_two_widgets_in_one_page_share_no_id_and_no_state(show):
    show(sr.explore("Causal()", 16))
    page = show(sr.explore("Full()", 16))
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(set(ids)) == len(ids)
    page.evaluate("last.store.set({ query: 5 })")
    assert page.evaluate("widgets[0].model.get('hovered')") is None


def test_its_style_changes_nothing_outside(show):
    """A neighbour of the cell looks the same before and after."""
    neighbour = (
        "JSON.stringify({ ...getComputedStyle(document.querySelector('#neighbour button')) })"
    )
    page = show(sr.explore("Causal()", 16))
    styled = page.evaluate(neighbour)
    page.evaluate("document.querySelectorAll('style').forEach((style) => style.remove())")
    assert page.evaluate(neighbour) == styled


def test_the_frame_of_a_notebook_draws_and_reaches_nothing_outside(open_blank):
    explorer = sr.explore("Lookback(4) | Strided(8)", 32, title="<script>alert(1)</script>")
    open_blank.set_content(f"<!doctype html><title>A notebook</title>{explorer.frame}")
    frame = open_blank.frames[1]
    frame.locator("canvas").first.wait_for()
    root = "document.getElementById('explorer').explorer"
    assert frame.evaluate(f"{root}.state.shape") == [32, 32]
    assert frame.evaluate(f"{root}.write('Causal()')")
    assert frame.evaluate(f"{root}.text") == "Causal()"
    assert frame.evaluate("origin") == "null"
    reach = "() => { try { return Boolean(parent.document); } catch { return false; } }"
    assert not frame.evaluate(reach)
