// The matrix of reach: which positions j reach which i through the first m layers, and which of these no
// fewer layers join.

import { hasBit, rowBits, wordCount } from "./bitsets.js";

const REACHED = 1; // a kind of 0 is not reached
const NEW = 2;
const GONE = 3;
const KIND_COLOURS = ["empty", "member", "part-2", "waste"];

/** The kind of each pair after m layers, row by row: GONE is reached by fewer layers only. */
export function reachKinds(table, counts, n, m) {
  const words = wordCount(n);
  const kinds = new Uint8Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = rowBits(table, i, words);
    for (let j = 0; j < n; j++) {
      const first = counts[i * n + j];
      if (hasBit(row, j)) kinds[i * n + j] = first === m ? NEW : REACHED;
      else if (first >= 0 && first < m) kinds[i * n + j] = GONE;
    }
  }
  return kinds;
}

/** Draw the kinds on a canvas, one pixel a pair. */
export function drawKinds(canvas, kinds, n, colour) {
  canvas.width = n;
  canvas.height = n;
  const image = new ImageData(n, n);
  const colours = KIND_COLOURS.map(colour);
  kinds.forEach((kind, x) => image.data.set([...colours[kind], 255], x * 4));
  canvas.getContext("2d").putImageData(image, 0, 0);
}
