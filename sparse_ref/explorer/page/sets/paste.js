// What is pasted, as masks: 0/1 text, a printed BlockMask, or CSR as JSON; and masks as short text, for a
// link.

import { blockMasksOf, isBlockMask } from "./block_mask.js";
import { maskOfText, PasteError } from "./matrix_text.js";
import { keysOf } from "./blocks.js";
import { rangesOf } from "./ranges.js";
import { isLength, MAX_LENGTH } from "../common/limits.js";
import { count } from "../common/words.js";

export const MAX_PASTE = 2 ** 27; // letters

/** { masks: [{ queries, keys, cells, label }], notes } of a text. Throws PasteError, which says what is wrong
 * and where. */
export function readPaste(text) {
  if (text.length > MAX_PASTE)
    throw new PasteError(`the text has ${count(text.length)} letters; up to ${count(MAX_PASTE)} are read`);
  if (!text.trim())
    throw new PasteError("the text is empty: paste a mask, such as 10 on one line and 11 on the next");
  if (text.trimStart().startsWith("{")) return { masks: [csrMask(text)], notes: [] };
  if (isBlockMask(text)) return blockMasksOf(text);
  return { masks: [maskOfText(text)], notes: [] };
}

/** The mask of CSR as JSON: indptr, indices and shape; without a shape it is square. */
function csrMask(text) {
  const { indptr, indices, shape } = csrParts(text);
  const isSquare = shape === undefined;
  const [queries, keys] = isSquare ? [indptr.length - 1, indptr.length - 1] : shapeOf(shape);
  if (queries !== indptr.length - 1)
    throw new PasteError(
      `indptr has ${indptr.length} numbers, for ${queries} queries it needs ${queries + 1}`,
    );
  if (Math.max(queries, keys) > MAX_LENGTH)
    throw new PasteError(`shape is ${queries} x ${keys}; up to ${MAX_LENGTH} x ${MAX_LENGTH} are drawn`);
  if (!queries || !keys) throw new PasteError("the mask is empty: it needs a query and a key at least");
  const [first, last] = [indptr[0], indptr.at(-1)];
  if (first !== 0 || last !== indices.length) {
    throw new PasteError(
      `indptr must go from 0 to the number of indices, ${indices.length}; it goes from ${first} to ${last}`,
    );
  }
  const fall = indptr.findIndex((start, i) => indptr[i + 1] < start); // sought first: it bounds the rows
  if (fall >= 0) {
    const [start, stop] = indptr.slice(fall);
    throw new PasteError(`indptr must not fall: indptr[${fall}] is ${start}, indptr[${fall + 1}] is ${stop}`);
  }
  const cells = new Uint8Array(queries * keys);
  for (let i = 0; i < queries; i++) {
    for (let x = indptr[i]; x < indptr[i + 1]; x++) {
      if (indices[x] >= keys) {
        const why = isSquare
          ? `without a shape the mask is square, ${queries} x ${queries}`
          : `shape has ${keys} keys`;
        throw new PasteError(`indices[${x}] is ${indices[x]}, but ${why}`);
      }
      cells[i * keys + indices[x]] = 1;
    }
  }
  return { queries, keys, cells };
}

function csrParts(text) {
  let parts;
  try {
    parts = JSON.parse(text);
  } catch (error) {
    throw new PasteError(`this is no JSON: ${error.message.slice(0, 200)}`);
  }
  const strange = Object.keys(parts).find((name) => !["indptr", "indices", "shape"].includes(name));
  if (strange !== undefined)
    throw new PasteError(`CSR has indptr, indices and shape; ${strange.slice(0, 40)} is not read`);
  for (const name of ["indptr", "indices"]) {
    if (!Array.isArray(parts[name])) throw new PasteError(`CSR needs ${name}, a list of integers`);
    const place = parts[name].findIndex((value) => !Number.isInteger(value) || value < 0);
    if (place >= 0) {
      const value = JSON.stringify(parts[name][place]).slice(0, 40);
      throw new PasteError(`${name}[${place}] must be an integer of at least 0, got ${value}`);
    }
  }
  return parts;
}

function shapeOf(shape) {
  const isShape =
    Array.isArray(shape) && shape.length === 2 && shape.every((side) => Number.isInteger(side) && side >= 0);
  if (!isShape) throw new PasteError(`shape must be [n_q, n_k], got ${JSON.stringify(shape).slice(0, 40)}`);
  return shape;
}

/** A mask as short text: rows as ranges, "0-3_8", joined by "."; "0-3*4" is four such rows. */
export function packRows(mask) {
  const rows = Array.from({ length: mask.queries }, (_, i) => {
    const positions = keysOf(mask, i);
    return rangesOf(positions)
      .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
      .join("_");
  });
  const groups = [];
  for (const row of rows) {
    if (groups.at(-1)?.row === row) groups.at(-1).times++;
    else groups.push({ row, times: 1 });
  }
  return groups.map(({ row, times }) => (times === 1 ? row : `${row}*${times}`)).join(".");
}

/** The mask of such a text. Throws PasteError. */
export function unpackRows(text, [queries, keys]) {
  if (!isLength(queries) || !isLength(keys))
    throw new PasteError(`a pasted mask has 1 to ${MAX_LENGTH} queries and keys`);
  const cells = new Uint8Array(queries * keys);
  let i = 0;
  for (const group of text.split(".")) {
    const [row, times = "1"] = group.split("*");
    const stop = i + Number(times);
    if (!(stop <= queries)) throw new PasteError(`a pasted mask has other rows than ${queries}`);
    for (; i < stop; i++) {
      for (const range of row ? row.split("_") : []) {
        const [first, last = first] = range.split("-").map(Number);
        if (!(first <= last && last < keys))
          throw new PasteError(`a pasted mask has no keys ${range.slice(0, 20)}`);
        cells.fill(1, i * keys + first, i * keys + last + 1);
      }
    }
  }
  if (i !== queries) throw new PasteError(`a pasted mask has other rows than ${queries}`);
  return { queries, keys, cells };
}

/** [name, { sides, rows }] of the sets that were pasted, as a panel's options keep them. */
export function pastedSets(options) {
  const sets = Object.entries(options?.paste?.sets ?? {});
  const strange = sets.find(([name]) => !/^Pasted_\d+$/.test(name));
  if (strange) throw new PasteError(`a pasted mask is called Pasted_1, not ${strange[0].slice(0, 40)}`);
  return sets;
}
