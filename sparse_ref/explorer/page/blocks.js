// Numbers of a mask: pairs in all, keys of each query, pairs in blocks and in windows. A mask is { queries, keys, cells }, a byte a pair.

const ONES = 0x01010101;
const rowCounts = new WeakMap();

/** How many of the bytes [from, to) are 1. */
export function sum(bytes, from, to) {
  let total = 0;
  for (let x = from; x < to; x++) total += bytes[x];
  return total;
}

/** The number of keys of each query, once for each mask. */
export function keyCounts(mask) {
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

/** What a mask costs: { pairs, density, least, median, most, empty }, the keys of a query and how many have none. */
export function summaryOf(mask) {
  const sorted = Int32Array.from(keyCounts(mask)).sort();
  const pairs = sorted.reduce((a, b) => a + b, 0);
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

/** Pairs in each block [b_q, b_k] of a window { query, key, rows, columns } of a mask: { rows, columns, counts }. */
export function blockCounts(mask, [b_q, b_k], window = wholeOf(mask)) {
  const rows = Math.ceil(window.rows / b_q);
  const columns = Math.ceil(window.columns / b_k);
  const counts = new Int32Array(rows * columns);
  const isAligned = b_k === 4 && mask.keys % 4 === 0 && window.key % 4 === 0 && window.columns % 4 === 0;
  const add = isAligned ? addWords : addBytes;
  for (let i = 0; i < window.rows; i++) {
    const from = (window.query + i) * mask.keys + window.key;
    add(counts, Math.floor(i / b_q) * columns, mask.cells, from, window.columns, b_k);
  }
  return { rows, columns, counts };
}

export const wholeOf = ({ queries, keys }) => ({ query: 0, key: 0, rows: queries, columns: keys });

function addBytes(counts, place, cells, from, width, block) {
  for (let start = 0; start < width; start += block) {
    counts[place++] += sum(cells, from + start, from + Math.min(start + block, width));
  }
}

function addWords(counts, place, cells, from, width) {
  const words = new Uint32Array(cells.buffer, cells.byteOffset + from, width / 4);
  for (let x = 0; x < words.length; x++) counts[place + x] += Math.imul(words[x], ONES) >>> 24;
}

/** The keys of a query, ascending. */
export function keysOf({ keys, cells }, query) {
  const row = cells.subarray(query * keys, (query + 1) * keys);
  const members = [];
  for (let j = row.indexOf(1); j >= 0; j = row.indexOf(1, j + 1)) members.push(j);
  return members;
}

/** The queries that have a key, ascending. */
export function readersOf({ queries, keys, cells }, key) {
  const readers = [];
  for (let i = 0; i < queries; i++) if (cells[i * keys + key]) readers.push(i);
  return readers;
}
