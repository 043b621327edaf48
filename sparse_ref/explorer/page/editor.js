// The expression: a text box whose errors point at their column.

import { element, uniqueId } from "./dom.js";

export function editor(store, { place, label, read }) {
  const id = uniqueId("expression");
  const input = element("input", { id, type: "text", className: "expression", spellcheck: false, autocomplete: "off" });
  const problem = element("p", { className: "problem", role: "alert", hidden: true });
  const box = element("div", { className: "editor" }, element("label", { for: id }, label), input, problem);
  input.addEventListener("change", () => store.write(input.value, place));

  function update(state) {
    const draft = state.drafts[place];
    input.value = draft?.text ?? read(state);
    input.toggleAttribute("aria-invalid", Boolean(draft));
    problem.hidden = !draft;
    problem.textContent = draft ? `${draft.message} (column ${draft.column + 1})` : "";
  }
  return { element: box, update };
}
