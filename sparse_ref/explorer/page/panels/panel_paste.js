// A mask that is pasted or dropped as text: it is drawn as a listed set, and named by the rules that it
// equals.

import { element, fill, uniqueId } from "../common/dom.js";
import { notation } from "../language/expression.js";
import { PasteError } from "../sets/matrix_text.js";
import { MAX_PASTE, packRows, readPaste } from "../sets/paste.js";
import { MAX_NAMES, namesOf } from "../comparisons/unions.js";
import { count, plural } from "../common/words.js";

const MAX_LINKED = 8000; // letters of a mask that a link may carry
const EXAMPLE = "1000\n1100\n0110\n0011";

export const pastePanel = {
  name: "paste",
  title: "Paste",
  mount(store) {
    const id = uniqueId("paste");
    const area = element("textarea", {
      id,
      rows: 8,
      spellcheck: false,
      autocomplete: "off",
      placeholder: EXAMPLE,
    });
    const problem = element("p", { className: "problem", role: "alert", hidden: true });
    const report = element("div", { className: "report", "aria-live": "polite" });
    const draw = element("button", { type: "button" }, "Draw");
    const file = fileInput(read);

    function read(text) {
      try {
        showError("");
        const { masks, notes } = readPaste(text);
        keep(store, masks, notes);
      } catch (error) {
        if (!(error instanceof PasteError)) throw error;
        showError(error.message);
      }
    }

    function showError(text) {
      problem.hidden = !text;
      problem.textContent = text;
    }

    draw.addEventListener("click", () => read(area.value));
    acceptDrops(area, read, showError);
    const label = element("label", { for: id }, "A mask: 0 and 1, a printed BlockMask, or CSR as JSON");
    const buttons = element("div", { className: "buttons" }, draw, file);
    const show = shownNames(store, report);
    const box = element("div", { className: "paste-panel" }, label, area, buttons, problem, report);
    function update(state) {
      const draft = state.drafts.paste;
      if (draft) showError(draft.message);
      show(state);
    }
    return { element: box, update };
  },
};

/** Keep pasted masks as listed sets and show the first of them. What is small enough for a link goes into the
 * state. */
function keep(store, masks, notes) {
  const { sets = {} } = store.state.options.paste ?? {};
  const kept = { ...sets };
  let number = Object.keys(store.context.data.listed).filter((name) => name.startsWith("Pasted_")).length;
  const names = masks.map((mask) => {
    const name = `Pasted_${++number}`;
    store.addListed(name, mask);
    const rows = packRows(mask);
    if (rows.length <= MAX_LINKED) kept[name] = { sides: [mask.queries, mask.keys], rows };
    return name;
  });
  const labels =
    masks.length > 1 ? [`${names.map((name, place) => `${name} is ${masks[place].label}`).join(", ")}.`] : [];
  const isLinked = names.every((name) => name in kept);
  const link = isLinked ? [] : ["It is too large for a link: a copied link does not show it."];
  const options = {
    ...store.state.options,
    paste: { sets: kept, last: names[0], notes: [...labels, ...notes, ...link] },
  };
  store.set({ options });
  store.showListed(names[0]);
}

/** A button that reads a text file. */
function fileInput(read) {
  const id = uniqueId("file");
  const input = element("input", { id, type: "file", accept: ".txt,.csv,.json,text/plain,application/json" });
  input.addEventListener("change", async () => {
    const [chosen] = input.files;
    if (chosen) read(await chosen.text());
    input.value = "";
  });
  return element("span", { className: "file" }, element("label", { for: id }, "or a file: "), input);
}

function acceptDrops(area, read, showError) {
  const mark = (isOver) => area.classList.toggle("over", isOver);
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(true);
  });
  area.addEventListener("dragleave", () => mark(false));
  area.addEventListener("drop", async (event) => {
    mark(false);
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    if (file.size > 2 * MAX_PASTE) showError(`${file.name} has ${count(file.size)} bytes; that is too large`);
    else read(await file.text());
  });
}

/** A function that shows what is known of the last mask that was pasted, names included, computed once for
 * each. */
function shownNames(store, report) {
  let last = null;
  let timer = null;
  return ({ options }) => {
    const { last: name, notes = [] } = options.paste ?? {};
    const listed = store.context.data.listed[name];
    const key = listed ? `${name} ${notes}` : "";
    if (key === last) return;
    last = key;
    clearTimeout(timer);
    if (!listed) {
      fill(report);
      return;
    }
    const mask = maskOfListed(listed);
    const names = element("p", { className: "main" }, "Looking for rules that it equals ...");
    const shape = `${name}: ${count(mask.queries)} x ${count(mask.keys)}, queries x keys, `;
    const pairs = plural(listed.indices.length, "pair");
    const square = mask.queries === mask.keys ? "" : " It is not square.";
    fill(
      report,
      element("p", {}, `${shape}${pairs}.${square}`),
      names,
      notes.map((note) => element("p", {}, note)),
    );
    timer = setTimeout(() => fill(names, nameText(namesOf(mask, store.context))), 30);
  };
}

function maskOfListed({ length, starts, indices }) {
  const queries = starts.length - 1;
  const cells = new Uint8Array(queries * length);
  for (let i = 0; i < queries; i++) {
    for (let x = starts[i]; x < starts[i + 1]; x++) cells[i * length + indices[x]] = 1;
  }
  return { queries, keys: length, cells };
}

/** "equals Lookback(8); also Local(7)", or the nearest rule and in how many pairs it differs. */
function nameText({ equal, nearest, difference }) {
  const texts = equal.slice(0, MAX_NAMES).map(notation);
  if (texts.length)
    return `equals ${texts[0]}${texts.length > 1 ? `; also ${texts.slice(1).join(", ")}` : ""}`;
  if (!nearest) return "It has no keys, so it has no name.";
  const pairs = plural(difference, "pair");
  return `equals no rule and no union of two; nearest is ${notation(nearest)}, which differs in ${pairs}`;
}
