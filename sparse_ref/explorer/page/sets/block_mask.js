// The BlockMask of FlexAttention as its print writes it: a line with the shape and the sparsity, then a
// picture for each head, a glyph twice for each block: █ computed, blank skipped, ░ some of the blocks that a
// glyph stands for, if it stands for several.

import { sum } from "../common/arrays.js";
import { MAX_LENGTH } from "../common/limits.js";
import { PasteError } from "./matrix_text.js";
import { count, plural } from "../common/words.js";

const HEADER = /BlockMask\(shape=\(([\d,\s]+)\),\s*sparsity=(-?[\d.]+)%/;
const TITLE = /^\s*\((\d+(?:, ?\d+)*,?)\)\s*$/;
const SIZES = [128, 64, 256, 32, 512, 16, 1024, 8, 2048, 4, 2, 1];

/** Whether a text may be a printed BlockMask. */
export const isBlockMask = (text) =>
  text.includes("BlockMask(") || (/[█░]/.test(text) && text.split("\n").some((line) => TITLE.test(line)));

/** { masks: [{ label, queries, keys, cells }], notes } of a printed BlockMask, a cell for each glyph. Throws
 * PasteError. */
export function blockMasksOf(text) {
  const header = HEADER.exec(text);
  const pictures = picturesOf(text);
  if (!pictures.length)
    throw new PasteError("the BlockMask has no picture: a line such as (0, 0), then rows of █ and blanks");
  const width = Math.max(...pictures.flatMap(({ rows }) => rows.map((row) => row.length)));
  const masks = pictures.map(({ label, rows }) => ({ label, ...maskOfGlyphs(rows, width) }));
  if (width === 0)
    throw new PasteError("the BlockMask has no block that is computed, so its picture has no width");
  const isReduced = pictures.some(({ rows }) => rows.some((row) => row.includes("░")));
  return { masks, notes: notesOf(header, masks, isReduced) };
}

/** The pictures of a text: { label, rows }, in which a row has each glyph once. */
function picturesOf(text) {
  const pictures = [];
  for (const [place, line] of text.split(/\r?\n/).entries()) {
    const title = TITLE.exec(line);
    if (title) pictures.push({ label: `(${title[1]})`, rows: [] });
    if (title || line.includes("BlockMask(") || line.trim() === ")") continue;
    if (/^(\.\.\.|To print out more|You can also index)/.test(line.trim())) continue;
    const picture = pictures.at(-1);
    if (picture) picture.rows.push(glyphsOf(line, place + 1));
    else if (line.trim())
      throw new PasteError(`line ${place + 1}: ${line.trim().slice(0, 40)} is no part of a BlockMask`);
  }
  for (const picture of pictures)
    while (picture.rows.length && picture.rows.at(-1) === "") picture.rows.pop();
  return pictures.filter(({ rows }) => rows.length);
}

function glyphsOf(line, number) {
  const strange = line.search(/[^█░ ]/);
  if (strange >= 0) {
    const letter = String.fromCodePoint(line.codePointAt(strange));
    throw new PasteError(`line ${number}, column ${strange + 1}: ${letter} is neither █, ░ nor a blank`);
  }
  const padded = line.length % 2 ? `${line} ` : line;
  let glyphs = "";
  for (let x = 0; x < padded.length; x += 2) {
    if (padded[x] !== padded[x + 1])
      throw new PasteError(`line ${number}, column ${x + 1}: each glyph is printed twice, this one is not`);
    glyphs += padded[x];
  }
  return glyphs;
}

function maskOfGlyphs(rows, keys) {
  if (rows.length > MAX_LENGTH || keys > MAX_LENGTH)
    throw new PasteError(`the picture has more than ${MAX_LENGTH} blocks a side; no more are drawn`);
  const cells = new Uint8Array(rows.length * keys);
  rows.forEach((row, i) => [...row].forEach((glyph, j) => (cells[i * keys + j] = glyph === " " ? 0 : 1)));
  return { queries: rows.length, keys, cells };
}

/** What the header says of the picture. */
function notesOf(header, masks, isReduced) {
  const [{ queries, keys }] = masks;
  const notes = ["A cell is a block: computed or skipped; the print does not show which are full."];
  if (isReduced)
    notes.push(
      "The print is reduced: ░ stands for blocks of which only some are computed, and is drawn like █.",
    );
  if (!header) return notes;
  const shape = header[1]
    .split(",")
    .filter((part) => part.trim())
    .map(Number);
  const [nQ, nK] = shape.slice(-2);
  const heads = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  if (heads > masks.length)
    notes.push(`The header has ${plural(heads, "head")}, the print ${masks.length} of them.`);
  const size = SIZES.find((block) => Math.ceil(nQ / block) === queries && Math.ceil(nK / block) === keys);
  if (!size) return notes;
  notes.push(
    `A block is ${size} x ${size} of ${count(nQ)} x ${count(nK)} pairs: the mask is Blockwise(..., ${size}).`,
  );
  if (!isReduced && heads === masks.length) notes.push(sparsityNote(header[2], masks, size, nQ * nK));
  return notes;
}

function sparsityNote(stated, masks, size, pairs) {
  const blocks = sum(masks.map(({ cells }) => sum(cells)));
  const sparsity = (100 * (1 - (blocks * size * size) / (pairs * masks.length))).toFixed(2);
  return sparsity === stated
    ? `The sparsity, ${stated}%, is that of the picture.`
    : `The sparsity is ${stated}%, that of the picture ${sparsity}%.`;
}
