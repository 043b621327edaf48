// The cells of the picture: one for each pair, or for each block of pairs if there are more than pixels.

import { blockCounts } from "../sets/blocks.js";
import { mix } from "./palette.js";
import { SKIPPED, tilesOf } from "../sets/tiles.js";

const LEAST_SHADE = 0.5; // of a block with one pair, so that it is seen

/** The smallest power of two that leaves no more blocks than pixels. */
function blockFor(count, pixels) {
  let block = 1;
  while (Math.ceil(count / block) > Math.max(pixels, 1)) block *= 2;
  return block;
}

/** A window on pixels [height, width]: { block: [b_q, b_k], window from a block on, rows, columns }. */
export function layout(window, [height, width]) {
  const block = [blockFor(window.rows, height), blockFor(window.columns, width)];
  const query = window.query - (window.query % block[0]);
  const key = window.key - (window.key % block[1]);
  const seen = { query, key, rows: window.rows, columns: window.columns };
  const [rows, columns] = [seen.rows / block[0], seen.columns / block[1]].map(Math.ceil);
  return { block, window: seen, rows, columns };
}

/** Red, green, blue, alpha of each cell. `colour` is a palette, `layers` are those of a painter. */
export function cellBytes(mask, place, colour, { layers = null, tileBlock = 0 }) {
  const counts = blockCounts(mask, place.block, place.window).counts;
  const sizes = cellSizes(place);
  const pixels = new Uint32Array(counts.length);
  const base = tileBlock ? visitedShares(mask, place, tileBlock) : null;
  const paint = layers ? layerPaint(layers, place, colour, counts) : plainPaint(colour, base);
  for (let x = 0; x < counts.length; x++) pixels[x] = paint(x, counts[x], sizes(x));
  return new Uint8ClampedArray(pixels.buffer);
}

/** sizes(x) -> pairs in a cell, which are fewer at the edges. */
function cellSizes({ block: [b_q, b_k], window, rows, columns }) {
  const last = [window.rows - (rows - 1) * b_q, window.columns - (columns - 1) * b_k];
  const inside = b_q * b_k;
  const edge = columns - 1;
  const bottom = (rows - 1) * columns;
  return (x) => {
    const isRight = x % columns === edge;
    if (!isRight && x < bottom) return inside;
    return (x < bottom ? b_q : last[0]) * (isRight ? last[1] : b_k);
  };
}

const STEPS = 64;
const RGB = [0, 1, 2];

/** A colour as a pixel: its bytes are red, green, blue, alpha from the lowest. */
function pixel(colour) {
  const [red, green, blue] = colour.map(Math.round);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Members by their share, on cells that are empty, or on cells that a kernel computes and drops. */
function plainPaint(colour, base) {
  const empty = table(colour("empty"), colour("member"));
  const wasted = table(colour("waste"), colour("member"));
  const ends = [colour("empty"), colour("waste")];
  const blended = Array.from({ length: STEPS + 1 }, (_, step) => pixel(mix(...ends, step / STEPS)));
  return (x, count, size) => {
    const step = count === 0 ? 0 : Math.max(1, Math.round((count / size) * STEPS));
    if (!base || base[x] === 0) return empty[step];
    return count === 0 ? blended[Math.ceil(base[x] * STEPS)] : wasted[step];
  };
}

/** The colours of shares from 0 to 1. */
function table(none, all) {
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const share = step === 0 ? 0 : LEAST_SHADE + (1 - LEAST_SHADE) * (step / STEPS);
    return pixel(mix(none, all, share));
  });
}

/** Colours of layers, mixed by how many pairs each has; a pair that is in several has a colour of its own. */
function layerPaint(layers, place, colour, total) {
  const counts = layers.map(({ mask }) => blockCounts(mask, place.block, place.window).counts);
  const colours = layers.map((layer) => colour(layer.colour));
  const [none, muted, several] = ["empty", "muted", "several"].map(colour);
  const blank = pixel(none);
  return (x, count, size) => {
    const present = counts.map((layer) => layer[x]);
    const pairs = present.reduce((a, b) => a + b, 0);
    const share = Math.max(count, ...present) / size;
    if (share === 0) return blank;
    let value = muted;
    const mean = (c) => colours.reduce((total, own, layer) => total + own[c] * present[layer], 0) / pairs;
    if (pairs > 0) value = RGB.map(mean);
    if (size === 1 && pairs > 1) value = several;
    return pixel(mix(none, value, LEAST_SHADE + (1 - LEAST_SHADE) * share));
  };
}

/** The share of each cell that lies in tiles that are visited. */
function visitedShares(mask, { block, window, rows, columns }, side) {
  const tiles = tilesOf(mask, side);
  const shares = new Float32Array(rows * columns);
  const firsts = (start, step, count) => Array.from({ length: count }, (_, x) => start + x * step);
  const tops = firsts(window.query, block[0], rows);
  const lefts = firsts(window.key, block[1], columns);
  const [height, width] = block.map((length) => length / side);
  tops.forEach((top, row) => lefts.forEach((left, column) => {
    shares[row * columns + column] = visitedShare(tiles, top / side, left / side, height, width);
  }));
  return shares;
}

function visitedShare(tiles, top, left, height, width) {
  const bottom = Math.min(tiles.rows, Math.max(Math.ceil(top + height), Math.floor(top) + 1));
  const right = Math.min(tiles.columns, Math.max(Math.ceil(left + width), Math.floor(left) + 1));
  let visited = 0;
  let all = 0;
  for (let row = Math.floor(top); row < bottom; row++) {
    for (let column = Math.floor(left); column < right; column++) {
      visited += tiles.kinds[row * tiles.columns + column] === SKIPPED ? 0 : 1;
      all++;
    }
  }
  return all ? visited / all : 0;
}
