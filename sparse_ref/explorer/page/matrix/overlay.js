// What is pointed at, above the cells: the query's row and keys, the key's column and readers, the pins.

import { keysOf, readersOf } from "../sets/blocks.js";
import { css } from "./palette.js";

const MIN_BAND = 3; // CSS pixels

/** Draw the overlay. `picture` is { place, size }, `colour` a palette. */
export function drawOverlay(canvas, store, { place, size }, colour) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  const { query, key, pins } = store.state;
  const pen = penOn(canvas, place.window, (MIN_BAND * canvas.width) / size[1], context);
  for (const pin of pins) drawPin(pen, store.mask, pin, colour);
  if (key !== null) {
    pen.column(key, css(colour("reader"), 0.16));
    for (const reader of readersOf(store.mask, key)) pen.cell(reader, key, css(colour("reader")), "column");
  }
  if (query !== null) {
    pen.row(query, css(colour("query"), 0.14));
    for (const own of keysOf(store.mask, query)) pen.cell(query, own, css(colour("query")), "row");
  }
  if (query !== null && key !== null) pen.outline(query, key, css(colour("accent")));
}

function drawPin(pen, mask, pin, colour) {
  pen.row(pin, css(colour("pin"), 0.22));
  for (const own of keysOf(mask, pin)) pen.cell(pin, own, css(colour("pin")), "row");
}

/** Rectangles at positions of a window; a band has at least `least` pixels. */
function penOn(canvas, window, least, context) {
  const across = (key) => ((key - window.key) / window.columns) * canvas.width;
  const down = (query) => ((query - window.query) / window.rows) * canvas.height;
  const sides = [canvas.height / window.rows, canvas.width / window.columns];
  const band = sides.map((side) => Math.max(side, least));
  const rectangle = (x, y, width, height, style) => {
    const sides = [width, height].map((side) => Math.max(1, Math.round(side)));
    context.fillStyle = style;
    context.fillRect(Math.round(x), Math.round(y), ...sides);
  };
  const top = (query, height) => down(query) + (sides[0] - height) / 2;
  const left = (key, width) => across(key) + (sides[1] - width) / 2;
  return {
    row: (query, style) => rectangle(0, top(query, band[0]), canvas.width, band[0], style),
    column: (key, style) => rectangle(left(key, band[1]), 0, band[1], canvas.height, style),
    cell(query, key, style, along) {
      const height = along === "row" ? band[0] : sides[0];
      const width = along === "column" ? band[1] : sides[1];
      const gap = Math.min(sides[0], sides[1]) >= 8 ? 1 : 0;
      rectangle(left(key, width) + gap, top(query, height) + gap, width - 2 * gap, height - 2 * gap, style);
    },
    outline(query, key, style) {
      const [height, width] = band.map((side) => Math.max(side, 2 * least));
      context.strokeStyle = style;
      context.lineWidth = Math.max(2, least / 1.5);
      context.strokeRect(left(key, width), top(query, height), width, height);
    },
  };
}
