// Rows of a pattern: which of the given keys a query has. A row is a function (i, keys, out) that sets out[x]
// to 1 if keys[x] is in A_i, else to 0; keys are an Int32Array, which parts of a pattern see as blocks,
// documents or coordinates. `formulas` are the translated rules.

import { children, notation, ownLength } from "../language/expression.js";
import { Positions } from "../common/integers.js";

const MAX_EXACT = 2 ** 53;
const ONES = 0x01010101;
const MAX_POSITION = 2 ** 15; // of queries and keys, offsets of queries included
const MAX_WORK = 2 ** 30; // pairs of one mask, each as often as pools overlap

/** Why a pattern cannot be drawn, such as a length that it is not stated for. */
export class LengthError extends Error {}

/** The row function of a node. `context` is { data, formulas }. */
export function rowOf(node, context) {
  return READERS[node.kind](node, context);
}

/** Throw LengthError if a node has no mask of this shape; without listed sets, no row need be asked for. */
export function checkShape(node, shape, context) {
  const isListed = (part) => part.kind === "listed" || children(part).some(isListed);
  if (isListed(node)) maskOf(node, shape, context);
  checkLength(node, shape, context);
  rowOf(node, context);
}

function checkLength(node, [queries, keyCount], context) {
  const length = ownLength(node, context.data);
  if (length !== null && length !== keyCount) {
    throw new LengthError(`this pattern is stated for n = ${length}, not for n = ${keyCount}`);
  }
  if (overlapOf(node) * queries * keyCount > MAX_WORK) {
    throw new LengthError("too many pools share a token to be drawn at this length");
  }
  checkQueries(node, [0, queries - 1], context);
}

/** How many rows of its parts one row of a node asks for: pools that overlap multiply. */
function overlapOf(node) {
  const inside = Math.max(1, ...children(node).map(overlapOf));
  return node.kind === "pooled" ? inside * Math.ceil(Number(node.length) / Number(node.stride)) : inside;
}

/** Throw LengthError if a part that is stated for one length has no rows for these queries. */
function checkQueries(node, [first, last], context) {
  const isStated = ["documents", "grid"].includes(node.kind) || context.data.rules[node.name]?.isSized;
  const length = isStated ? ownLength(node, context.data) : Infinity;
  if (first < 0 ? isStated : last >= length) {
    const asked = `asked for i = ${first < 0 ? first : last}`;
    throw new LengthError(`${notation(node)} has rows 0 <= i < ${length}, ${asked}`);
  }
  if (isStated) return; // its parts are asked for rows of theirs
  for (const part of children(node)) checkQueries(part, [first, last].map(queryInside(node)), context);
}

/** The query of a node as its parts see it. */
function queryInside({ kind, offset, block }) {
  if (kind === "shifted") return (i) => i + Number(offset);
  return kind === "blockwise" ? (i) => Math.floor(i / Number(block[0])) : (i) => i;
}

/** The mask of a node, one byte a pair, row by row. Throws LengthError. */
export function maskOf(node, [queries, keyCount], context) {
  checkLength(node, [queries, keyCount], context);
  const row = rowOf(node, context);
  const keys = Int32Array.from({ length: keyCount }, (_, j) => j);
  const cells = new Uint8Array(queries * keyCount);
  for (let i = 0; i < queries; i++) row(i, keys, cells.subarray(i * keyCount, (i + 1) * keyCount));
  return { queries, keys: keyCount, cells };
}

const READERS = {
  rule(node, context) {
    const row = ruleRow(node, context);
    return context.data.rules[node.name].isShiftInvariant ? byDistance(row) : row;
  },

  union: (node, context) => rowOfParts(node, context, (out, part) => {
    for (let x = 0; x < out.length; x++) out[x] |= part[x];
  }),

  intersection: (node, context) => rowOfParts(node, context, (out, part) => {
    for (let x = 0; x < out.length; x++) out[x] &= part[x];
  }),

  difference: (node, context) => rowOfParts(node, context, (out, part) => {
    for (let x = 0; x < out.length; x++) out[x] &= ~part[x];
  }),

  complement(node, context) {
    const row = rowOf(node.pattern, context);
    return (i, keys, out) => {
      row(i, keys, out);
      const words = wordsOf(out);
      const one = words === out ? 1 : ONES;
      for (let x = 0; x < words.length; x++) words[x] ^= one;
    };
  },

  shifted(node, context) {
    if (Math.abs(Number(node.offset)) > MAX_POSITION / 2) {
      throw new LengthError(`the offset ${node.offset} is too large to be drawn`);
    }
    const row = rowOf(node.pattern, context);
    return (i, keys, out) => row(i + node.offset, keys, out);
  },

  blockwise(node, context) {
    const [b_q, b_k] = node.block.map(Number);
    const row = rowOf(node.pattern, context);
    const blocks = perArray((keys) => keys.map((j) => Math.floor(j / b_k)));
    let last = { block: null, keys: null, row: null };
    return (i, keys, out) => {
      const block = Math.floor(i / b_q);
      if (last.block === block && last.keys === keys) return out.set(last.row);
      row(block, blocks(keys), out);
      last = { block, keys, row: out.slice() };
    };
  },

  pooled(node, context) {
    const [length, stride] = [Number(node.length), Number(node.stride)];
    const row = rowOf(node.pattern, context);
    const last = perArray((keys) => keys.map((j) => Math.floor(j / stride)));
    const overlap = Math.ceil(length / stride);
    const shifted = (keys, back) => last(keys).map((pool) => pool - back);
    const earlier = perArray((keys) => Array.from({ length: overlap }, (_, back) => shifted(keys, back)));
    return (i, keys, out) => {
      const part = new Uint8Array(keys.length);
      out.fill(0);
      for (const pools of earlier(keys)) {
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
    const documents = perArray((keys) => keys.map(documentOf));
    const places = perArray((keys) => keys.map((j) => j - (starts[documentOf(j)] ?? 0)));
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
    const sides = node.shape.map((side, axis) => [side, node.patterns[axis]]);
    const axes = sides.reverse().map(([side, pattern]) => {
      const step = place;
      place *= side;
      const coordinate = (x) => Math.floor(x / step) % side;
      const coordinates = perArray((keys) => keys.map(coordinate));
      return { row: rowOf(pattern, context), coordinate, coordinates };
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
    const { starts, indices, keys: covered } = context.data.listed[node.name];
    const last = perArray((keys) => keys.reduce((a, b) => Math.max(a, b), -1));
    const table = perArray((keys) => new Uint8Array(last(keys) + 1)); // keys beyond it leave no trace
    return (i, keys, out) => {
      if (i < 0 || i >= starts.length - 1) {
        throw new LengthError(`${node.name} has rows 0 <= i < ${starts.length - 1}, asked for i = ${i}`);
      }
      if (covered !== null && last(keys) >= covered) {
        const asked = `asked for j = ${last(keys)}`;
        throw new LengthError(`${node.name} is data with keys 0 <= j < ${covered}, ${asked}`);
      }
      const isMember = table(keys);
      const members = indices.subarray(starts[i], starts[i + 1]);
      for (const j of members) isMember[j] = 1;
      for (let x = 0; x < keys.length; x++) out[x] = isMember[keys[x]];
      for (const j of members) isMember[j] = 0;
    };
  },
};

/** The row of a rule, by its formula. */
function ruleRow(node, context) {
  const facts = context.data.rules[node.name];
  const { columns, fill, holds } = context.formulas[node.name];
  const given = [...node.values, ...Object.values(facts.constants)];
  const read = (number, set) => given.map((value) => (Array.isArray(value) ? set(value) : number(value)));
  const sizes = node.values.flat().map((value) => Math.abs(Number(value)));
  if (Math.max(MAX_POSITION, ...sizes) ** facts.degree < MAX_EXACT / 16) {
    const values = read((x) => x, (set) => new Positions(set));
    const ofKeys = perArray((keys) => [...values, ...columns(keys, ...values)]);
    return (i, keys, out) => fill(i, keys, out, ...ofKeys(keys));
  }
  const values = read(BigInt, (set) => new Set(set.map(BigInt)));
  return (i, keys, out) => {
    for (let x = 0; x < keys.length; x++) out[x] = holds(BigInt(i), BigInt(keys[x]), ...values) ? 1 : 0;
  };
}

/** The row of a rule that depends on j - i only: a part of one line, which is computed once. */
function byDistance(row) {
  let first = 0;
  let line = new Uint8Array(0);
  const isRange = perArray((keys) => keys.every((j, x) => j === keys[0] + x));
  return (i, keys, out) => {
    if (!keys.length || !isRange(keys)) return row(i, keys, out);
    const start = keys[0] - i;
    if (start < first || start + keys.length > first + line.length) {
      first = start - keys.length;
      const distances = Int32Array.from({ length: 3 * keys.length }, (_, x) => first + x);
      line = new Uint8Array(distances.length);
      row(0, distances, line);
    }
    return out.set(line.subarray(start - first, start - first + keys.length));
  };
}

/** The first part's row, then each other part's, joined into it. */
function rowOfParts(node, context, join) {
  const [first, ...others] = node.parts.map((part) => rowOf(part, context));
  let part = new Uint8Array(0);
  return (i, keys, out) => {
    if (part.length !== keys.length) part = new Uint8Array(keys.length);
    first(i, keys, out);
    for (const row of others) {
      row(i, keys, part);
      join(wordsOf(out), wordsOf(out) === out ? part : wordsOf(part));
    }
  };
}

/** Bytes as words of four, if they are aligned; else as they are. */
function wordsOf(bytes) {
  if (bytes.byteOffset % 4 || bytes.length % 4) return bytes;
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

/** A function of keys that computes once for each array. */
function perArray(compute) {
  const values = new WeakMap();
  return (keys) => {
    if (!values.has(keys)) values.set(keys, compute(keys));
    return values.get(keys);
  };
}

/** The listed rows of a page's data, unpacked: where each row starts among the indices. */
export function unpackListed({ length, keys, rows, runs }) {
  const next = numbersOf(runs);
  const starts = new Int32Array(rows + 1);
  const indices = [];
  for (let i = 0; i < rows; i++) {
    let place = 0;
    for (let left = next(); left > 0; left--) {
      place += next();
      for (let stop = place + next(); place < stop; place++) indices.push(place);
    }
    starts[i + 1] = indices.length;
  }
  return { length, keys, starts, indices: Int32Array.from(indices) };
}

/** A function that reads one number after the other: bytes of seven bits, lowest first, in base 64. */
function numbersOf(text) {
  const bytes = atob(text);
  let at = 0;
  return () => {
    let number = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.charCodeAt(at++);
      number |= (byte & 127) << shift;
      if (byte < 128) return number;
    }
  };
}
