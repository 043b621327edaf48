// The expression: a text box that draws while its text parses, points at the column of an error, mends it,
// and completes names.

import { choices } from "./choices.js";
import { completions } from "../language/completion.js";
import { element, fill, uniqueId } from "../common/dom.js";

const DELAY = 120; // ms from the last letter to the drawing

/** The editor of a place, "view" or "other"; `read` is the place's text in a state. */
export function editor(store, { place, label, read }) {
  const id = uniqueId("expression");
  const input = element("input", {
    id,
    type: "text",
    className: "expression",
    spellcheck: false,
    autocomplete: "off",
  });
  for (const name of ["autocapitalize", "autocorrect"]) input.setAttribute(name, "off");
  const problem = problemBox(mend);
  const list = choices(input, {
    label: "Patterns and parameters",
    options: () => completions(input.value, input.selectionStart, store.context.data),
    take: ({ from, to }, { text }) => insert(from, to, text),
  });
  const line = element("div", { className: "expression-line" }, input, problem.marker, list.element);
  const box = element(
    "div",
    { className: "editor" },
    element("label", { for: id }, label),
    line,
    problem.element,
  );
  input.setAttribute("aria-describedby", problem.id);
  let timer = null;
  let isWriting = false;
  let taken = null; // what the state made of the text in the box

  function apply() {
    clearTimeout(timer);
    timer = null;
    isWriting = true;
    store.write(input.value, place);
    isWriting = false;
    taken = textOf(store.state);
    show(store.state);
  }

  function flush() {
    if (timer !== null) apply();
  }

  function insert(from, to, text) {
    input.focus();
    input.setSelectionRange(from, to);
    // the browser's own command, because its undo then takes it back
    const isDone = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
    if (!isDone) input.setRangeText(text, from, to, "end");
  }

  function mend({ text, column, end }) {
    insert(column, end, text);
    apply();
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, DELAY);
    list.open();
  });
  input.addEventListener("keydown", (event) => {
    if (list.handle(event) || event.key !== "Enter") return;
    event.preventDefault();
    list.close();
    apply();
  });
  input.addEventListener("scroll", () => problem.scroll(input.scrollLeft));
  input.addEventListener("blur", () => {
    flush();
    list.close();
    // several patterns were typed, and the tab has one of them
    if (!draftOf(store.state) && store.state.views.length > 1) input.value = read(store.state);
  });

  const draftOf = (state) => state.drafts[store.draftKey(place)];
  const textOf = (state) => draftOf(state)?.text ?? read(state);

  function show(state) {
    const draft = draftOf(state);
    input.toggleAttribute("aria-invalid", Boolean(draft));
    problem.show(draft && [input.value, taken].includes(draft.text) ? draft : null, input.scrollLeft);
  }

  function update(state) {
    if (isWriting || timer !== null) return;
    const text = textOf(state);
    if (text !== taken) input.value = taken = text;
    show(state);
  }
  return { element: box, update };
}

/** The error under a text box: a marker at its column, its message, and a button that mends it. */
function problemBox(mend) {
  const id = uniqueId("problem");
  const carets = element("span");
  const marker = element("div", { className: "marker", "aria-hidden": "true" }, carets);
  const message = element("span", { id, role: "alert" });
  const button = element("button", { type: "button", className: "mend" });
  const box = element("p", { className: "problem", hidden: true }, message, " ", button);
  let draft = null;
  button.addEventListener("click", () => mend(draft.mend));

  function show(next, scroll) {
    draft = next;
    box.hidden = !draft;
    carets.textContent = draft
      ? " ".repeat(draft.column) +
        "^".repeat(Math.max(1, Math.min(draft.end, draft.text.length) - draft.column))
      : "";
    const text = draft ? `${draft.message} (column ${draft.column + 1})` : "";
    if (message.textContent !== text) fill(message, text);
    button.hidden = !draft?.mend;
    if (draft?.mend) button.textContent = wording(draft);
    moveBy(scroll);
  }

  function moveBy(scroll) {
    carets.style.transform = `translateX(${-scroll}px)`;
  }
  return { id, element: box, marker, show, scroll: moveBy };
}

function wording({ text, mend }) {
  const old = text.slice(mend.column, mend.end).trim();
  if (!mend.text) return `Remove ${old}`;
  return old ? `Write ${mend.text} for ${old}` : `Insert ${mend.text.trim()}`;
}
