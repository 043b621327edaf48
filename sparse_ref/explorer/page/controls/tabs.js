// One tab for each step, head, layer or branch, by the ARIA pattern of tabs: arrow keys, Home and End
// choose, Delete takes one away.

import { element, fill, uniqueId } from "../common/dom.js";

/** The keys of a list of tabs: `choose(place)` selects, `remove(place)`, if there is one, takes away. */
function tabKeys(list, { count, selected, choose, remove }) {
  list.addEventListener("keydown", (event) => {
    const last = count() - 1;
    const at = selected();
    const places = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    };
    if (event.key in places) choose(places[event.key]);
    else if (event.key === "Delete" && remove) remove(at);
    else return;
    event.preventDefault();
    list.querySelector('[aria-selected="true"]')?.focus();
  });
}

/** The tabs of the views. The element has `panelId`, an id for the picture that they choose. */
export function viewTabs(store) {
  const id = uniqueId("tab");
  const list = element("div", { className: "tabs", role: "tablist", "aria-label": "Patterns" });
  const close = element("button", { type: "button" });
  const line = element("div", { className: "tab-line" }, list, close);
  const choose = (place) => store.set({ tab: place });
  tabKeys(list, {
    count: () => store.state.views.length,
    selected: () => store.state.tab,
    choose,
    remove: store.removeView,
  });
  close.addEventListener("click", () => store.removeView(store.state.tab));

  function update(state, previous) {
    line.hidden = state.views.length < 2;
    if (
      previous &&
      previous.views === state.views &&
      previous.tab === state.tab &&
      previous.drafts === state.drafts
    )
      return;
    close.textContent = `Remove ${state.views[state.tab].label}`;
    const hadFocus = list.contains(document.activeElement);
    fill(
      list,
      state.views.map((view, place) => tab(view, place, state)),
    );
    if (hadFocus) list.children[state.tab].focus();
  }

  function tab({ label, text }, place, state) {
    const isSelected = place === state.tab;
    const hasDraft = Boolean(state.drafts[store.draftKey("view", place)]);
    const mark = hasDraft && element("span", { className: "problem", title: "its text has an error" }, " !");
    const properties = {
      id: `${id}-${place}`,
      type: "button",
      role: "tab",
      title: text,
      tabIndex: isSelected ? 0 : -1,
    };
    const button = element("button", { ...properties, "aria-selected": `${isSelected}` }, label, mark);
    button.addEventListener("click", () => choose(place));
    return button;
  }
  return { element: line, update };
}
