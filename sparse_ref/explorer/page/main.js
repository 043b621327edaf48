// The explorer: mounts its parts, and updates each of them when the state changes.

import { costBars, costLine } from "./matrix/costs.js";
import { element, fill } from "./common/dom.js";
import { editor } from "./controls/editor.js";
import { heading } from "./controls/heading.js";
import { link } from "./state/link.js";
import { logic } from "./logic.js";
import { matrix } from "./matrix/matrix.js";
import { panels } from "./panels/panels.js";
import { sliders } from "./controls/sliders.js";
import { createStore } from "./state/store.js";
import { viewTabs } from "./controls/tabs.js";
import { matrixLegend, toolbar } from "./matrix/toolbar.js";

const ONE_COLUMN = "(max-width: 860px)"; // as in explorer.css

/** Build the explorer in `root`; returns its store, which is also root.explorer. */
export function mount(root, data, formulas) {
  const store = createStore(data, formulas);
  const head = heading(store, data.title);
  const text = { place: "view", label: "Pattern", read: (state) => state.views[state.tab].text };
  const expression = editor(store, text);
  const [tabs, controls, tools, picture] = [viewTabs, sliders, toolbar, matrix].map((part) => part(store));
  const [colours, cost, bars, side] = [matrixLegend, costLine, costBars, panels].map((part) => part(store));
  const address = link(store);
  const parts = [address, head, expression, tabs, controls, tools, colours, cost, picture, bars, side];
  const box = (className, ...inside) => element("div", { className }, inside.map((part) => part.element));
  const above = box("above", expression, tabs);
  const main = box("main", tools, cost, picture, colours, bars);
  const left = element("div", { className: "left" }, above, main);
  const right = element("div", { className: "right" }, side.element);
  root.classList.add("explorer");
  fill(root, head.element, address.element, element("div", { className: "stage" }, left, right));
  placeByWidth(controls.element, right, above);

  function update(state, previous) {
    root.dataset.theme = state.theme;
    for (const part of parts) part.update(state, previous);
  }
  store.subscribe(update);
  root.explorer = Object.assign(store, { logic });
  update(store.state, null);
  address.start();
  return store;
}

/** Keep an element first in `wide` while there are two columns, else last in `narrow`: in reading order. */
function placeByWidth(part, wide, narrow) {
  const column = matchMedia(ONE_COLUMN);
  const place = () => (column.matches ? narrow.append(part) : wide.prepend(part));
  column.addEventListener("change", place);
  place();
}
