// The difference of two masks in words: keys too many or missing at an edge, in the future, in other
// documents, of global positions. E is the expected mask and A the actual one. The words are those of
// sparse_ref.verify.

import { edgesOf, isCausalMask } from "./comparison.js";
import { rowOfMask } from "../sets/blocks.js";
import { GLOBAL_RULES, operands } from "./hypotheses.js";
import { count } from "../common/words.js";

const SHOWN_POSITIONS = 8;

/** A mismatch of some rows: { kind, cause, text }. `counts` has the number of keys of each row. */
function mismatch(kind, counts, cause) {
  const rows = counts.filter((keys) => keys > 0).length;
  const words = cause(keysText(counts));
  return {
    kind,
    cause: words,
    text: `${words} ${kind.endsWith("edge") ? "of" : "in"} ${rowsText(rows, counts.length)}`,
  };
}

/** How many keys per row: "one key", "3 keys", "up to 3 keys". */
function keysText(counts) {
  const some = counts.filter((keys) => keys > 0);
  const most = some.reduce((a, b) => Math.max(a, b));
  const text = most === 1 ? "one key" : `${count(most)} keys`;
  return some.every((keys) => keys === most) ? text : `up to ${text}`;
}

/** How many rows, of how many: "3 of 12 rows". */
export const rowsText = (rows, all) => `${count(rows)} of ${count(all)} rows`;

/** The mismatches that have words; other differing keys may have none. */
export function mismatches(node, E, A) {
  const edges = edgeCounts(E, A);
  const parts = [];
  for (const side of edges ? ["left", "right"] : []) {
    for (const [counts, noun] of [
      [edges[side].more, "too many"],
      [edges[side].fewer, "missing"],
    ]) {
      if (counts.some(Boolean))
        parts.push(mismatch(`${side} edge`, counts, (keys) => `${keys} ${noun} at the ${side} edge`));
    }
  }
  if (edges?.future.some(Boolean))
    parts.push(mismatch("future", edges.future, (keys) => `the future leaks: ${keys} after i`));
  const others = otherDocuments(node, E, A);
  if (others?.some(Boolean))
    parts.push(mismatch("documents", others, (keys) => `documents leak: ${keys} of other documents`));
  return parts;
}

/** Keys too many and too few at both ends of each row that has keys in both masks, and keys after the query;
 * null if no row has. */
function edgeCounts(E, A) {
  const [expected, actual] = [edgesOf(E), edgesOf(A)];
  const zeros = () => new Int32Array(E.queries);
  const found = {
    left: { more: zeros(), fewer: zeros() },
    right: { more: zeros(), fewer: zeros() },
    future: zeros(),
  };
  const isCausal = isCausalMask(E);
  let hasBoth = false;
  for (let i = 0; i < E.queries; i++) {
    const [row, other] = [rowOfMask(E, i), rowOfMask(A, i)];
    const [eStart, eStop, aStart, aStop] = [
      expected.start[i],
      expected.stop[i],
      actual.start[i],
      actual.stop[i],
    ];
    if (isCausal) found.future[i] = onlyIn(other, row, i + 1, E.keys);
    if (!eStop || !aStop) continue;
    hasBoth = true;
    found.left.more[i] = onlyIn(other, row, 0, eStart);
    found.left.fewer[i] = onlyIn(row, other, 0, aStart);
    found.right.more[i] = onlyIn(other, row, eStop, isCausal ? i + 1 : E.keys);
    found.right.fewer[i] = onlyIn(row, other, aStop, E.keys);
  }
  return hasBoth ? found : null;
}

/** How many of the positions start <= j < stop are in one row and not in the other. */
function onlyIn(row, other, start, stop) {
  let keys = 0;
  for (let j = start; j < Math.min(stop, row.length); j++) if (row[j] && !other[j]) keys++;
  return keys;
}

/** Extra keys of each row that belong to another packed document than their query; null if the pattern has no
 * documents. */
function otherDocuments(node, E, A) {
  const parts = [node, ...operands(node).map(({ part }) => part)];
  const documents = parts.find(({ kind }) => kind === "documents");
  if (!documents) return null;
  const owners = documents.lengths.flatMap((length, document) => Array(Number(length)).fill(document));
  return Int32Array.from({ length: E.queries }, (_, i) => {
    const [row, other] = [rowOfMask(E, i), rowOfMask(A, i)];
    return other.filter((value, j) => value && !row[j] && owners[j] !== owners[i]).length;
  });
}

/** In which full rows and columns keys are missing, if they are missing nowhere else; or "". */
export function missingGlobals(node, E, A) {
  if (!mayHaveGlobals(node)) return "";
  const { rows, columns } = fullRowsAndColumns(E);
  const [lackingRows, lackingColumns] = [new Set(), new Set()];
  for (let i = 0; i < E.queries; i++) {
    const [row, other] = [rowOfMask(E, i), rowOfMask(A, i)];
    for (let j = 0; j < E.keys; j++) {
      if (row[j] === other[j]) continue;
      if (other[j] || !(rows[i] || columns[j])) return "";
      if (rows[i]) lackingRows.add(i);
      if (columns[j]) lackingColumns.add(j);
    }
  }
  const lists = [positionsText("rows", lackingRows), positionsText("columns", lackingColumns)].filter(
    Boolean,
  );
  return lists.length ? `keys of the global ${lists.join(" and ")} are missing` : "";
}

/** False only if all parts of a pattern are rules, none of them a global one. */
function mayHaveGlobals(node) {
  const parts = operands(node).map(({ part }) => part);
  const isOther = ({ kind, name }) => kind === "rule" && !GLOBAL_RULES.includes(name);
  return !(parts.length ? parts : [node]).every(isOther);
}

/** The full rows and columns; of a causal mask, columns that are full below i = j. */
function fullRowsAndColumns(E) {
  const isCausal = isCausalMask(E);
  const rows = Array.from({ length: E.queries }, (_, i) => !isCausal && rowOfMask(E, i).every(Boolean));
  const columns = Array(E.keys).fill(true);
  for (let i = 0; i < E.queries; i++) {
    const row = rowOfMask(E, i);
    const stop = isCausal ? Math.min(i + 1, E.keys) : E.keys;
    for (let j = 0; j < stop; j++) if (!row[j]) columns[j] = false;
  }
  // Full columns after the last that is not full are the end of a window, and not global.
  const last = columns.lastIndexOf(false);
  if (isCausal) columns.fill(false, last < 0 ? E.keys - 1 : last);
  return { rows, columns };
}

/** Rising positions with their noun, the first of them if there are many. */
function positionsText(noun, positions) {
  const rising = [...positions].sort((a, b) => a - b);
  const shown = rising.slice(0, SHOWN_POSITIONS).join(", ");
  return rising.length ? `${noun} ${shown}${rising.length > SHOWN_POSITIONS ? ", ..." : ""}` : "";
}
