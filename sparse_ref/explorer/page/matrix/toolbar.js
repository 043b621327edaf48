// The matrix's own controls: elements or tiles, the side of a tile, colours by clause, the part that is seen.

import { MAX_COLOURS } from "../common/limits.js";
import { clausesOf, litClauses } from "../sets/clauses.js";
import { whenChanged } from "./costs.js";
import { differenceLayers, KINDS } from "../comparisons/difference_layers.js";
import { element, fill, sample, uniqueId } from "../common/dom.js";
import { BLOCKS, tilesOf } from "../sets/tiles.js";
import { MIN_SIDE, sideOf, windowOf, zoomAround } from "./ticks.js";
import { count, plural } from "../common/words.js";

const CLOSE = 64; // positions a side of the part that "64" shows

export function toolbar(store) {
  const parts = [viewChoice(store), blockChoice(store), colourChoice(store), zoomButtons(store)];
  const bar = group("toolbar", "View of the matrix", parts.map((part) => part.element));
  return { element: bar, update: (state) => parts.forEach((part) => part.update(state)) };
}

function group(className, label, ...parts) {
  return element("div", { className, role: "group", "aria-label": label }, parts);
}

/** Buttons of which one is pressed, for choices [value, text, name]: { element, update(value) }. */
export function segments(label, choices, choose) {
  const buttons = choices.map(([value, text, title = ""]) => {
    const button = element("button", { type: "button", title }, text);
    if (title) button.setAttribute("aria-label", title);
    button.addEventListener("click", () => choose(value));
    return button;
  });
  function update(value) {
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", `${choices[place][0] === value}`));
  }
  return { element: group("segments", label, buttons), update };
}

function viewChoice(store) {
  const choices = [[false, "Elements"], [true, "Tiles"]];
  const choice = segments("Cells", choices, (isTiled) => store.set({ isTiled }));
  return { element: choice.element, update: ({ isTiled }) => choice.update(isTiled) };
}

function blockChoice(store) {
  const id = uniqueId("block");
  const option = (block) => element("option", { value: block }, `${block} × ${block}`);
  const select = element("select", { id }, BLOCKS.map(option));
  select.addEventListener("change", () => store.set({ block: Number(select.value) }));
  const box = element("div", { className: "field" }, element("label", { for: id }, "Tile"), select);
  function update({ isTiled, block }) {
    box.hidden = !isTiled;
    if (![...select.options].some(({ value }) => value === `${block}`)) select.append(option(block));
    select.value = `${block}`;
  }
  return { element: box, update };
}

function colourChoice(store) {
  const button = element("button", { type: "button", className: "toggle" }, "By clause");
  button.setAttribute("aria-label", "Colour by clause");
  button.addEventListener("click", () => {
    store.set({ colours: store.state.colours ? null : clausesOf(store.node).map(() => true) });
  });
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
  const button = (text, label, act) => {
    const made = element("button", { type: "button", "aria-label": label, title: label }, text);
    made.addEventListener("click", act);
    return made;
  };
  const less = button("−", "Zoom out", () => zoomTo(sideOf(store.state) * 2));
  const more = button("+", "Zoom in", () => zoomTo(sideOf(store.state) / 2));
  const close = button(`${CLOSE}`, `Show ${CLOSE} positions around the query`, () => zoomTo(CLOSE));
  const whole = button("All", "All: show the whole matrix", () => store.set({ zoom: null }));
  const seen = element("span", { className: "seen" });
  function update(state) {
    const longest = Math.max(...state.shape);
    less.disabled = whole.disabled = !state.zoom;
    more.disabled = sideOf(state) <= MIN_SIDE;
    close.disabled = longest <= CLOSE;
    seen.textContent = state.zoom ? `${count(state.zoom.side)} of ${count(longest)}` : "";
  }
  const box = group("segments", "Zoom", less, more, close, whole);
  return { element: element("div", { className: "zoom" }, seen, box), update };
}

/** What the colours of the cells mean: a clause is a button that lights it; tiles are counted. */
export function matrixLegend(store) {
  const list = element("ul", { className: "legend", "aria-label": "Colours" });
  const update = whenChanged((isTiled, colours, mask, block) => {
    const clauses = clausesOf(store.node);
    const isCompared = !isTiled && differenceLayers(store) !== null;
    list.hidden = !isTiled && !isCompared && (!colours || clauses.length < 2);
    if (isTiled) fill(list, TILE_COLOURS.map(entry), element("li", {}, tileWords(tilesOf(mask, block))));
    else if (isCompared) fill(list, KINDS.slice(1).map(({ colour, label }) => entry([colour, label])));
    else fill(list, clauses.map((_, place) => clauseEntry(store, clauses, place)), CLAUSE_COLOURS.map(entry));
  });
  const fields = ({ isTiled, colours, block, other }) => [isTiled, colours, store.mask, block, other];
  return { element: list, update: (state) => update(...fields(state)) };
}

function tileWords({ full, partial, skipped }) {
  return `${plural(full, "full tile")}, ${count(partial)} partial, ${count(skipped)} skipped`;
}

const TILE_COLOURS = [["member", "attends"], ["waste", "computed and dropped"], ["empty", "skipped"]];
const CLAUSE_COLOURS = [["several", "by several"], ["muted", "by another"]];
const entry = ([colour, text]) => element("li", {}, sample(colour, text));

function clauseEntry(store, clauses, place) {
  if (place >= MAX_COLOURS) return entry(["muted", clauses[place]]);
  const lit = litClauses(clauses, store.state.colours);
  const names = { type: "button", className: "chip", "aria-pressed": `${lit[place]}` };
  const button = element("button", names, sample(`part-${place + 1}`, clauses[place]));
  button.addEventListener("click", () => store.set({ colours: lit.with(place, !lit[place]) }));
  return element("li", {}, button);
}
