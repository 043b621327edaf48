// The difference of two sets in the words of sparse_ref.verify: what explains it, the likeliest first. E is
// the expected mask, that of the first pattern, and A the actual one, that of the second.

import { clauseNodes } from "../sets/clauses.js";
import { hasRows } from "./comparison.js";
import { notation, ownLength } from "../language/expression.js";
import { inverses, isInversePlausible, missingParts, shifts } from "./hypotheses.js";
import { mismatches, missingGlobals, rowsText } from "./mismatches.js";
import { equals, ruleNames } from "./names.js";
import { LengthError, maskOf } from "../sets/rows.js";
import { rounding, skippedTiles } from "./tile_faults.js";

/** What explains that a pattern's set is A and not E: [{ kind, cause, text }]; none if they are equal, or if
 * nothing does. `other` is the pattern of A, if it is known: its name if no single rule equals A. */
export function explanations(node, E, A, context, other = null) {
  if (E.cells.every((value, place) => value === A.cells[place])) return [];
  if (!A.cells.includes(1)) return [nothing(node)];
  const wholes = wholeExplanations(node, E, A, context);
  const parts = mismatches(node, E, A);
  const isAlignment = ({ kind }) => kind === "alignment";
  const name = ruleNames(A, context).next().value ?? other;
  return [
    ...wholes.filter(isAlignment),
    ...(name ? [patternExplanation(name, node, wholes.length ? [] : parts)] : []),
    ...wholes.filter((whole) => !isAlignment(whole)),
    ...parts,
    ...keysInEmptyRows(E, A),
  ].map(({ kind, cause, text }) => ({ kind, cause, text }));
}

/** What explains two unions that differ in one clause: that of the clause, in a list; none if they differ in
 * more. */
export function clauseExplanation(node, other, shape, context) {
  const [asked, actual] = [node, other].map(clauseNodes);
  if (asked.length < 2 || asked.length !== actual.length) return [];
  const pairs = asked.map((clause, place) => [clause, actual[place]]);
  const differing = pairs.filter(([first, second]) => notation(first) !== notation(second));
  if (differing.length !== 1) return [];
  const [pair] = differing;
  const [E, A] = pair.map((clause) => maskOf(clause, shape, context));
  const found = explanations(pair[0], E, A, context, pair[1]).find(({ cause }) => cause);
  return found ? [{ ...found, text: `in one clause: ${found.text}` }] : [];
}

const nothing = (node) => ({
  kind: "nothing",
  cause: "attends to nothing",
  text: `attends to nothing, asked ${notation(node)}`,
});

/** The explanation that A is the set of another pattern. */
function patternExplanation(other, node, parts) {
  const words = parts.length ? `: ${parts.map(({ text }) => text).join("; ")}` : "";
  const cause = lostMask(other, node) || parts.map((part) => part.cause).join("; ");
  return { kind: "named", cause, text: `is ${notation(other)}, asked ${notation(node)}${words}` };
}

function lostMask(other, node) {
  if (other.name === "Full") return "the mask is lost: attends to every key";
  if (other.name !== "Causal" || node.name === "Causal") return "";
  return "only causality is left of the mask: attends to every key up to the query";
}

/** Faults that explain all of the difference. */
function wholeExplanations(node, E, A, context) {
  const isSet = ({ pattern }) => equalsMask(pattern, A, context);
  const inverse = isInversePlausible(E, A) ? inverses(node, E).find(({ row }) => hasRows(A, row)) : null;
  const globals = missingGlobals(node, E, A);
  return [
    ...(isTranspose(E, A) ? [transpose(node)] : []),
    ...(inverse ? [inverse] : []),
    ...(A.cells.includes(0) ? shifts(node, E, A).filter(isSet) : []),
    ...missingParts(node).filter(isSet),
    ...skippedTiles(node, E, A),
    ...rounding(node, E, A),
    ...(globals ? [{ kind: "globals missing", cause: globals, text: globals }] : []),
  ];
}

/** Whether a pattern is a mask; false if it has no rows at this size. */
function equalsMask(node, A, context) {
  const length = ownLength(node, context.data);
  const last = A.queries - 1 + (node.kind === "shifted" ? Number(node.offset) : 0);
  if (length !== null && (length !== A.keys || last >= length || last - A.queries + 1 < 0)) return false;
  try {
    return equals(node, A, context);
  } catch (error) {
    if (error instanceof LengthError) return false;
    throw error;
  }
}

function isTranspose(E, A) {
  if (E.queries !== E.keys) return false;
  return hasRows(A, (i, out) => {
    for (let j = 0; j < out.length; j++) out[j] = E.cells[j * E.keys + i];
  });
}

function transpose(node) {
  const cause = "transposed mask: queries and keys exchanged";
  return {
    kind: "transposed",
    cause,
    text: `is the transpose of ${notation(node)}: queries and keys exchanged`,
  };
}

/** Keys in rows that must be empty. */
function keysInEmptyRows(E, A) {
  let rows = 0;
  for (let start = 0; start < E.cells.length; start += E.keys) {
    const [row, other] = [E, A].map(({ cells }) => cells.subarray(start, start + E.keys));
    if (!row.includes(1) && other.includes(1)) rows++;
  }
  if (!rows) return [];
  const text = `attends to keys in ${rowsText(rows, E.queries)}, which must be empty`;
  return [{ kind: "empty rows", cause: "attends to keys in rows that must be empty", text }];
}
