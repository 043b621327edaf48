// The matrix: queries from the top, keys from the left, drawn on a canvas; what is pointed at is drawn on a
// second one above it, so that pointing redraws no cell.

import { axes } from "./axes.js";
import { element, uniqueId } from "../common/dom.js";
import { pressKey } from "./keyboard.js";
import { minimap } from "./minimap.js";
import { inOrder } from "./ordered.js";
import { drawOverlay } from "./overlay.js";
import { cellColours } from "./painters.js";
import { css, palette } from "./palette.js";
import { followPointer } from "./pointer.js";
import { cellBytes, layout } from "./scene.js";
import { liveRegion, readout } from "./speech.js";
import { windowOf } from "./ticks.js";

const MAX_RATIO = 16; // of the sides of a picture with square cells
const MIN_CRISP = 0.88; // of the room, that cells of whole pixels must fill
const MAX_LINED = 32;
const DARK = "(prefers-color-scheme: dark)";
const HELP = "Arrow keys move the query and the key, Home and End the key, Page Up and Page Down " +
  "the query. Enter pins the query, plus and minus zoom, Escape clears.";

export function matrix(store) {
  const cells = element("canvas", { className: "matrix" });
  const overlay = element("canvas", { className: "overlay" });
  const help = element("p", { className: "unseen", id: uniqueId("help") }, HELP);
  const sheet = element("div", { className: "sheet", tabIndex: 0, role: "application" }, cells, overlay);
  sheet.setAttribute("aria-roledescription", "matrix");
  sheet.setAttribute("aria-describedby", help.id);
  const axis = axes();
  const live = liveRegion(store);
  const words = readout(store);
  const places = inOrder(store);
  const map = minimap(places);
  const plane = element("div", { className: "plane" }, axis.down, sheet, axis.across);
  const below = element("div", { className: "below" }, words.element, map.element);
  const box = element("figure", { className: "picture" }, plane, below, help, live.element);
  const colour = palette(box);
  const picture = { place: null, size: null, drawn: [], media: "" };
  sheet.addEventListener("keydown", (event) => pressKey(places, event));
  followPointer(places, sheet);

  function update(state) {
    const size = sizeOf(state, box);
    if (!size) return;
    const { zoom, theme, isTiled, block, colours, other, panel, options } = state;
    const selection = panel === "selection" && [options.selection];
    const view = JSON.stringify({ zoom, theme, block, isTiled, colours, other, selection });
    picture.media = mediaOf();
    const wanted = [places.mask, `${size}`, view, picture.media];
    if (wanted.some((value, place) => value !== picture.drawn[place])) draw(state, size, wanted);
    drawOverlay(overlay, places, picture, colour);
    axis.point(places.state, picture, places.positionAt);
    words.update(state);
    live.update(state);
    map.update(places.state, picture, colour);
  }

  function draw(state, size, wanted) {
    colour.forget();
    const place = layout(windowOf(state), size.map((side) => side * density()));
    Object.assign(picture, { size, drawn: wanted, place });
    for (const [name, value] of Object.entries({ height: size[0], width: size[1] })) {
      sheet.style[name] = `${value}px`;
      for (const canvas of [cells, overlay]) canvas[name] = Math.round(value * density());
    }
    drawCells(cells, store, picture.place, colour, places);
    axis.draw(state, picture, places.positionAt);
    const [queries, keys] = state.shape;
    sheet.setAttribute("aria-label", `Matrix of ${queries} queries and ${keys} keys, ${store.text}`);
  }

  new ResizeObserver(() => requestAnimationFrame(() => update(store.state))).observe(box);
  const redraw = () => update(store.state);
  for (const query of [DARK, "print"]) matchMedia(query).addEventListener("change", redraw);
  return { element: box, update };
}

const density = () => globalThis.devicePixelRatio || 1;
const mediaOf = () => [DARK, "print"].map((query) => matchMedia(query).matches).join();

/** [height, width] of the picture in CSS pixels; null while the page has no room for it. */
function sizeOf(state, box) {
  const { rows, columns } = windowOf(state);
  const gutter = 54;
  const room = box.clientWidth - gutter;
  if (room <= 0) return null;
  const height = Math.max(280, Math.min(room, innerHeight - 230));
  if (rows > MAX_RATIO * columns || columns > MAX_RATIO * rows) {
    const side = Math.min(room, height);
    return rows > columns ? [side, Math.max(side / MAX_RATIO, 24)] : [Math.max(side / MAX_RATIO, 24), side];
  }
  const pixels = Math.min(room / columns, height / rows) * density();
  const scale = Math.floor(pixels) / pixels >= MIN_CRISP ? Math.floor(pixels) : pixels;
  return [rows, columns].map((count) => Math.round((count * scale)) / density());
}

/** Draw the cells: sharp if they are whole pixels, else smoothed to size, so that stripes stay even. */
function drawCells(canvas, store, place, colour, places) {
  const { isTiled, block } = store.state;
  const inPlace = (layer) => ({ ...layer, mask: places.ordered(layer.mask) });
  const layers = isTiled ? null : cellColours(store)?.map(inPlace);
  const options = { layers, tileBlock: isTiled ? block : 0 };
  const image = new ImageData(cellBytes(places.mask, place, colour, options), place.columns, place.rows);
  const small = surface(place.columns, place.rows);
  small.getContext("2d").putImageData(image, 0, 0);
  const context = canvas.getContext("2d");
  const factors = [canvas.width / place.columns, canvas.height / place.rows];
  const isWhole = factors.every((factor) => Number.isInteger(factor) || factor > 12);
  const source = isWhole ? small : enlarged(small, factors.map(Math.ceil));
  context.imageSmoothingEnabled = !isWhole;
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const sides = [place.rows, place.columns];
  if (Math.max(...sides) <= MAX_LINED) drawLines(context, sides, 1, css(colour("paper")));
  if (isTiled) drawTileLines(context, place, block, colour);
}

function surface(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}

function enlarged(source, [across, down]) {
  const large = surface(source.width * across, source.height * down);
  const context = large.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(source, 0, 0, large.width, large.height);
  return large;
}

/** Lines between cells, or between every `step` of them from `first`. */
function drawLines(context, [rows, columns], step, style, [firstRow, firstColumn] = [step, step]) {
  const { width, height } = context.canvas;
  const line = Math.max(1, Math.round(density()));
  const down = (row) => Math.round((row * height) / rows) - (line >> 1);
  const across = (column) => Math.round((column * width) / columns) - (line >> 1);
  context.fillStyle = style;
  for (let x = firstColumn; x < columns; x += step) context.fillRect(across(x), 0, line, height);
  for (let x = firstRow; x < rows; x += step) context.fillRect(0, down(x), width, line);
}

/** Lines between tiles that have six pixels or more. */
function drawTileLines(context, { window }, block, colour) {
  const isLarge = (context.canvas.width / window.columns) * block >= 6 * density();
  if (!isLarge) return;
  const first = [window.query, window.key].map((x) => (block - (x % block)) % block || block);
  drawLines(context, [window.rows, window.columns], block, css(colour("line"), 0.9), first);
}
