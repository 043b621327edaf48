// A list of choices under a text box, by the ARIA pattern of a combobox: arrow keys, Enter or Tab to take
// one, Escape to close.

import { element, fill, uniqueId } from "../common/dom.js";

/** `options()` is { from, to, options: [{ label, detail }] } at the caret; `take(place, option)` puts one
 * in. */
export function choices(input, { label, options, take }) {
  const id = uniqueId("choices");
  const list = element("ul", {
    id,
    className: "choices",
    role: "listbox",
    "aria-label": label,
    hidden: true,
  });
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": id,
  })) {
    input.setAttribute(name, value);
  }
  let found = { options: [] };
  let active = -1;

  function close() {
    active = -1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  /** Show what may stand at the caret, if a word has been begun there, or if all choices are asked for. */
  function open(isAsked = false) {
    found = options();
    const isBegun = found.to > found.from && input.selectionStart === input.selectionEnd;
    const isWhole =
      found.options.length === 1 && found.options[0].text === input.value.slice(found.from, found.to);
    if (!found.options.length || isWhole || !(isBegun || isAsked)) return close();
    active = -1;
    fill(list, found.options.map(item));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    return input.removeAttribute("aria-activedescendant");
  }

  function item(option, place) {
    const row = element("li", { id: `${id}-${place}`, role: "option", "aria-selected": "false" });
    fill(row, element("code", {}, option.label), " ", element("span", {}, option.detail));
    row.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      choose(place);
    });
    return row;
  }

  function choose(place) {
    const option = found.options[place];
    close();
    take(found, option);
    close();
  }

  function move(step) {
    const count = found.options.length;
    const next = active + step;
    list.children[active]?.setAttribute("aria-selected", "false");
    active = active < 0 && step < 0 ? count - 1 : (next + count) % count;
    const row = list.children[active];
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", row.id);
  }

  /** Whether a key was one of the list's. */
  function handle(event) {
    const { key, ctrlKey, altKey } = event;
    const isOpen = !list.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (isOpen && key === "Escape") close();
    else if (isOpen && active >= 0 && (key === "Enter" || key === "Tab")) choose(active);
    else if (isOpen && step) move(step);
    else if (!isOpen && (key === "ArrowDown" || (key === " " && ctrlKey)) && !altKey) {
      open(true);
      if (!list.hidden && key === "ArrowDown") move(1);
    } else return false;
    event.preventDefault();
    return true;
  }
  return { element: list, open, close, handle };
}
