// Masks written as text: 0 and 1 with or without blanks, commas and brackets, True and False, the glyphs of a
// picture.

import { MAX_LENGTH } from "../common/limits.js";

/** Why a text is no mask, and where if that is known. */
export class PasteError extends Error {}

const WORDS = { True: 1, False: 0, true: 1, false: 0 };
const GLYPHS = { 0: 0, 1: 1, "█": 1, "·": 0 };
const FRAME = /^\s*(?:(?:np\.|numpy\.|torch\.)?(?:tensor|array)\s*\()?/;
const FRAME_END = /(?:,\s*(?:dtype|device)\s*=\s*[\w.'":]+\s*)*\)?\s*;?\s*$/;

/** The mask of a text: { queries, keys, cells }. In brackets a row is a list; without them it is a line.
 * Throws PasteError. */
export function maskOfText(text) {
  const begin = FRAME.exec(text)[0].length;
  const tail = text.slice(-200);
  const end = Math.max(begin, text.length - FRAME_END.exec(tail)[0].length);
  const isBracketed = /[[(]/.test(text.slice(begin, begin + 1000));
  const rows = new RowCollector();
  const reader = isBracketed ? readBrackets : readLines;
  reader(text, begin, end, rows);
  return rows.mask();
}

/** Rows of one length, each checked as it ends. */
class RowCollector {
  constructor() {
    this.rows = [];
    this.row = new Uint8Array(MAX_LENGTH);
    this.length = 0;
  }

  add(value, text, place) {
    if (this.length === MAX_LENGTH)
      throw new PasteError(
        `${lineAndColumn(text, place)}: a row has more than ${MAX_LENGTH} keys; no more are drawn`,
      );
    this.row[this.length++] = value;
  }

  finish(text, place) {
    if (!this.length) return;
    if (this.rows.length === MAX_LENGTH)
      throw new PasteError(`the text has more than ${MAX_LENGTH} rows; no more are drawn`);
    const [first] = this.rows;
    if (first && first.length !== this.length) {
      const line = lineOf(text, place - 1);
      throw new PasteError(
        `row ${this.rows.length} (line ${line}) has ${this.length} cells, row 0 has ${first.length}`,
      );
    }
    this.rows.push(this.row.slice(0, this.length));
    this.length = 0;
  }

  mask() {
    if (!this.rows.length) throw new PasteError("the text has no 0 and no 1");
    const [queries, keys] = [this.rows.length, this.rows[0].length];
    const cells = new Uint8Array(queries * keys);
    this.rows.forEach((row, i) => cells.set(row, i * keys));
    return { queries, keys, cells };
  }
}

function readLines(text, begin, end, rows) {
  let place = begin;
  while (place < end) {
    const letter = text[place];
    if (letter === "\n") rows.finish(text, place);
    if (isSpace(letter) || letter === "," || letter === ";") place++;
    else place = readCell(text, place, rows);
  }
  rows.finish(text, place);
}

function readBrackets(text, begin, end, rows) {
  let depth = 0;
  let deepest = 0;
  let isDone = false; // whether a whole matrix has been closed
  let place = begin;
  while (place < end) {
    const letter = text[place];
    if (letter === "[" || letter === "(") deepest = Math.max(deepest, ++depth);
    if (letter === "]" || letter === ")") {
      if (rows.rows.length && depth === deepest - 1) isDone = true;
      rows.finish(text, place);
      depth--;
    }
    if (isSpace(letter) || "[](),".includes(letter)) place++;
    else {
      if (isDone)
        throw new PasteError(`${lineAndColumn(text, place)}: a second mask begins here; paste one at a time`);
      place = readCell(text, place, rows);
    }
  }
  rows.finish(text, place);
}

const isSpace = (letter) => letter === " " || letter === "\n" || letter === "\t" || letter === "\r";

/** Read one cell; the place after it. */
function readCell(text, place, rows) {
  const value = GLYPHS[text[place]];
  if (value !== undefined) {
    rows.add(value, text, place);
    return text[place + 1] === "." ? afterPoint(text, place) : place + 1;
  }
  const word = Object.keys(WORDS).find((name) => text.startsWith(name, place));
  if (word) {
    rows.add(WORDS[word], text, place);
    return place + word.length;
  }
  throw new PasteError(`${lineAndColumn(text, place)}: ${strange(text, place)}`);
}

/** The place after 1. or 1.0, if the number is 0 or 1. */
function afterPoint(text, place) {
  let next = place + 2;
  if (text.startsWith("...", place + 1)) return place + 1;
  while (text[next] === "0") next++;
  const isNumber = !/[\d.]/.test(text[next] ?? " ") && !/[\d.]/.test(text[place - 1] ?? " ");
  if (!isNumber) throw new PasteError(`${lineAndColumn(text, place)}: a number here is neither 0 nor 1`);
  return next;
}

function strange(text, place) {
  if (text.startsWith("...", place))
    return "... stands for rows or keys that were left out; print the whole mask";
  const letter = String.fromCodePoint(text.codePointAt(place));
  return `${letter} is neither 0 nor 1`;
}

const lineOf = (text, place) => text.slice(0, Math.max(0, place)).split("\n").length;

/** "line 3, column 5" */
function lineAndColumn(text, place) {
  const start = text.lastIndexOf("\n", place - 1) + 1;
  return `line ${lineOf(text, place)}, column ${place - start + 1}`;
}
