// The matrix's own controls: elements or tiles, the side of a tile, colours by clause, the part that is seen.

import { clausesOf, litClauses, MAX_COLOURS } from "./clauses.js";
import { element, fill, uniqueId } from "./dom.js";
import { BLOCKS } from "./tiles.js";
import { windowOf, zoomAround } from "./ticks.js";
import { count } from "./words.js";

const CLOSE = 64; // positions a side of the part that "64" shows

export function toolbar(store) {
  const parts = [viewChoice(store), blockChoice(store), colourChoice(store), zoomButtons(store)];
  const bar = element("div", { className: "toolbar", role: "group", "aria-label": "View of the matrix" }, parts.map((part) => part.element));
  return { element: bar, update: (state) => parts.forEach((part) => part.update(state)) };
}

/** Buttons of which one is pressed, for choices [value, text, name if the text is a sign]: { element, update(value) }. */
export function segments(label, choices, choose) {
  const buttons = choices.map(([value, text, title = ""]) => {
    const button = element("button", { type: "button", title }, text);
    if (title) button.setAttribute("aria-label", title);
    button.addEventListener("click", () => choose(value));
    return button;
  });
  const box = element("div", { className: "segments", role: "group", "aria-label": label }, buttons);
  const update = (value) => buttons.forEach((button, place) => button.setAttribute("aria-pressed", `${choices[place][0] === value}`));
  return { element: box, update };
}

function viewChoice(store) {
  const choice = segments("Cells", [[false, "Elements"], [true, "Tiles"]], (isTiled) => store.set({ isTiled }));
  return { element: choice.element, update: ({ isTiled }) => choice.update(isTiled) };
}

function blockChoice(store) {
  const id = uniqueId("block");
  const select = element("select", { id }, BLOCKS.map((block) => element("option", { value: block }, `${block} × ${block}`)));
  select.addEventListener("change", () => store.set({ block: Number(select.value) }));
  const box = element("div", { className: "field" }, element("label", { for: id }, "Tile"), select);
  function update({ isTiled, block }) {
    box.hidden = !isTiled;
    select.value = `${block}`;
  }
  return { element: box, update };
}

function colourChoice(store) {
  const button = element("button", { type: "button", className: "toggle" }, "Colour clauses");
  button.addEventListener("click", () => store.set({ colours: store.state.colours ? null : clausesOf(store.node).map(() => true) }));
  function update({ colours, isTiled }) {
    button.hidden = isTiled || clausesOf(store.node).length < 2;
    button.setAttribute("aria-pressed", `${Boolean(colours)}`);
  }
  return { element: button, update };
}

function zoomButtons(store) {
  const zoomTo = (side) => {
    const { query, key } = store.state;
    const seen = windowOf(store.state);
    const middle = [query ?? seen.query + (seen.rows >> 1), key ?? query ?? seen.key + (seen.columns >> 1)];
    store.set({ zoom: zoomAround(store.state, side, ...middle) });
  };
  const sideOf = ({ zoom, shape }) => zoom?.side ?? Math.max(...shape);
  const button = (text, label, act) => {
    const made = element("button", { type: "button", "aria-label": label, title: label }, text);
    made.addEventListener("click", act);
    return made;
  };
  const less = button("−", "Zoom out", () => zoomTo(sideOf(store.state) * 2));
  const more = button("+", "Zoom in", () => zoomTo(sideOf(store.state) / 2));
  const close = button(`${CLOSE}`, `Show ${CLOSE} positions around the query`, () => zoomTo(CLOSE));
  const whole = button("All", "Show the whole matrix", () => store.set({ zoom: null }));
  const seen = element("span", { className: "seen" });
  function update(state) {
    const longest = Math.max(...state.shape);
    less.disabled = whole.disabled = !state.zoom;
    more.disabled = sideOf(state) <= 8;
    close.disabled = longest <= CLOSE;
    seen.textContent = state.zoom ? `${count(state.zoom.side)} of ${count(longest)}` : "";
  }
  const box = element("div", { className: "segments", role: "group", "aria-label": "Zoom" }, less, more, close, whole);
  return { element: element("div", { className: "zoom" }, seen, box), update };
}

/** What the colours of the cells mean; a clause is a button that lights it. */
export function legend(store) {
  const list = element("ul", { className: "legend", "aria-label": "Colours" });
  let last = null;
  function update({ isTiled, colours }) {
    const clauses = colours && !isTiled ? clausesOf(store.node) : [];
    const wanted = JSON.stringify([isTiled, colours, clauses]);
    if (wanted === last) return;
    last = wanted;
    list.hidden = !isTiled && clauses.length < 2;
    if (isTiled) fill(list, entry("member", "attends"), entry("waste", "computed and dropped"), entry("empty", "skipped"));
    else fill(list, clauses.map((text, place) => clauseEntry(store, clauses, place)), entry("several", "by several"), entry("muted", "by another"));
  }
  return { element: list, update };
}

const entry = (colour, text) => element("li", {}, element("span", { className: `swatch ${colour}` }, text));

function clauseEntry(store, clauses, place) {
  if (place >= MAX_COLOURS) return element("li", {}, element("span", { className: "swatch muted" }, clauses[place]));
  const lit = litClauses(clauses, store.state.colours);
  const button = element("button", { type: "button", className: "chip", "aria-pressed": `${lit[place]}` },
    element("span", { className: `swatch part-${place + 1}` }, clauses[place]));
  button.addEventListener("click", () => store.set({ colours: lit.map((isLit, other) => (other === place ? !isLit : isLit)) }));
  return element("li", {}, button);
}
