// The explorer: its parts, put together and told of each change of the state.

import { element, fill } from "./dom.js";
import { editor } from "./editor.js";
import { matrix } from "./matrix.js";
import { panels } from "./panels.js";
import { sliders } from "./sliders.js";
import { createStore } from "./store.js";
import { viewTabs } from "./tabs.js";

/** Build the explorer in `root`; returns its store, which is also root.explorer. */
export function mount(root, data, formulas) {
  const store = createStore(data, formulas);
  const expression = editor(store, { place: "view", label: "Pattern", read: (state) => state.views[state.tab].text });
  const parts = [expression, viewTabs(store), sliders(store), matrix(store), panels(store)];
  const [expressionBox, tabs, controls, picture, side] = parts.map((part) => part.element);
  const title = data.title && element("h1", {}, data.title);
  root.classList.add("explorer");
  fill(root, title, expressionBox, tabs, controls, element("div", { className: "stage" }, picture, side));
  const update = (state, previous) => parts.forEach((part) => part.update(state, previous));
  store.subscribe(update);
  update(store.state, null);
  root.explorer = store;
  return store;
}
