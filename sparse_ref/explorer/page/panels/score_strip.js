// The scores of a query as bars, one an atom in the order of positions, coloured by what became of them; and
// a threshold to drag.

import { css } from "../matrix/palette.js";
import { CHOSEN, FORCED, HIDDEN, LEFT, TIED_IN, TIED_OUT } from "../sets/selections.js";

export const STRIP_HEIGHT = 170;
const MOST = 4.1; // of a score, to either side of 0
const AXIS = 26; // pixels to the left of the bars
const MARGIN = 10;

/** The colour of each kind, by its number, and what it is called. */
export const KINDS = [
  ["empty", "hidden"],
  ["muted", "left"],
  ["member", "chosen"],
  ["part-3", "forced"],
  ["part-4", "tied, taken"],
  ["part-2", "tied, left"],
];

const heightOf = (score) => MARGIN + ((MOST - score) / (2 * MOST)) * (STRIP_HEIGHT - 2 * MARGIN);

/** The score at a height of the strip. */
export const scoreAt = (top) => MOST - ((top - MARGIN) / (STRIP_HEIGHT - 2 * MARGIN)) * 2 * MOST;

/** The atom at a place across the strip, or null. */
export function atomAt(left, width, atoms) {
  const e = Math.floor(((left - AXIS) / (width - AXIS)) * atoms);
  return e >= 0 && e < atoms ? e : null;
}

/** Draw a row: bars stand on the least score, kinds that matter above those that do not. */
export function drawStrip(context, width, { scores, kinds, threshold, key, colour }) {
  const step = (width - AXIS) / scores.length;
  const side = Math.max(1, step - (step > 4 ? 1 : 0));
  const bottom = heightOf(-MOST);
  for (const kind of [HIDDEN, LEFT, CHOSEN, TIED_OUT, TIED_IN, FORCED]) {
    context.fillStyle = css(colour(KINDS[kind][0]));
    scores.forEach((score, e) => {
      const top = heightOf(score);
      if (kinds[e] === kind) context.fillRect(AXIS + e * step, top, side, bottom - top);
    });
  }
  context.fillStyle = css(colour("soft"));
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  for (const score of [-4, -2, 0, 2, 4]) context.fillText(`${score}`, 0, heightOf(score));
  if (key !== null) mark(context, AXIS + (key + 0.5) * step, bottom + 4, css(colour("reader")));
  if (threshold !== null) drawThreshold(context, width, heightOf(threshold), css(colour("ink")));
}

/** A triangle below the atom that is pointed at. */
function mark(context, x, y, style) {
  context.fillStyle = style;
  context.beginPath();
  context.moveTo(x, y - 4);
  context.lineTo(x - 5, y + 5);
  context.lineTo(x + 5, y + 5);
  context.fill();
}

function drawThreshold(context, width, y, style) {
  context.strokeStyle = style;
  context.lineWidth = 2;
  context.setLineDash([6, 4]);
  context.beginPath();
  context.moveTo(AXIS, y);
  context.lineTo(width, y);
  context.stroke();
  context.setLineDash([]);
  context.fillStyle = style;
  context.beginPath();
  context.arc(width - 7, y, 6, 0, 2 * Math.PI);
  context.fill();
}
