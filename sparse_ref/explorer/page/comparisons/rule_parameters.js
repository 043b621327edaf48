// The parameters of a rule that a mask implies, if it came from that rule at all. Row r of the mask is query
// i = r + shift.

import { sum } from "../common/arrays.js";
import { rowOfMask } from "../sets/blocks.js";

/** By the name of each rule the parameters to try on a mask that has a key. If any parameters up to n fit,
 * then these do, and no others that fit come before them. If none fit, these may be out of bounds, or the
 * rule may be left out. */
export function ruleParameters(mask, shift) {
  const rows = rowFacts(mask, shift);
  const [left, right] = [
    most(rows.map(({ i, first }) => i - first)),
    most(rows.map(({ i, last }) => last - i)),
  ];
  const longest = Math.max(mask.queries, mask.keys);
  const behind = Math.min(longest, least(rows.map(({ behind }) => behind)));
  const ahead = Math.min(longest, least(rows.map(({ ahead }) => ahead)));
  const step = Math.max(left, right) ? Math.min(behind, ahead) : 1;
  const columns = columnsWithKeys(mask);
  const filled = sum(columns);
  const queries = mask.queries + shift;
  const smallest = Math.min(rows.length < mask.queries ? 0 : least(rows.map(({ count }) => count)), queries);
  // Columns after the last query say nothing about l and c.
  const visible = columns.subarray(0, Math.max(0, queries));
  const positions = mask.cells.includes(0)
    ? globalPositions(mask, shift)
    : Array.from({ length: Math.max(0, smallest) }, (_, x) => x);
  return {
    Full: [],
    Causal: [],
    Window: [Math.max(left, right)],
    Lookback: [left + 1],
    Local: [Math.max(left, 1)],
    Strided: [Math.min(behind, queries)],
    Block: [
      blockLength(
        rows.map(({ first }) => first),
        left,
        longest,
      ),
    ],
    Sinks: [filled],
    Prefix: [filled],
    Global: [smallest],
    Band: [left, right],
    Dilated: [Math.floor(Math.max(left, right) / step), step],
    Chunk: chunk(mask, shift, rows, columns),
    Summary: summary(visible),
    SubBlock: subBlock(visible),
    ...(positions.length ? { GlobalAt: [positions] } : {}),
  };
}

const most = (numbers) => numbers.reduce((a, b) => Math.max(a, b), -Infinity);
const least = (numbers) => numbers.reduce((a, b) => Math.min(a, b), Infinity);

/** Of each row with keys: its query, its first and last key, how many there are, the least distance to a key
 * before and after i. */
function rowFacts(mask, shift) {
  const facts = [];
  for (let r = 0; r < mask.queries; r++) {
    const row = rowOfMask(mask, r);
    const first = row.indexOf(1);
    if (first < 0) continue;
    const i = r + shift;
    const before = i > 0 ? row.subarray(0, i).lastIndexOf(1) : -1;
    const after = row.indexOf(1, Math.max(0, i + 1));
    facts.push({
      i,
      first,
      last: row.lastIndexOf(1),
      count: sum(row),
      behind: before < 0 ? Infinity : i - before,
      ahead: after < 0 ? Infinity : after - i,
    });
  }
  return facts;
}

function columnsWithKeys(mask) {
  const columns = new Uint8Array(mask.keys);
  for (let r = 0; r < mask.queries; r++) {
    const row = rowOfMask(mask, r);
    for (let j = 0; j < mask.keys; j++) columns[j] |= row[j];
  }
  return columns;
}

/** The least l > left, up to n, that divides the first key of every row; 0 if there is none. */
function blockLength(firstKeys, left, longest) {
  const common = firstKeys.reduce(greatestDivisor, 0);
  for (let l = Math.max(left, 0) + 1; l <= longest; l++) if (common % l === 0) return l;
  return 0;
}

const greatestDivisor = (a, b) => (b === 0 ? a : greatestDivisor(b, a % b));

/** [keys, offset] from the cuts: positions at which rows or columns change. A chunk with keys ends there. */
function chunk(mask, shift, rows, columns) {
  const positions = [...rows.map(({ i }) => i), columns.indexOf(1), columns.lastIndexOf(1)];
  // The outer two need not be cuts, but no cut lies beyond them.
  const outer = [least(positions), most(positions) + 1];
  const changes = [...rowChanges(mask).map((r) => r + shift), ...columnChanges(mask)];
  const cuts = [...new Set([...outer, ...changes])].sort((a, b) => a - b);
  const keys = most(cuts.slice(1).map((cut, place) => cut - cuts[place]));
  const first = cuts.length > 2 ? cuts[1] : cuts[0];
  return [keys, ((first % keys) + keys) % keys];
}

/** The rows that differ from the one before. */
export function rowChanges(mask) {
  const changes = [];
  for (let r = 1; r < mask.queries; r++) {
    const before = rowOfMask(mask, r - 1);
    if (rowOfMask(mask, r).some((value, j) => value !== before[j])) changes.push(r);
  }
  return changes;
}

/** The columns that differ from the one before. */
export function columnChanges(mask) {
  const isChange = new Uint8Array(mask.keys);
  for (let r = 0; r < mask.queries; r++) {
    const row = rowOfMask(mask, r);
    for (let j = 1; j < mask.keys; j++) isChange[j] |= row[j] ^ row[j - 1];
  }
  return Array.from(isChange.keys()).filter((j) => isChange[j]);
}

/** The positions that attend to all keys or that all queries attend to. */
export function globalPositions(mask, shift) {
  const columns = new Uint8Array(mask.keys).fill(1);
  const positions = new Set();
  for (let r = 0; r < mask.queries; r++) {
    const row = rowOfMask(mask, r);
    if (!row.includes(0)) positions.add(r + shift);
    for (let j = 0; j < mask.keys; j++) columns[j] &= row[j];
  }
  columns.forEach((isFull, j) => isFull && positions.add(j));
  return [...positions].sort((a, b) => a - b);
}

/** [l, c] from the columns that contain any key: the first of them are l - c <= j < l. */
function summary(columns) {
  if (!columns.includes(0)) return [1, 1];
  const start = Math.max(0, columns.indexOf(1));
  const gap = columns.indexOf(0, start);
  const l = gap < 0 ? columns.length : gap;
  return [l, l - start];
}

/** [l, c, number] from the columns with keys: runs of c, from l - number c, one in every l. */
function subBlock(columns) {
  if (!columns.includes(0)) return [1, 1, 1];
  const starts = Array.from(columns.keys()).filter((j) => columns[j] && !columns[j - 1]);
  if (!starts.length) return [0, 0, 0];
  const [first, second] = starts;
  const gap = columns.indexOf(0, first);
  const c = gap < 0 ? columns.length - first : gap - first;
  if (second === undefined) {
    // The least number that puts the next run beyond the last column.
    const number = Math.max(Math.ceil((columns.length - 2 * first) / c), 1);
    return [first + number * c, c, number];
  }
  const l = second - first;
  return (l - first) % c ? [0, 0, 0] : [l, c, Math.floor((l - first) / c)];
}
