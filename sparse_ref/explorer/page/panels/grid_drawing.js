// A picture of positions: the query that is pointed at and its keys, in the colours of the tabs that have
// them.

import { cornerOf } from "../sets/grids.js";
import { css } from "../matrix/palette.js";

const MIN_LINED = 7; // pixels of a cell that has lines around it

/** Draw a picture of n positions; `tabs` are those of pictureTabs. */
export function drawPicture(context, { layout, n, tabs, query, key, tile, colour }) {
  drawCells(context, layout, Array(n).keys(), css(colour("empty")));
  for (const [position, names] of coloursOf(tabs)) {
    drawKey(
      context,
      layout,
      position,
      names.map((name) => css(colour(name))),
    );
  }
  if (tile) drawTiles(context, layout, tile, css(colour("edge")));
  if (key !== null) outline(context, layout, key, css(colour("reader")));
  if (query !== null) outline(context, layout, query, css(colour("query")));
}

/** The names of the colours of each key. */
function coloursOf(tabs) {
  const names = new Map();
  for (const { keys, colour } of tabs) {
    for (const key of keys) names.set(key, [...(names.get(key) ?? []), colour]);
  }
  return names;
}

const inner = (layout) => Math.max(layout.cell - (layout.cell > MIN_LINED ? 1 : 0), 1);

function drawCells(context, layout, positions, colour) {
  context.fillStyle = colour;
  const side = inner(layout);
  for (const position of positions) context.fillRect(...cornerOf(layout, position), side, side);
}

/** A key in the colours of its tabs, side by side. */
function drawKey(context, layout, position, colours) {
  const [left, top] = cornerOf(layout, position);
  const side = inner(layout);
  const band = side / colours.length;
  colours.forEach((colour, place) => {
    context.fillStyle = colour;
    context.fillRect(left + place * band, top, band, side);
  });
}

/** Lines between tiles, in each frame. */
function drawTiles(context, layout, tile, colour) {
  const { frames, rows, columns, cell } = layout;
  const [height, width] = tile.slice(-2);
  context.fillStyle = colour;
  for (let frame = 0; frame < frames; frame++) {
    const [left, top] = cornerOf(layout, frame * rows * columns);
    for (let x = width; x < columns; x += width) context.fillRect(left + x * cell - 1, top, 1, rows * cell);
    for (let y = height; y < rows; y += height) context.fillRect(left, top + y * cell - 1, columns * cell, 1);
  }
}

function outline(context, layout, position, colour) {
  const [left, top] = cornerOf(layout, position);
  const line = Math.max(2, layout.cell / 8);
  context.strokeStyle = colour;
  context.lineWidth = line;
  context.strokeRect(
    left + line / 2,
    top + line / 2,
    Math.max(inner(layout) - line, 1),
    Math.max(inner(layout) - line, 1),
  );
}
