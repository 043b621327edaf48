// Sliders: the length, and each parameter of the expression.

import { element, uniqueId } from "./dom.js";
import { MAX_LENGTH } from "./store.js";

export function sliders(store) {
  const id = uniqueId("length");
  const slider = element("input", { id, type: "range", min: 1, max: MAX_LENGTH });
  const box = element("div", { className: "sliders" }, element("label", { for: id }, "n"), slider);
  slider.addEventListener("input", () => store.resize([Number(slider.value), Number(slider.value)]));

  function update(state) {
    slider.value = state.shape[1];
  }
  return { element: box, update };
}
