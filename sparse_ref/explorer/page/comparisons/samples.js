// A few pairs of a mask that reject most candidates at once: some rows from end to end, in each the keys
// about which it changes and some from end to end.

import { rowOfMask } from "../sets/blocks.js";
import { rowOf } from "../sets/rows.js";

const ROWS = 9;
const KEYS = 48; // of a row, about

/** [{ i, keys, want }]: in row i, the cells `want` of some keys. */
export function samplesOf(mask) {
  const rows = new Set([0, Math.min(7, mask.queries - 1)]);
  for (let x = 0; x < ROWS; x++) rows.add(Math.round((x * (mask.queries - 1)) / (ROWS - 1)));
  return [...rows].map((i) => {
    const row = rowOfMask(mask, i);
    const keys = Int32Array.from(sampledKeys(row));
    return { i, keys, want: Uint8Array.from(keys, (j) => row[j]) };
  });
}

function sampledKeys(row) {
  if (row.length <= KEYS) return row.keys();
  const keys = new Set([0, row.length - 1]);
  for (let j = 1; j < row.length && keys.size < KEYS / 2; j++)
    if (row[j] !== row[j - 1]) keys.add(j - 1).add(j);
  const last = row.lastIndexOf(1);
  for (const j of [last, last + 1]) if (j >= 0 && j < row.length) keys.add(j);
  for (let x = 0; keys.size < KEYS && x < KEYS; x++) keys.add(Math.floor(((x * 0.618034) % 1) * row.length));
  return keys;
}

/** In how many samples a pattern is wrong, counted until there are more than `most`. */
export function wrongSamples(node, samples, context, most) {
  const row = rowOf(node, context);
  let wrong = 0;
  for (const { i, keys, want } of samples) {
    const out = new Uint8Array(keys.length);
    row(i, keys, out);
    for (let x = 0; x < out.length; x++) wrong += out[x] ^ want[x];
    if (wrong > most) break;
  }
  return wrong;
}

/** Which of the samples that the mask has a pattern has too, in their order; null if it has one that the mask
 * has not. */
export function coverage(node, samples, context) {
  const row = rowOf(node, context);
  const covered = [];
  for (const { i, keys, want } of samples) {
    const out = new Uint8Array(keys.length);
    row(i, keys, out);
    for (let x = 0; x < out.length; x++) {
      if (out[x] > want[x]) return null;
      if (want[x]) covered.push(out[x]);
    }
  }
  return Uint8Array.from(covered);
}
