// Rows of a pattern: which of the given keys a query has. A row is a function (i, keys, out) that sets out[x] to 1 if keys[x] is in A_i,
// else to 0; keys are an Int32Array, which parts of a pattern see as blocks, documents or coordinates. `formulas` are the translated rules.

import { ownLength } from "./expression.js";
import { Positions } from "./integers.js";

const MAX_EXACT = 2 ** 53;
const MAX_POSITION = 2 ** 15; // of queries and keys, offsets of queries included

/** Why a pattern cannot be drawn, such as a length that it is not stated for. */
export class LengthError extends Error {}

/** The row function of a node. `context` is { data, formulas }. */
export function rowOf(node, context) {
  return READERS[node.kind](node, context);
}

/** The mask of a node, one byte a pair, row by row. Throws LengthError. */
export function maskOf(node, [queries, keyCount], context) {
  const length = ownLength(node, context.data);
  if (length !== null && length !== keyCount) {
    throw new LengthError(`this pattern is stated for n = ${length}, not for n = ${keyCount}`);
  }
  const row = rowOf(node, context);
  const keys = Int32Array.from({ length: keyCount }, (_, j) => j);
  const cells = new Uint8Array(queries * keyCount);
  for (let i = 0; i < queries; i++) row(i, keys, cells.subarray(i * keyCount, (i + 1) * keyCount));
  return { queries, keys: keyCount, cells };
}

const READERS = {
  rule(node, context) {
    const facts = context.data.rules[node.name];
    const { fill, holds } = context.formulas[node.name];
    const constants = Object.values(facts.constants);
    const most = Math.max(MAX_POSITION, ...node.values.flat().map((value) => Math.abs(Number(value))));
    if (most ** facts.degree < MAX_EXACT / 16) {
      const values = [...node.values, ...constants].map((value) => (Array.isArray(value) ? new Positions(value) : value));
      return (i, keys, out) => fill(i, keys, out, ...values);
    }
    const values = [...node.values, ...constants].map((value) => (Array.isArray(value) ? new Set(value.map(BigInt)) : BigInt(value)));
    return (i, keys, out) => {
      for (let x = 0; x < keys.length; x++) out[x] = holds(BigInt(i), BigInt(keys[x]), ...values) ? 1 : 0;
    };
  },

  union: (node, context) => combined(node, context, (out, part) => {
    for (let x = 0; x < out.length; x++) out[x] |= part[x];
  }),

  intersection: (node, context) => combined(node, context, (out, part) => {
    for (let x = 0; x < out.length; x++) out[x] &= part[x];
  }),

  difference: (node, context) => combined(node, context, (out, part) => {
    for (let x = 0; x < out.length; x++) out[x] &= part[x] ^ 1;
  }),

  complement(node, context) {
    const row = rowOf(node.pattern, context);
    return (i, keys, out) => {
      row(i, keys, out);
      for (let x = 0; x < out.length; x++) out[x] ^= 1;
    };
  },

  shifted(node, context) {
    if (Math.abs(Number(node.offset)) > MAX_POSITION / 2) throw new LengthError(`the offset ${node.offset} is too large to be drawn`);
    const row = rowOf(node.pattern, context);
    return (i, keys, out) => row(i + node.offset, keys, out);
  },

  blockwise(node, context) {
    const [b_q, b_k] = node.block.map(Number);
    const row = rowOf(node.pattern, context);
    const blocks = remembered((keys) => keys.map((j) => Math.floor(j / b_k)));
    return (i, keys, out) => row(Math.floor(i / b_q), blocks(keys), out);
  },

  pooled(node, context) {
    const [length, stride] = [Number(node.length), Number(node.stride)];
    const row = rowOf(node.pattern, context);
    const last = remembered((keys) => keys.map((j) => Math.floor(j / stride)));
    const overlap = Math.ceil(length / stride);
    return (i, keys, out) => {
      const part = new Uint8Array(keys.length);
      out.fill(0);
      for (let back = 0; back < overlap; back++) {
        const pools = last(keys).map((pool) => pool - back);
        row(i, pools, part);
        for (let x = 0; x < keys.length; x++) {
          const isInside = pools[x] >= 0 && keys[x] - pools[x] * stride < length;
          if (isInside) out[x] |= part[x];
        }
      }
    };
  },

  documents(node, context) {
    const starts = [];
    let total = 0;
    for (const length of node.lengths) {
      starts.push(total);
      total += length;
    }
    const documentOf = (x) => starts.findLastIndex((start, d) => start <= x && x < start + node.lengths[d]);
    const row = node.inner && rowOf(node.inner, context);
    const documents = remembered((keys) => keys.map(documentOf));
    const places = remembered((keys) => keys.map((j) => j - (starts[documentOf(j)] ?? 0)));
    return (i, keys, out) => {
      const document = documentOf(i);
      if (row) row(i - (starts[document] ?? 0), places(keys), out);
      else out.fill(1);
      const owners = documents(keys);
      for (let x = 0; x < out.length; x++) out[x] &= owners[x] === document ? 1 : 0;
    };
  },

  grid(node, context) {
    let place = 1;
    const axes = node.shape.map((side, axis) => [side, node.patterns[axis]]).reverse().map(([side, pattern]) => {
      const step = place;
      place *= side;
      const coordinate = (x) => Math.floor(x / step) % side;
      return { row: rowOf(pattern, context), coordinate, coordinates: remembered((keys) => keys.map(coordinate)) };
    });
    return (i, keys, out) => {
      const part = new Uint8Array(keys.length);
      out.fill(1);
      for (const { row, coordinate, coordinates } of axes) {
        row(coordinate(i), coordinates(keys), part);
        for (let x = 0; x < out.length; x++) out[x] &= part[x];
      }
    };
  },

  listed(node, context) {
    const { starts, indices } = context.data.listed[node.name];
    return (i, keys, out) => {
      if (i < 0 || i >= starts.length - 1) throw new LengthError(`${node.name} has rows 0 <= i < ${starts.length - 1}, asked for i = ${i}`);
      const members = new Set(indices.subarray(starts[i], starts[i + 1]));
      for (let x = 0; x < keys.length; x++) out[x] = members.has(keys[x]) ? 1 : 0;
    };
  },
};

/** The first part's row, then each other part's, joined into it. */
function combined(node, context, join) {
  const [first, ...others] = node.parts.map((part) => rowOf(part, context));
  let part = new Uint8Array(0);
  return (i, keys, out) => {
    if (part.length !== keys.length) part = new Uint8Array(keys.length);
    first(i, keys, out);
    for (const row of others) {
      row(i, keys, part);
      join(out, part);
    }
  };
}

/** A function of keys that computes once for the same array. */
function remembered(compute) {
  let last = null;
  let value = null;
  return (keys) => {
    if (keys !== last) [last, value] = [keys, compute(keys)];
    return value;
  };
}

/** The listed rows of a page's data, unpacked: where each row starts among the indices. */
export function unpackListed({ length, counts, keys }) {
  const sizes = numbers(counts);
  const starts = new Int32Array(sizes.length + 1);
  for (let i = 0; i < sizes.length; i++) starts[i + 1] = starts[i] + sizes[i];
  return { length, starts, indices: numbers(keys) };
}

function numbers(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Uint16Array(bytes.buffer);
}
