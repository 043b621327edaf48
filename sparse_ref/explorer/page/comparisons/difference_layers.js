// What the matrix shows while a second expression is compared: the pairs in both, and those in one only.

import { kindsOf } from "./comparison.js";
import { LengthError } from "../sets/rows.js";

/** The kinds of compared pairs, in the order of kindsOf: their labels, and the colours that the page shares.
 * */
export const KINDS = [
  { label: "in neither", colour: "empty" },
  { label: "in both", colour: "muted" },
  { label: "only in the pattern", colour: "member" },
  { label: "only in the second", colour: "part-4" },
];

let last = { first: null, second: null, layers: null };

/** The layers of two expressions compared, as a painter answers; null without a second that can be drawn. */
export function differenceLayers(store) {
  const { other } = store.state;
  const second = other ? maskOrNull(store, other) : null;
  if (!second) return null;
  const first = store.mask;
  if (last.first !== first || last.second !== second)
    last = { first, second, layers: layersOf(first, second) };
  return last.layers;
}

function maskOrNull(store, text) {
  try {
    return store.maskOf(text);
  } catch (error) {
    if (error instanceof LengthError) return null;
    throw error;
  }
}

function layersOf(first, second) {
  const kinds = kindsOf(first, second);
  return KINDS.slice(1).map(({ label, colour }, place) => {
    const cells = new Uint8Array(kinds.length);
    for (let x = 0; x < kinds.length; x++) cells[x] = kinds[x] === place + 1 ? 1 : 0;
    return { label, colour, mask: { ...first, cells } };
  });
}
