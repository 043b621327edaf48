// Two masks compared, pair by pair: of which kind each pair is, how many there are of each, and what the
// differing ones have in common. A mask is { queries, keys, cells }, one byte a pair, row by row. E is the
// expected mask and A the actual one.

import { areEqual } from "../common/arrays.js";
import { rowOfMask } from "../sets/blocks.js";

const [NEITHER, BOTH, FIRST, SECOND] = [0, 1, 2, 3];

/** The kind of each pair: 0 in neither, 1 in both, 2 only in the first, 3 only in the second. The masks have
 * one shape. */
export function kindsOf(first, second) {
  const kinds = new Uint8Array(first.cells.length);
  for (let x = 0; x < kinds.length; x++) kinds[x] = KIND_OF[first.cells[x]][second.cells[x]];
  return kinds;
}

const KIND_OF = [
  [NEITHER, SECOND],
  [FIRST, BOTH],
];

/** The rows in which two masks differ. */
export function differingRows(kinds, keyCount) {
  const rows = [];
  for (let start = 0; start < kinds.length; start += keyCount) {
    if (kinds.subarray(start, start + keyCount).some((kind) => kind > BOTH)) rows.push(start / keyCount);
  }
  return rows;
}

/** Whether each row of a mask is `row(i, out)`, which fills the array that it is given; rows are filled only
 * until one differs. */
export function hasRows(mask, row) {
  const out = new Uint8Array(mask.keys);
  for (let i = 0; i < mask.queries; i++) {
    row(i, out);
    if (!areEqual(out, rowOfMask(mask, i))) return false;
  }
  return true;
}

/** Whether no row of a mask has a key after its query. */
export function isCausalMask(mask) {
  for (let i = 0; i < mask.queries; i++) if (rowOfMask(mask, i).lastIndexOf(1) > i) return false;
  return true;
}

/** The first key of each row, and the first position after its last key: 0 and 0 in empty rows. */
export function edgesOf(mask) {
  const start = new Int32Array(mask.queries);
  const stop = new Int32Array(mask.queries);
  for (let i = 0; i < mask.queries; i++) {
    const row = rowOfMask(mask, i);
    stop[i] = row.lastIndexOf(1) + 1;
    start[i] = Math.max(0, row.indexOf(1));
  }
  return { start, stop };
}
