// What a faulty pattern may have become, each with the words for it, likeliest first: the inverse, the sets
// of other queries, a pattern without one of its parts, a last tile that is skipped. A hypothesis is { kind,
// cause, text, pattern } or has `matches` in place of a pattern. The words are those of sparse_ref.verify.

import { areEqual } from "../common/arrays.js";
import { rowOfMask } from "../sets/blocks.js";
import { notation } from "../language/expression.js";

export const GLOBAL_RULES = ["Global", "GlobalAt", "Prefix", "Sinks"];
const PAIRS = ["union", "intersection", "difference"];
const MAX_SHIFT = 8; // queries
export const POWERS = [2, 4, 8, 16, 32, 64, 128, 256];
const SIZES = Array.from({ length: 257 }, (_, size) => size).filter(
  (size) => (size > 1 && size < 50) || (size > 55 && size % 8 === 0),
);
export const TILES = [...POWERS, ...SIZES.filter((size) => !POWERS.includes(size))];

/** A rule with its numbers. */
export const rule = (name, ...values) => ({ kind: "rule", name, values });

/** left (sign) right, a chain of one sign from the left as one node. */
export function joinPair(kind, left, right) {
  return { kind, parts: left.kind === kind ? [...left.parts, right] : [left, right] };
}

/** A pattern's operand on the right, and what comes before it. */
function split({ kind, parts }) {
  return { left: parts.length === 2 ? parts[0] : { kind, parts: parts.slice(0, -1) }, right: parts.at(-1) };
}

/** { part, rest } for each operand of a union, intersection or difference in a pattern: the operand, and the
 * pattern without it. */
export function operands(node) {
  if (node.kind === "blockwise") {
    return operands(node.pattern).map(({ part, rest }) => ({ part, rest: { ...node, pattern: rest } }));
  }
  if (!PAIRS.includes(node.kind)) return [];
  const { left, right } = split(node);
  const found = [{ part: right, rest: left }];
  // Without its left operand a difference is no pattern.
  if (node.kind !== "difference") found.unshift({ part: left, rest: right });
  for (const { part, rest } of operands(left)) found.push({ part, rest: joinPair(node.kind, rest, right) });
  for (const { part, rest } of operands(right)) found.push({ part, rest: joinPair(node.kind, left, rest) });
  return found;
}

/** The texts of the patterns that a pattern is the union of, as far as unions go; none if it is no union. */
function branchTexts(node) {
  if (node.kind === "blockwise") return branchTexts(node.pattern);
  if (node.kind !== "union") return [];
  const { left, right } = split(node);
  return [left, right].flatMap((side) => [notation(side), ...branchTexts(side)]);
}

/** A union, an intersection or a difference without one of its operands. */
export function missingParts(node) {
  const branches = branchTexts(node);
  return operands(node).map(({ part, rest }) => {
    let kind = "part missing";
    if (part.kind === "listed" && part.name.startsWith("Random(")) kind = "random missing";
    else if (part.kind === "rule" && GLOBAL_RULES.includes(part.name)) kind = "globals missing";
    const text = notation(part);
    const isBranch = kind === "part missing" && branches.includes(text);
    const cause = `${text} is missing${isBranch ? ": this branch is never attended to" : ""}`;
    return hypothesis(node, rest, kind, cause);
  });
}

const hypothesis = (node, pattern, kind, cause) => ({
  kind,
  cause,
  text: `is ${notation(pattern)}, asked ${notation(node)}: ${cause}`,
  pattern,
});

/** The keys outside the set: all of them, or those up to the query; rows without any such key may have every
 * key. */
export function inverses(node, E) {
  const text = `inverted mask: attends exactly where ${notation(node)} forbids it`;
  const filled = "; rows without any such key average over all keys, as with a finite mask";
  const hypotheses = [];
  for (const [isCausal, suffix] of [
    [false, ""],
    [true, ", up to key i"],
  ]) {
    for (const isFilled of [false, true]) {
      const words = `${text}${suffix} (True and False swapped?)${isFilled ? filled : ""}`;
      const row = (i, out) => inverseRow(rowOfMask(E, i), out, isCausal ? i + 1 : E.keys, isFilled);
      hypotheses.push({ kind: "inverted", cause: "inverted mask", text: words, row });
    }
  }
  return hypotheses;
}

function inverseRow(row, out, stop, isFilled) {
  for (let j = 0; j < out.length; j++) out[j] = j < stop ? row[j] ^ 1 : 0;
  if (isFilled && !out.includes(1)) out.fill(1);
}

/** Whether E and A have keys in common only in rows of A that have every key. */
export function isInversePlausible(E, A) {
  for (let i = 0; i < E.queries; i++) {
    const [row, other] = [rowOfMask(E, i), rowOfMask(A, i)];
    if (row.some((value, j) => value && other[j]) && other.includes(0)) return false;
  }
  return true;
}

/** The sets of other queries: query i has those of query i + step. A step between upper-left and bottom-right
 * is the other alignment. */
export function shifts(node, E, A) {
  const [base, offset] = node.kind === "shifted" ? [node.pattern, Number(node.offset)] : [node, 0];
  const bottomRight = E.keys - E.queries;
  return shiftSteps(bottomRight)
    .filter((step) => rowsAgree(E, A, step))
    .map((step) => {
      const other = offset + step;
      const pattern = other ? { kind: "shifted", pattern: base, offset: other } : base;
      if (Math.abs(step) === Math.abs(bottomRight) && (other === 0 || other === bottomRight)) {
        return hypothesis(
          node,
          pattern,
          "alignment",
          `${other === bottomRight ? "bottom-right" : "upper-left"} alignment`,
        );
      }
      const sign = step > 0 ? "+" : "-";
      return hypothesis(
        node,
        pattern,
        "shifted",
        `query i has the keys of query i ${sign} ${Math.abs(step)}`,
      );
    });
}

/** The steps to try: between both alignments, then by a few queries either way. */
function shiftSteps(bottomRight) {
  const steps = [bottomRight, -bottomRight];
  for (let size = 1; size <= MAX_SHIFT; size++) steps.push(size, -size);
  return [...new Set(steps)].filter((step) => step !== 0);
}

/** Whether row i of A is row i + step of E, as far as E has it. */
function rowsAgree(E, A, step) {
  const offset = Math.abs(step) * E.keys;
  if (step > 0)
    return areEqual(A.cells.subarray(0, Math.max(0, A.cells.length - offset)), E.cells.subarray(offset));
  return areEqual(A.cells.subarray(offset), E.cells.subarray(0, Math.max(0, E.cells.length - offset)));
}
