// Pictures: positions on an image (height, width) or a video (frames, height, width), read row by row; tiles
// of them, and the order in which a kernel reads one tile after the other.

import { keysOf } from "./blocks.js";
import { children } from "../language/expression.js";
import { isLength, MAX_COLOURS } from "../common/limits.js";
import { memory } from "../common/memory.js";
import { optionsOf } from "../common/options.js";
import { count } from "../common/words.js";

const remember = memory(4);
const isShape = (sides) =>
  Array.isArray(sides) && (sides.length === 2 || sides.length === 3) && sides.every(isLength);
const CHECKS = { shape: isShape, tile: isShape };
const DEFAULTS = { shape: null, tile: null, order: "rows" };

const product = (sides) => sides.reduce((total, side) => total * side, 1);

/** "4 x 16" */
export const shapeText = (shape) => shape.join(" x ");

/** { shape } of a text such as "4 x 16", or { message }. */
export function readShape(text, example) {
  const words = text
    .trim()
    .replace(/^\(|\)$/g, "")
    .split(/\s*[x×,]\s*/i)
    .filter(Boolean);
  const shape = words.map(Number);
  if (isShape(shape)) return { shape };
  return { message: `write two or three numbers, such as ${example}` };
}

/** Why a shape is none of n positions, or "". */
export function shapeFault(shape, n) {
  const positions = product(shape);
  return positions === n ? "" : `${shapeText(shape)} is ${count(positions)} positions, but n = ${count(n)}`;
}

/** The shape of the first grid of two or three axes in a pattern; else the most square image of n positions.
 * */
function usualShape(node, n) {
  const grid = gridIn(node);
  if (grid && product(grid) === n) return grid;
  let height = Math.floor(Math.sqrt(n));
  while (n % height) height--;
  return [height, n / height];
}

function gridIn(node) {
  if (node.kind === "grid" && node.shape.length >= 2 && node.shape.length <= 3) return node.shape;
  return children(node).map(gridIn).find(Boolean) ?? null;
}

const usualTile = (shape) => (shape.length === 3 ? [2, 4, 4] : [4, 4]);

/** The shape, tile and order that are chosen, or usual. */
export function gridOptions(state, node) {
  const { shape: chosen, tile, order } = optionsOf(state, "grid", DEFAULTS, CHECKS);
  const shape = chosen ?? usualShape(node, state.shape[1]);
  return { shape, tile: tile?.length === shape.length ? tile : usualTile(shape), order };
}

/** Position order[x] is at place x if tiles are read one after the other, each row by row; those at the far
 * sides are cut. */
export function tileOrder(shape, tile) {
  const tiles = shape.map((side, axis) => Math.ceil(side / tile[axis]));
  const members = Array.from({ length: product(tiles) }, () => []);
  for (let position = 0; position < product(shape); position++) {
    const place = coordinates(shape, position).map((x, axis) => Math.floor(x / tile[axis]));
    members[positionAt(tiles, place)].push(position);
  }
  return Int32Array.from(members.flat());
}

/** The same, remembered. */
export const orderFor = (shape, tile) => remember(`${shape} / ${tile}`, () => tileOrder(shape, tile));

/** The order in which the matrix is drawn, or null: queries and keys as they are numbered. */
export function orderOf(state) {
  const { shape, tile, order } = optionsOf(state, "grid", DEFAULTS, CHECKS);
  const [queries, keys] = state.shape;
  if (order !== "tiles" || !shape || shape.length !== tile?.length) return null;
  if (queries !== keys || shapeFault(shape, keys)) return null;
  return orderFor(shape, tile);
}

const orderedMasks = new WeakMap();

/** A mask whose queries and keys are in an order, or the mask if there is none; once for each mask. */
export function orderedMask(mask, order) {
  if (!order) return mask;
  const last = orderedMasks.get(mask);
  if (last?.order === order) return last.ordered;
  const { queries, keys, cells } = mask;
  const moved = new Uint8Array(cells.length);
  for (let a = 0; a < queries; a++) {
    const from = order[a] * keys;
    for (let b = 0; b < keys; b++) moved[a * keys + b] = cells[from + order[b]];
  }
  const ordered = { queries, keys, cells: moved };
  orderedMasks.set(mask, { order, ordered });
  return ordered;
}

/** The coordinates of a position. */
export function coordinates(shape, position) {
  const sides = [...shape].reverse();
  const reversed = sides.map((side) => {
    const coordinate = position % side;
    position = Math.floor(position / side);
    return coordinate;
  });
  return reversed.reverse();
}

/** The position at coordinates; null if they are outside. */
export function positionAt(shape, place) {
  if (place.some((x, axis) => x < 0 || x >= shape[axis])) return null;
  return place.reduce((position, x, axis) => position * shape[axis] + x, 0);
}

/** "frame 1, row 3, column 2" */
export function placeText(shape, position) {
  const names = ["frame", "row", "column"].slice(-shape.length);
  return coordinates(shape, position)
    .map((x, axis) => `${names[axis]} ${x}`)
    .join(", ");
}

/** The tabs whose keys are drawn, with those of the query: all tabs, or the current one if they are too many.
 * */
export function pictureTabs(store) {
  const { views, tab, query } = store.state;
  const isPlain = views.length === 1 || views.length > MAX_COLOURS;
  const shown = isPlain ? [views[tab]] : views;
  return shown.map(({ label, text }, place) => ({
    label,
    colour: isPlain ? "member" : `part-${place + 1}`,
    keys: query === null ? [] : keysOf(store.maskOf(text), query),
  }));
}

const MIN_CELL = 8; // pixels, below which frames are put into several rows

/** How frames lie in a width: side by side, or in as many rows as make cells largest if they were small. */
export function pictureLayout(shape, width, most = 420) {
  const [frames, rows, columns] = shape.length === 3 ? shape : [1, ...shape];
  const gap = 12;
  let best = null;
  for (let across = frames; across >= 1; across--) {
    const down = Math.ceil(frames / across);
    const wide = (width - gap * (across - 1)) / (across * columns);
    const high = (most - gap * (down - 1)) / (down * rows);
    const cell = Math.min(wide, high, 40);
    if (!best || (best.cell < MIN_CELL && cell > best.cell)) {
      best = { frames, rows, columns, across, down, cell, gap };
    }
  }
  if (best.cell > 3) best.cell = Math.floor(best.cell);
  const height = best.down * rows * best.cell + gap * (best.down - 1);
  return { ...best, total: Math.max(height, 12) };
}

/** The corner [left, top] of a position's cell. */
export function cornerOf(layout, position) {
  const { rows, columns, across, cell, gap } = layout;
  const [frame, row, column] = coordinates([Infinity, rows, columns], position);
  const left = (frame % across) * (columns * cell + gap) + column * cell;
  const top = Math.floor(frame / across) * (rows * cell + gap) + row * cell;
  return [left, top];
}

/** The position at a point, or null. */
export function positionOf(layout, left, top) {
  const { frames, rows, columns, across, cell, gap } = layout;
  const [wide, high] = [columns * cell + gap, rows * cell + gap];
  const [frameColumn, frameRow] = [Math.floor(left / wide), Math.floor(top / high)];
  const column = Math.floor((left - frameColumn * wide) / cell);
  const row = Math.floor((top - frameRow * high) / cell);
  if (frameColumn < 0 || frameColumn >= across) return null;
  return positionAt([frames, rows, columns], [frameRow * across + frameColumn, row, column]);
}
