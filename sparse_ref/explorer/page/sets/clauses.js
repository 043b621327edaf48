// Clauses: the parts of a union, each of which admits keys. They have colours, five at most, that all of the
// page shares.

import { MAX_COLOURS } from "../common/limits.js";
import { notation } from "../language/expression.js";
import { positionsOf, rangesOf } from "./ranges.js";
import { rowOf } from "./rows.js";

/** The clauses of a pattern: the operands of its union and of unions in those; the pattern itself if it is no
 * union. A union in Blockwise, Shifted, Pooled or Documents is the union of the same around each of its
 * operands. */
export function clauseNodes(node) {
  if (node.kind === "union") return node.parts.flatMap(clauseNodes);
  if (["blockwise", "shifted", "pooled"].includes(node.kind)) {
    return clauseNodes(node.pattern).map((pattern) => ({ ...node, pattern }));
  }
  if (node.kind === "documents" && node.inner)
    return clauseNodes(node.inner).map((inner) => ({ ...node, inner }));
  return [node];
}

/** The texts of the clauses. */
export const clausesOf = (node) => clauseNodes(node).map(notation);

/** Whether each clause of a state is lit: those that are not named are. */
export const litClauses = (clauses, colours) =>
  clauses.map((_, place) => place < MAX_COLOURS && (colours?.[place] ?? true));

/** The row of query i by each clause: a Uint8Array of 0 and 1 for each. */
function rowsByClause(node, i, keyCount, context) {
  const keys = Int32Array.from({ length: keyCount }, (_, j) => j);
  return clauseNodes(node).map((clause) => {
    const cells = new Uint8Array(keyCount);
    rowOf(clause, context)(i, keys, cells);
    return cells;
  });
}

/** For each key of query i the number of the first clause that admits it, from 1; 0 if none does. The
 * clause's colour is that of partColour. */
export function clauseOfCells(node, i, keyCount, context) {
  const numbers = new Uint8Array(keyCount);
  rowsByClause(node, i, keyCount, context).forEach((cells, place) => {
    for (let j = 0; j < keyCount; j++) if (cells[j] && !numbers[j]) numbers[j] = Math.min(place + 1, 255);
  });
  return numbers;
}

/** The name of a clause's colour; the five colours repeat. */
export const partColour = (number) => `part-${((number - 1) % MAX_COLOURS) + 1}`;

/** The keys of query i: { clauses: [{ text, number, keys }], shared: [{ keys, clauses }], all }. Keys that
 * several clauses admit are in each of them, and in `shared`, by the numbers of these clauses. */
export function keysByClause(node, i, keyCount, context) {
  const rows = rowsByClause(node, i, keyCount, context);
  const clauses = clausesOf(node).map((text, place) => ({
    text,
    number: place + 1,
    keys: positionsOf(rows[place]),
  }));
  const owners = new Map();
  const all = [];
  for (let j = 0; j < keyCount; j++) {
    const admitting = clauses.filter((_, place) => rows[place][j]).map(({ number }) => number);
    if (admitting.length) all.push(j);
    if (admitting.length < 2) continue;
    const group = owners.get(`${admitting}`) ?? { keys: [], clauses: admitting };
    group.keys.push(j);
    owners.set(`${admitting}`, group);
  }
  return { clauses, shared: [...owners.values()], all };
}

/** Two rows: the keys in both, only in the first, only in the second, and the shift that maps the first on
 * the second, or null. */
export function compareRows(first, second) {
  const both = first.map((value, j) => value & second[j]);
  const onlyFirst = first.map((value, j) => value & (second[j] ^ 1));
  const onlySecond = second.map((value, j) => value & (first[j] ^ 1));
  const [common, left, right] = [both, onlyFirst, onlySecond].map(positionsOf);
  return { common, onlyFirst: left, onlySecond: right, shift: shiftOf(first, second) };
}

function shiftOf(first, second) {
  const [a, b] = [first, second].map((cells) => rangesOf(positionsOf(cells)));
  if (!a.length || a.length !== b.length) return null;
  const shift = b[0][0] - a[0][0];
  const isShifted = a.every(
    ([start, end], place) => b[place][0] - start === shift && b[place][1] - end === shift,
  );
  return isShifted ? shift : null;
}
