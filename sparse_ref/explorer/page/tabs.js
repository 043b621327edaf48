// One tab for each step, head, layer or branch.

import { element, fill } from "./dom.js";

export function viewTabs(store) {
  const list = element("div", { className: "tabs", role: "tablist", "aria-label": "Patterns" });

  function update(state) {
    list.hidden = state.views.length < 2;
    fill(list, state.views.map(({ label }, place) => tab(store, label, place, place === state.tab)));
  }
  return { element: list, update };
}

function tab(store, label, place, isSelected) {
  const button = element("button", { type: "button", role: "tab", "aria-selected": `${isSelected}`, tabIndex: isSelected ? 0 : -1 }, label);
  button.addEventListener("click", () => store.set({ tab: place }));
  return button;
}
