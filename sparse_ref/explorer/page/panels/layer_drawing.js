// Layers as rows of positions, the input at the bottom: which are lit in each, the edges between them, and a
// path through them.

import { forEachBit, hasBit, members, rowBits } from "../sets/bitsets.js";
import { css } from "../matrix/palette.js";

const LABELS = 52; // pixels to the left of the positions
const MAX_EDGES = 900;
const MARGIN = 18; // for positions above and below

const rowHeight = (rows) => Math.max(12, Math.min(44, 320 / rows));
export const drawingHeight = (rows) => rows * rowHeight(rows) + 2 * MARGIN;

/** Where things lie: x(position), y(row), their size, and the place { row, position } of a point, or null. */
export function geometry(n, rows, width) {
  const step = (width - LABELS - 2) / n;
  const height = rowHeight(rows);
  const x = (position) => LABELS + (position + 0.5) * step;
  const y = (row) => MARGIN + (rows - 1 - row + 0.5) * height;
  const at = (left, top) => {
    const position = Math.floor((left - LABELS) / step);
    const row = rows - 1 - Math.floor((top - MARGIN) / height);
    const isInside = position >= 0 && position < n && row >= 0 && row < rows;
    return isInside ? { row, position } : null;
  };
  return { x, y, at, right: width, side: Math.max(1, Math.min(step - (step > 4 ? 1 : 0), height * 0.55)) };
}

/** Draw `sets`, one a row from below, in the colour `lit`, with the edges of `layers` and a path; `ends` are
 * positions below and above. */
export function drawLayers(context, width, { layers, sets, lit, path, why, ends, colour }) {
  const { n } = layers[0];
  const place = geometry(n, sets.length, width);
  const ink = css(colour("ink"));
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  sets.forEach((set, row) => {
    context.fillStyle = ink;
    context.fillText(row === 0 ? "input" : `layer ${row}`, 0, place.y(row));
    drawRow(context, place, n, row, set, [css(colour("empty")), css(colour(lit))]);
  });
  context.fillStyle = ink;
  drawNumbers(context, place, place.y(0) + MARGIN, [ends[0], 0, n - 1]);
  drawNumbers(context, place, place.y(sets.length - 1) - MARGIN, [ends[1]]);
  drawEdges(context, place, layers, sets, css(colour(lit), 0.45));
  const top = sets.length - 1;
  const chosen = css(colour("part-4"));
  if (path) drawPath(context, place, path.slice(0, sets.length), chosen);
  else if (why)
    drawDots(
      context,
      place,
      [
        [ends[0], 0],
        [ends[1], top],
      ],
      chosen,
    );
}

/** Positions as numbers, each if it has room. */
function drawNumbers(context, { x, right }, y, positions) {
  const taken = [];
  context.textAlign = "center";
  for (const position of positions.filter((position) => position !== null)) {
    const left = x(position);
    if (taken.some((other) => Math.abs(other - left) < 36)) continue;
    taken.push(left);
    const room = context.measureText(`${position}`).width / 2;
    context.fillText(`${position}`, Math.min(left, right - room), y);
  }
  context.textAlign = "start";
}

function drawRow(context, { x, y, side }, n, row, set, [base, lit]) {
  const top = y(row) - side / 2;
  const height = Math.max(side, 5);
  context.fillStyle = base;
  for (let position = 0; position < n; position++) {
    context.fillRect(x(position) - side / 2, top, side, height);
  }
  context.fillStyle = lit;
  forEachBit(set, (position) => context.fillRect(x(position) - side / 2, top, side, height));
}

/** A line for each key that a lit position reads from a lit one below, if they are few. */
function drawEdges(context, { x, y, side }, layers, sets, colour) {
  const edges = edgesOf(layers, sets);
  if (edges.length > MAX_EDGES) return;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (const [row, key, query] of edges) {
    context.moveTo(x(key), y(row - 1) - side / 2);
    context.lineTo(x(query), y(row) + side / 2);
  }
  context.stroke();
}

function edgesOf(layers, sets) {
  const edges = [];
  for (let row = 1; row < sets.length; row++) {
    const { keys } = layers[(row - 1) % layers.length];
    for (const query of members(sets[row])) {
      if (edges.length > MAX_EDGES) return edges;
      forEachBit(rowBits(keys, query, sets[row].length), (key) => {
        if (hasBit(sets[row - 1], key)) edges.push([row, key, query]);
      });
    }
  }
  return edges;
}

function drawPath(context, place, path, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.beginPath();
  path.forEach((position, row) => context.lineTo(place.x(position), place.y(row)));
  context.stroke();
  drawDots(
    context,
    place,
    [...path.entries()].map(([row, position]) => [position, row]),
    colour,
  );
}

function drawDots(context, { x, y, side }, dots, colour) {
  const radius = Math.max(4, Math.min(7, side / 2 + 1));
  context.fillStyle = colour;
  for (const [position, row] of dots) {
    context.beginPath();
    context.arc(x(position), y(row), radius, 0, 2 * Math.PI);
    context.fill();
  }
}
