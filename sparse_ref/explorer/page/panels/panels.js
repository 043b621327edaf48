// The panels beside the matrix, one shown at a time. A panel is { name, title, mount(store) -> { element,
// update(state, previous) } }; `update` is called when the panel is shown, and when the state changes then.

import { element, fill, uniqueId } from "../common/dom.js";
import { copyPanel } from "./panel_copy.js";
import { diffPanel } from "./panel_diff.js";
import { gridPanel } from "./panel_grid.js";
import { keysPanel } from "./panel_keys.js";
import { layersPanel } from "./panel_layers.js";
import { pastePanel } from "./panel_paste.js";
import { selectionPanel } from "./panel_selection.js";

const PANELS = [keysPanel, diffPanel, layersPanel, gridPanel, selectionPanel, pastePanel, copyPanel];

export function panels(store) {
  const body = element("div", { className: "panel", role: "tabpanel", id: uniqueId("panel") });
  const tabs = PANELS.map(({ name, title }) => tab(store, name, title, body.id));
  const list = element("div", { className: "tabs", role: "tablist", "aria-label": "Panels" }, tabs);
  const mounted = {};
  list.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const place = (tabs.indexOf(event.target) + step + tabs.length) % tabs.length;
    store.set({ panel: PANELS[place].name });
    tabs[place].focus();
  });

  function update(state, previous) {
    const panel = PANELS.find(({ name }) => name === state.panel) ?? PANELS[0];
    tabs.forEach((button, place) => select(button, PANELS[place] === panel, body));
    mounted[panel.name] ??= panel.mount(store);
    if (body.firstChild !== mounted[panel.name].element) fill(body, mounted[panel.name].element);
    mounted[panel.name].update(state, previous);
  }
  const name = element("h2", { className: "unseen" }, "About the pattern");
  return { element: element("section", { className: "side" }, name, list, body), update };
}

function tab(store, name, title, panel) {
  const names = { type: "button", role: "tab", id: uniqueId("tab"), "aria-controls": panel };
  const button = element("button", names, title);
  button.addEventListener("click", () => store.set({ panel: name }));
  return button;
}

function select(button, isSelected, body) {
  button.setAttribute("aria-selected", `${isSelected}`);
  button.tabIndex = isSelected ? 0 : -1;
  if (isSelected) body.setAttribute("aria-labelledby", button.id);
}
