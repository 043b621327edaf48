// Reasons: why a key is in or out of a query's row, with the numbers put into the formulas.

import { evaluate, numberText, substitute } from "../language/evaluation.js";
import { notation } from "../language/expression.js";
import { coordinates } from "./grids.js";
import { rowOf } from "./rows.js";

const MAX_POOLS = 4;

/** Why key j is in or out of the row of query i: { text, holds, steps, lines: [{ name, text, value }], parts
 * }. `steps` are what i and j become before the pattern inside sees them; the last line is the formula. */
export function reason(node, i, j, context) {
  const cells = new Uint8Array(1);
  rowOf(node, context)(i, Int32Array.of(j), cells);
  const { steps = [], lines = [], parts = [] } = REASONS[node.kind](node, i, j, context);
  return { text: notation(node), holds: cells[0] === 1, steps, lines, parts };
}

const ofParts = (node, i, j, context) => ({ parts: node.parts.map((part) => reason(part, i, j, context)) });

const REASONS = {
  rule: (node, i, j, context) => ({ lines: formulaLines(node, i, j, context.data.rules[node.name]) }),
  union: ofParts,
  intersection: ofParts,
  difference: ofParts,
  complement: (node, i, j, context) => ({ parts: [reason(node.pattern, i, j, context)] }),

  shifted(node, i, j, context) {
    const query = i + Number(node.offset);
    return {
      steps: [`query ${i} is read as query ${query}`],
      parts: [reason(node.pattern, query, j, context)],
    };
  },

  blockwise(node, i, j, context) {
    const [b_q, b_k] = node.block.map(Number);
    const [query, key] = [Math.floor(i / b_q), Math.floor(j / b_k)];
    return {
      steps: [`query ${i} is in block ${query}, key ${j} in block ${key}`],
      parts: [reason(node.pattern, query, key, context)],
    };
  },

  pooled(node, i, j, context) {
    const [length, stride] = [Number(node.length), Number(node.stride)];
    const last = Math.floor(j / stride);
    const pools = [];
    for (let pool = last; pool >= 0 && j - pool * stride < length; pool--) pools.unshift(pool);
    if (!pools.length) return { steps: [`key ${j} is in no pool`] };
    const parts = pools.map((pool) => reason(node.pattern, i, pool, context));
    const admitting = parts.find(({ holds }) => holds);
    const noun = pools.length === 1 ? "pool" : "pools";
    return {
      steps: [`key ${j} is in ${noun} ${pools.join(", ")}`],
      parts: admitting ? [admitting] : parts.slice(0, MAX_POOLS),
    };
  },

  documents(node, i, j, context) {
    const [query, key] = [i, j].map((x) => placeIn(node.lengths.map(Number), x));
    if (query.document !== key.document) {
      return { steps: [`query ${i} is in document ${query.document}, key ${j} in document ${key.document}`] };
    }
    const steps = [
      `both are in document ${query.document}: there the query is ${query.place}, the key ${key.place}`,
    ];
    return { steps, parts: node.inner ? [reason(node.inner, query.place, key.place, context)] : [] };
  },

  grid(node, i, j, context) {
    const sides = node.shape.map(Number);
    const [query, key] = [i, j].map((x) => coordinates(sides, x));
    const steps = [`query ${i} is at (${query.join(", ")}), key ${j} at (${key.join(", ")})`];
    return {
      steps,
      parts: node.patterns.map((pattern, axis) => reason(pattern, query[axis], key[axis], context)),
    };
  },

  listed(node, i, j, context) {
    const { starts, indices } = context.data.listed[node.name];
    const keys = indices.subarray(starts[i], starts[i + 1]);
    return { steps: [`row ${i} ${keys.includes(j) ? "lists" : "does not list"} key ${j}`] };
  },
};

/** The formula of a rule with the numbers put in: a line for each part that has a name, then the result. */
function formulaLines(node, i, j, facts) {
  const [query, key, ...parameters] = facts.arguments;
  const values = { [query]: BigInt(i), [key]: BigInt(j) };
  for (const [name, numbers] of Object.entries(facts.constants)) values[name] = numbers.map(BigInt);
  parameters.forEach((name, place) => {
    const value = node.values[place];
    values[name] = Array.isArray(value) ? value.map(BigInt) : BigInt(value);
  });
  const lines = [];
  for (const [name, text] of [...facts.parts, ["", facts.result]]) {
    const value = evaluate(text, values);
    lines.push({ name, formula: text, text: substitute(text, values), value: numberText(value) });
    values[name] = value;
  }
  return lines;
}

function placeIn(lengths, x) {
  let start = 0;
  for (const [document, length] of lengths.entries()) {
    if (x < start + length) return { document, place: x - start };
    start += length;
  }
  return { document: lengths.length, place: x - start };
}
