// The panels beside the matrix, one shown at a time. A panel is { name, title, mount(store) -> { element, update(state, previous) } };
// `update` is called when the panel is shown and whenever the state changes while it is.

import { element, fill } from "./dom.js";
import { keysPanel } from "./panel_keys.js";

const PANELS = [keysPanel];

export function panels(store) {
  const list = element("div", { className: "tabs", role: "tablist", "aria-label": "Panels" });
  const body = element("div", { className: "panel", role: "tabpanel" });
  const mounted = {};

  function update(state, previous) {
    const panel = PANELS.find(({ name }) => name === state.panel) ?? PANELS[0];
    fill(list, PANELS.map(({ name, title }) => tab(store, name, title, name === panel.name)));
    mounted[panel.name] ??= panel.mount(store);
    if (body.firstChild !== mounted[panel.name].element) fill(body, mounted[panel.name].element);
    mounted[panel.name].update(state, previous);
  }
  return { element: element("div", { className: "side" }, list, body), update };
}

function tab(store, name, title, isSelected) {
  const button = element("button", { type: "button", role: "tab", "aria-selected": `${isSelected}`, tabIndex: isSelected ? 0 : -1 }, title);
  button.addEventListener("click", () => store.set({ panel: name }));
  return button;
}
