// Faults of tiled kernels: a last, partial tile that is skipped, and edges rounded to a tile. E is the
// expected mask and A the actual one. The words are those of sparse_ref.verify.

import { sum } from "../common/arrays.js";
import { edgesOf, hasRows } from "./comparison.js";
import { rowOfMask } from "../sets/blocks.js";
import { joinPair, POWERS, rule, TILES } from "./hypotheses.js";
import { notation } from "../language/expression.js";

/** The last tile of keys, of queries, or of both, is skipped since it is not full. */
export function skippedTiles(node, E, A) {
  const { queries, keys } = E;
  const lost = lostPairs(E, A);
  if (!lost) return [];
  const asked = notation(node);
  const skipped = [];
  const add = (pattern, cause, axis, first) => {
    if (!areLostFrom(lost, axis, first)) return;
    const isSingle = cause.includes(" is left") || cause.includes(" is never");
    const words = `${cause}${isSingle ? " (or a bound is off by one)" : ""}`;
    skipped.push({ kind: "tile missing", cause: words, text: `is ${pattern}, asked ${asked}: ${words}` });
  };
  for (const first of lastTiles(keys)) {
    const words = `${positions("key", "keys", first, keys)} never attended to`;
    add(firstKeys(node, first), `${words}: the last, partial tile is skipped`, "key", first);
  }
  for (const first of lastTiles(queries)) {
    const words = `${positions("query", "queries", first, queries)} left out`;
    add(
      `${asked} for queries below ${first}`,
      `${words}: the last, partial tile of queries is skipped`,
      "query",
      first,
    );
    if (queries !== keys) continue;
    const both = `${words}, and so are these keys: the last, partial tile is skipped`;
    add(`${firstKeys(node, first)} for queries below ${first}`, both, "later", first);
  }
  return skipped;
}

/** What E has more than A: how many pairs, where they begin, and the pairs of E by key, by query, by the
 * later of both; null if A has a pair that E has not. */
function lostPairs(E, A) {
  const [byKey, byQuery, byLater] = [E.keys, E.queries, Math.max(E.keys, E.queries)].map(
    (size) => new Int32Array(size),
  );
  const firsts = { key: Infinity, query: Infinity, later: Infinity };
  let total = 0;
  for (let i = 0; i < E.queries; i++) {
    for (let j = 0; j < E.keys; j++) {
      const [expected, actual] = [E.cells[i * E.keys + j], A.cells[i * E.keys + j]];
      if (actual > expected) return null;
      if (!expected) continue;
      byKey[j]++;
      byQuery[i]++;
      byLater[Math.max(i, j)]++;
      if (actual) continue;
      total++;
      firsts.key = Math.min(firsts.key, j);
      firsts.query = Math.min(firsts.query, i);
      firsts.later = Math.min(firsts.later, Math.max(i, j));
    }
  }
  return { total, firsts, pairs: { key: byKey, query: byQuery, later: byLater } };
}

/** Whether the lost pairs are those of E whose key, query or later of both is `first` or more. */
function areLostFrom({ total, firsts, pairs }, axis, first) {
  return firsts[axis] >= first && sum(pairs[axis], first) === total;
}

/** The notation of a pattern without the keys from `count` on. */
function firstKeys(node, count) {
  const prefix = rule("Prefix", count);
  return notation(
    node.kind === "rule" && node.name === "Full" ? prefix : joinPair("intersection", node, prefix),
  );
}

/** "keys 960 to 999 are", "key 999 is". */
const positions = (noun, plural, first, n) =>
  first === n - 1 ? `${noun} ${first} is` : `${plural} ${first} to ${n - 1} are`;

/** Where the last, partial tile may begin. */
const lastTiles = (n) =>
  [...new Set(TILES.map((tile) => n - (n % tile)))].filter((start) => start > 0 && start < n);

/** The first rounding that explains all of the difference: one edge by tiles of keys, whole blocks, one edge
 * by tiles of several queries; none if A is every pair or every pair up to the query, which many roundings
 * end in. */
export function rounding(node, E, A) {
  if (isPlain(A)) return [];
  const asked = notation(node);
  const edge = firstRounding(E, A, singleRoundings());
  if (edge) return [{ kind: "rounded", cause: edge, text: `asked ${asked}: ${edge}` }];
  const blocks = blockRounding(E, A);
  if (blocks) return [{ kind: "rounded", cause: blocks, text: `is ${asked} ${blocks}` }];
  const tile = firstRounding(E, A, tileRoundings());
  return tile ? [{ kind: "rounded", cause: tile, text: `asked ${asked}: ${tile}` }] : [];
}

function isPlain(A) {
  const isCausal = hasRows(A, (i, out) => out.fill(1, 0, i + 1).fill(0, i + 1));
  return isCausal || !A.cells.includes(0);
}

const SIDES = ["left", "right"].flatMap((side) => [true, false].map((isOutward) => ({ side, isOutward })));

/** Roundings of each row by itself. */
const singleRoundings = () => TILES.flatMap((keys) => SIDES.map((side) => ({ queries: 1, keys, ...side })));

/** Roundings in tiles of several queries, which all have the edge of the first or the last; square tiles
 * first. */
function tileRoundings() {
  const sizes = POWERS.flatMap((queries) => [1, ...POWERS].map((keys) => ({ queries, keys })));
  const isSquare = ({ queries, keys }) => queries === keys;
  const ordered = [...sizes.filter(isSquare), ...sizes.filter((size) => !isSquare(size))];
  return ordered.flatMap((size) => SIDES.map((side) => ({ ...size, ...side })));
}

/** The words of the first rounding of E that is A; "" if none is, or if too little of it shows. */
function firstRounding(E, A, roundings) {
  const [expected, actual] = [edgesOf(E), edgesOf(A)];
  const rows = Array.from({ length: E.queries }, (_, i) => i).filter(
    (i) => expected.stop[i] && actual.stop[i],
  );
  for (const candidate of roundings) {
    const end = candidate.side === "left" ? "start" : "stop";
    const edges = roundedEdges(expected[end], candidate).map((edge) => Math.min(edge, E.keys));
    if (rows.some((i) => edges[i] !== actual[end][i])) continue;
    if (!showsTile(rows, expected[end], actual[end], E.keys)) continue;
    if (
      hasRows(A, (i, out) =>
        roundRow(out, rowOfMask(E, i), [expected.start[i], expected.stop[i], edges[i]], candidate),
      )
    ) {
      return roundingText(candidate);
    }
  }
  return "";
}

const isDown = ({ side, isOutward }) => (side === "left") === isOutward;

function roundedEdges(edges, { queries, keys, ...way }) {
  const combine = isDown(way) ? Math.min : Math.max;
  const round = isDown(way) ? Math.floor : Math.ceil;
  return edges.map((edge, i) => {
    const first = i - (i % queries);
    const tile = queries > 1 ? edges.subarray(first, first + queries).reduce((a, b) => combine(a, b)) : edge;
    return round(tile / keys) * keys;
  });
}

/** A row of E with one edge moved. */
function roundRow(out, row, [start, stop, edge], { side, isOutward }) {
  for (let j = 0; j < out.length; j++) {
    const isInside = side === "left" ? j >= edge : j < edge;
    const isBeyond = side === "left" ? j < start : j >= stop;
    out[j] = isOutward ? row[j] | (isInside && isBeyond && stop > 0 ? 1 : 0) : row[j] & (isInside ? 1 : 0);
  }
}

/** Whether edges moved to two places or more that are no end of the keys. */
function showsTile(rows, before, after, n) {
  const moved = rows.filter((i) => before[i] !== after[i]).map((i) => after[i]);
  return new Set(moved.filter((edge) => edge > 0 && edge < n)).size >= 2;
}

function roundingText(candidate) {
  const { side, queries, keys } = candidate;
  const sizes = queries > 1 ? `tiles of ${queries} queries x ${keys} keys` : `a multiple of ${keys}`;
  return `${side} edge rounded ${isDown(candidate) ? "down" : "up"} to ${sizes}`;
}

/** The words if A is all of each block in which E has a key, or the part of it up to the query; "" if it is
 * not. */
function blockRounding(E, A) {
  for (const size of POWERS.filter((power) => power <= Math.max(E.queries, E.keys))) {
    for (const [isCausal, suffix] of [
      [false, ""],
      [true, ", cut to j <= i"],
    ]) {
      if (hasRows(A, blockCover(E, size, isCausal))) return `rounded out to blocks of ${size}${suffix}`;
    }
  }
  return "";
}

/** A function that fills a row with every block that contains a key of E. */
function blockCover(E, size, isCausal) {
  let band = -1;
  const cover = new Uint8Array(E.keys);
  return (i, out) => {
    if (Math.floor(i / size) !== band) {
      band = Math.floor(i / size);
      cover.fill(0);
      for (let row = band * size; row < Math.min((band + 1) * size, E.queries); row++) {
        rowOfMask(E, row).forEach(
          (value, j) => value && cover.fill(1, j - (j % size), j - (j % size) + size),
        );
      }
    }
    out.set(cover);
    if (isCausal) out.fill(0, i + 1);
  };
}
