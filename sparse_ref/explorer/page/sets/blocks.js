// Rows and numbers of a mask: keys of each query, readers of each key, pairs in all and in blocks. A mask is
// { queries, keys, cells }, a byte a pair, row by row.

import { sum } from "../common/arrays.js";
import { positionsOf } from "./ranges.js";

const ONES = 0x01010101;
const SMALL = 4;
const rowCounts = new WeakMap();
const small = new WeakMap();

/** The row of a query: a view, not a copy. */
export const rowOfMask = ({ keys, cells }, query) => cells.subarray(query * keys, (query + 1) * keys);

/** The number of keys of each query, once for each mask. */
function keyCounts(mask) {
  if (!rowCounts.has(mask)) rowCounts.set(mask, countKeys(mask));
  return rowCounts.get(mask);
}

function countKeys({ queries, keys, cells }) {
  const counts = new Int32Array(queries);
  if (keys % 4) {
    for (let i = 0; i < queries; i++) counts[i] = sum(cells, i * keys, (i + 1) * keys);
    return counts;
  }
  const words = new Uint32Array(cells.buffer, cells.byteOffset, cells.length / 4);
  const width = keys / 4;
  for (let i = 0; i < queries; i++) {
    let total = 0;
    for (let x = i * width; x < (i + 1) * width; x++) total += Math.imul(words[x], ONES) >>> 24;
    counts[i] = total;
  }
  return counts;
}

/** { pairs, density, least, median, most, empty }: keys of a query, and how many queries have none. */
export function summaryOf(mask) {
  const sorted = Int32Array.from(keyCounts(mask)).sort();
  const pairs = sum(sorted);
  const middle = sorted.length >> 1;
  return {
    pairs,
    density: pairs / (mask.queries * mask.keys),
    least: sorted[0],
    median: sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2,
    most: sorted.at(-1),
    empty: sorted.filter((size) => size === 0).length,
  };
}

/** |{ (i, j) : j <= i }| for so many queries and keys. */
export function causalPairs(queries, keys) {
  const short = Math.min(queries, keys);
  return (short * (short + 1)) / 2 + (queries - short) * keys;
}

/** Pairs in each block [b_q, b_k] of a window { query, key, rows, columns }: { rows, columns, counts }. */
export function blockCounts(mask, block, window = wholeOf(mask)) {
  const isWhole = window.rows === mask.queries && window.columns === mask.keys;
  const isCoarse = isWhole && block.every((side) => side % SMALL === 0);
  if (!isCoarse) return blockSums(mask.cells, mask.keys, window, block);
  const { rows, columns, counts } = smallBlocks(mask);
  return blockSums(counts, columns, { query: 0, key: 0, rows, columns }, block.map((side) => side / SMALL));
}

const wholeOf = ({ queries, keys }) => ({ query: 0, key: 0, rows: queries, columns: keys });

/** Sums over blocks of a window of a table with `width` columns. */
function blockSums(table, width, window, [height, breadth]) {
  const rows = Math.ceil(window.rows / height);
  const columns = Math.ceil(window.columns / breadth);
  const counts = new Int32Array(rows * columns);
  for (let i = 0; i < window.rows; i++) {
    const from = (window.query + i) * width + window.key;
    let place = Math.floor(i / height) * columns;
    for (let start = 0; start < window.columns; start += breadth) {
      counts[place++] += sum(table, from + start, from + Math.min(start + breadth, window.columns));
    }
  }
  return { rows, columns, counts };
}

/** Pairs in blocks of 4 x 4, once for each mask: the blocks of other sizes are made of them. */
function smallBlocks(mask) {
  if (!small.has(mask)) small.set(mask, mask.keys % SMALL ? sumsOfBytes(mask) : sumsOfWords(mask));
  return small.get(mask);
}

const sumsOfBytes = (mask) => blockSums(mask.cells, mask.keys, wholeOf(mask), [SMALL, SMALL]);

function sumsOfWords({ queries, keys, cells }) {
  const rows = Math.ceil(queries / SMALL);
  const columns = keys / SMALL;
  const words = new Uint32Array(cells.buffer, cells.byteOffset, cells.length / 4);
  const counts = new Uint8Array(rows * columns);
  for (let i = 0; i < queries; i++) {
    const from = i * columns;
    const to = Math.floor(i / SMALL) * columns;
    for (let x = 0; x < columns; x++) counts[to + x] += Math.imul(words[from + x], ONES) >>> 24;
  }
  return { rows, columns, counts };
}

/** The keys of a query, ascending. */
export const keysOf = (mask, query) => positionsOf(rowOfMask(mask, query));

/** The queries that have a key, ascending. */
export function readersOf({ queries, keys, cells }, key) {
  const readers = [];
  for (let i = 0; i < queries; i++) if (cells[i * keys + key]) readers.push(i);
  return readers;
}
