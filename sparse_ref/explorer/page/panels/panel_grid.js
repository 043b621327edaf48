// The picture: positions as pixels of an image or a video, a query's keys on it, and the matrix tile by tile.

import { MAX_LENGTH } from "../common/limits.js";
import { button, canvas, choice, legend, textBox } from "../controls/controls.js";
import { element, fill } from "../common/dom.js";
import { coordinates, gridOptions, orderedMask } from "../sets/grids.js";
import { orderFor, pictureLayout, pictureTabs } from "../sets/grids.js";
import { placeText, positionAt, positionOf, readShape, shapeFault, shapeText } from "../sets/grids.js";
import { drawPicture } from "./grid_drawing.js";
import { setOptions } from "../common/options.js";
import { palette } from "../matrix/palette.js";
import { tilesOf } from "../sets/tiles.js";
import { count, plural } from "../common/words.js";

const ORDERS = [
  ["rows", "row by row"],
  ["tiles", "tile by tile"],
];

export const gridPanel = {
  name: "grid",
  title: "Picture",
  mount(store) {
    const parts = [shapeControls(store), picture(store), tileTable(store)];
    const message = element("p", { className: "problem", hidden: true });
    const [controls, ...others] = parts;
    const box = element(
      "div",
      {},
      others.map((part) => part.element),
    );

    function update(state) {
      const options = gridOptions(state, store.node);
      const fault = oblong(state) || shapeFault(options.shape, state.shape[1]);
      controls.update(options, fault);
      message.hidden = !oblong(state);
      message.textContent = oblong(state);
      box.hidden = Boolean(fault);
      if (!fault) others.forEach((part) => part.update(options));
    }
    return {
      element: element("div", { className: "workbench panel-grid" }, message, controls.element, box),
      update,
    };
  },
};

function oblong({ shape: [queries, keys] }) {
  return queries === keys
    ? ""
    : `A picture needs as many queries as keys; this pattern has ${count(queries)} and ${count(keys)}.`;
}

/** Boxes for the shape and the tile; what cannot be read stays in the drafts. */
function shapeControls(store) {
  const shape = textBox("Shape", (text) => write("shape", text, "8 x 8, or 2 x 4 x 8 with frames first"));
  const tile = textBox("Tile", (text) => write("tile", text, "4 x 4"));
  const order = choice("Matrix", ORDERS, (value) =>
    setOptions(store, "grid", { ...gridOptions(store.state, store.node), order: value }),
  );
  const fit = button("", () => resizeToShape(store));

  function write(name, text, example) {
    const place = `grid ${name}`;
    const options = gridOptions(store.state, store.node);
    const { shape: sides, message = name === "tile" ? tileFault(options.shape, sides) : "" } = readShape(
      text,
      example,
    );
    const drafts = { ...store.state.drafts };
    delete drafts[place];
    if (message) return store.set({ drafts: { ...drafts, [place]: { text, message } } });
    store.set({ drafts });
    return setOptions(store, "grid", { ...options, [name]: sides });
  }

  function update(options, fault) {
    const { drafts } = store.state;
    const isOblong = oblong(store.state) !== "";
    shape.show(
      drafts["grid shape"]?.text ?? shapeText(options.shape),
      drafts["grid shape"]?.message ?? (isOblong ? "" : fault),
    );
    tile.show(drafts["grid tile"]?.text ?? shapeText(options.tile), drafts["grid tile"]?.message ?? "");
    order.show(options.order);
    const positions = options.shape.reduce((a, b) => a * b, 1);
    fit.hidden = !fault || isOblong || positions > MAX_LENGTH;
    fit.textContent = `Set n = ${positions}`;
  }
  const row = element("div", { className: "controls" }, shape.element, tile.element, order.element, fit);
  return { element: row, update };
}

const tileFault = (shape, tile) =>
  tile.length === shape.length ? "" : `a tile of ${shapeText(shape)} has ${shape.length} sides`;

function resizeToShape(store) {
  const { shape } = gridOptions(store.state, store.node);
  const positions = shape.reduce((a, b) => a * b, 1);
  store.resize([positions, positions]);
}

/** The picture: pointing at it moves the query, and so do the arrow keys. */
function picture(store) {
  const role = { role: "application", "aria-roledescription": "picture", tabIndex: 0 };
  const drawing = canvas("pixels", "", role);
  const sentence = element("p", { className: "growth" });
  const key = element("div");
  const box = element("div", {}, drawing.element, sentence, key);
  const colour = palette(box);
  const shown = { shape: [1, 1] };
  followPixels(store, drawing.element, shown);

  function update(options) {
    const { query, key: pointed, shape } = store.state;
    const tabs = pictureTabs(store);
    const name = `Picture of ${shapeText(options.shape)} positions`;
    shown.shape = options.shape;
    sentence.textContent = pictureText(options.shape, query, tabs);
    drawing.element.setAttribute("aria-label", `${name}. ${sentence.textContent}`);
    fill(key, tabs.length > 1 && legend(tabs.map((tab) => [tab.colour, tab.label])));
    drawing.draw(layoutIn(drawing.element, options.shape).total, (context, width) => {
      colour.forget();
      const tile = options.order === "tiles" ? options.tile : null;
      const layout = pictureLayout(options.shape, width);
      drawPicture(context, { layout, n: shape[1], tabs, query, key: pointed, tile, colour });
    });
  }
  return { element: box, update };
}

const layoutIn = (drawing, shape) => pictureLayout(shape, drawing.clientWidth || 360);

/** Make the pixel that is pointed at, or that arrow keys lead to, the query. */
function followPixels(store, drawing, shown) {
  const point = ({ offsetX, offsetY }) => {
    const query = positionOf(layoutIn(drawing, shown.shape), offsetX, offsetY);
    if (query !== null) store.set({ query });
  };
  drawing.addEventListener("pointermove", point);
  drawing.addEventListener("pointerdown", point);
  drawing.addEventListener("keydown", (event) => {
    const query = movedQuery(store.state.query, shown.shape, event.key);
    if (query === null) return;
    event.preventDefault();
    store.set({ query });
  });
}

const MOVES = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  PageUp: [0, 0, -1],
  PageDown: [0, 0, 1],
};

/** The query one pixel further, or one frame; null if there is none. */
function movedQuery(query, shape, key) {
  if (!Object.hasOwn(MOVES, key)) return null;
  if (query === null) return 0;
  const [down, right, later = 0] = MOVES[key];
  const step = [later, down, right].slice(-shape.length);
  if (shape.length === 2 && later) return null;
  return positionAt(
    shape,
    coordinates(shape, query).map((x, axis) => x + step[axis]),
  );
}

function pictureText(shape, query, tabs) {
  if (query === null) return "Point at a pixel: it becomes the query.";
  const counts = tabs.map(
    ({ keys, label }) => `${plural(keys.length, "key")}${tabs.length > 1 ? ` in ${label}` : ""}`,
  );
  return `Query ${query}, at ${placeText(shape, query)}, has ${counts.join(", ")}.`;
}

/** The tiles that a kernel visits if positions are numbered row by row, and tile by tile. */
function tileTable(store) {
  const body = element("tbody");
  const caption = element("caption");
  const head = ["order", "full", "partial", "skipped"].map((name) => element("th", { scope: "col" }, name));
  const top = element("thead", {}, element("tr", {}, head));
  const table = element("table", { className: "tiles" }, caption, top, body);

  function update({ shape, tile }) {
    const side = tile.reduce((a, b) => a * b, 1);
    const masks = [store.mask, orderedMask(store.mask, orderFor(shape, tile))];
    fill(caption, `Blocks of ${side} x ${side} pairs, as many positions as a tile has`);
    const rows = masks.map((mask, place) => tableRow(ORDERS[place][1], tilesOf(mask, side)));
    fill(body, rows);
  }
  return { element: table, update };
}

function tableRow(name, { full, partial, skipped }) {
  const numbers = [full, partial, skipped].map((number) => element("td", {}, count(number)));
  return element("tr", {}, element("th", { scope: "row" }, name), numbers);
}
