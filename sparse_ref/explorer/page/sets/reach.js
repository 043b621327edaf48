// Paths through layers, as sparse_ref.paths has them: j is where information starts, i where it ends; a layer
// puts at a position the union of what was at its keys. Layers are taken round and round: layer m, from 1 and
// from below, is layers[(m - 1) mod p]. A layer is { n, keys, readers }: tables of bits, keys of each query
// and queries of each key; with a residual edge each reads itself.

import { areEqual } from "../common/arrays.js";
import { addBit, bitCount, bitsOf, exclude, forEachBit, unionOfRows, hasBit } from "./bitsets.js";
import { include, isEmpty, leastCommon, members, packBits, rowBits, transpose } from "./bitsets.js";
import { wordCount } from "./bitsets.js";
import { plural } from "../common/words.js";
import { rangesOf } from "./ranges.js";

const MAX_INTERVALS = 12;

/** The layer in which a position reads its keys in each of these masks, and itself if there is a residual
 * edge. */
export function layerOf(masks, hasResidual) {
  const n = masks[0].keys;
  const words = wordCount(n);
  const keys = new Uint32Array(n * words);
  for (const { cells } of masks) packBits(keys, cells, n);
  if (hasResidual) for (let i = 0; i < n; i++) addBit(rowBits(keys, i, words), i);
  let readers = null;
  return {
    n,
    keys,
    get readers() {
      readers ??= transpose(keys, n);
      return readers;
    },
  };
}

/** Whether no layer reads a key after its query. */
export const isCausal = (layers) =>
  layers.every(({ n, keys }) => {
    const words = wordCount(n);
    for (let i = 0; i < n; i++) if (lastMember(rowBits(keys, i, words)) > i) return false;
    return true;
  });

function lastMember(bits) {
  for (let word = bits.length - 1; word >= 0; word--) {
    if (bits[word]) return word * 32 + 31 - Math.clz32(bits[word]);
  }
  return -1;
}

/** sets[0] is { x }, sets[k + 1] the union of the rows of table(k) that sets[k] names. Tables come round, and
 * so may sets. */
function walk(layers, x, count, table) {
  const period = layers.length;
  const sets = [bitsOf(layers[0].n, [x])];
  for (let k = 0; k < count; k++) {
    const isRepeated = k >= period && areEqual(sets[k], sets[k - period]);
    sets.push(isRepeated ? sets[k + 1 - period] : unionOfRows(table(k), sets[k]));
  }
  return sets;
}

/** Layer m from 0, round and round. */
const layerAt = (layers, m) => layers[((m % layers.length) + layers.length) % layers.length];

/** The positions from which i is reached, below each of `top` layers: sets[r] is below layer r + 1, sets[top]
 * is { i }. */
export const sourcesOf = (layers, i, top) =>
  walk(layers, i, top, (k) => layerAt(layers, top - 1 - k).keys).reverse();

/** The positions that j reaches through the first r layers: sets[r], sets[0] is { j }. */
export const targetsOf = (layers, j, top) => walk(layers, j, top, (k) => layerAt(layers, k).readers);

/** How many positions reach i through the first r layers, for r = 0 to `most`. */
export function sourceCounts(layers, i, most) {
  const below = (top) => walk(layers, i, most, (k) => layerAt(layers, top - k).keys);
  const chains = layers.map((_, top) => below(top));
  return Array.from({ length: most + 1 }, (_, r) => bitCount(chains[Math.max(0, r - 1) % layers.length][r]));
}

/** How many positions j reaches through the first r layers, for r = 0 to `most`. */
export const targetCounts = (layers, j, most) => targetsOf(layers, j, most).map(bitCount);

/** The pairs that m layers join, for m = 0, 1, ...: tables of bits, row i the positions that reach i. */
export function products(layers) {
  const tables = [identity(layers[0].n)];
  return (m) => {
    while (tables.length <= m)
      tables.push(product(layers[(tables.length - 1) % layers.length], tables.at(-1)));
    return tables[m];
  };
}

/** The positions that j reaches through r layers, for r = 0, 1, ..., but those reached earlier below the same
 * layer. */
function* fronts(layers, j) {
  let front = bitsOf(layers[0].n, [j]);
  const seen = layers.map(() => new Uint32Array(front.length));
  include(seen[0], front);
  for (let r = 0; !isEmpty(front);) {
    yield front;
    front = unionOfRows(layers[r % layers.length].readers, front);
    r++;
    exclude(front, seen[r % layers.length]);
    include(seen[r % layers.length], front);
  }
}

/** hops[i n + j] = the least r such that j reaches i through the first r layers, -1 if none does. */
export function hops(layers) {
  const { n } = layers[0];
  const counts = new Int16Array(n * n).fill(-1);
  let news = identity(n);
  const seen = layers.map(() => new Uint32Array(news.length));
  include(seen[0], news);
  for (let r = 0; !isEmpty(news);) {
    recordArrivals(counts, news, n, r);
    news = product(layers[r % layers.length], news);
    r++;
    exclude(news, seen[r % layers.length]);
    include(seen[r % layers.length], news);
  }
  return counts;
}

function recordArrivals(counts, news, n, r) {
  for (let i = 0; i < n; i++) {
    forEachBit(rowBits(news, i, wordCount(n)), (j) => {
      if (counts[i * n + j] < 0) counts[i * n + j] = r;
    });
  }
}

/** The table above a layer: at each position the union of the rows of its keys. */
function product({ n, keys }, below) {
  const words = wordCount(n);
  const above = new Uint32Array(below.length);
  for (let i = 0; i < n; i++) above.set(unionOfRows(below, rowBits(keys, i, words)), i * words);
  return above;
}

/** The table in which each position has itself. */
function identity(n) {
  const words = wordCount(n);
  const table = new Uint32Array(n * words);
  for (let i = 0; i < n; i++) addBit(rowBits(table, i, words), i);
  return table;
}

/** { layers, unjoined }: the most layers that a pair needs that some number joins, and the first pair [j, i]
 * that none does, or null. */
export function extent(counts, n, causal = true) {
  let most = 0;
  let unjoined = null;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < (causal ? i + 1 : n); j++) {
      const layers = counts[i * n + j];
      most = Math.max(most, layers);
      if (layers < 0) unjoined ??= [j, i];
    }
  }
  return { layers: most, unjoined };
}

/** The path (j, ..., i) of the fewest layers, from i downward each position the least that leads on; null if
 * there is none. */
export function shortest(layers, j, i) {
  const stack = [];
  for (const front of fronts(layers, j)) {
    stack.push(front);
    if (hasBit(front, i)) return tracedBack(layers, stack, i);
  }
  return null;
}

function tracedBack(layers, stack, i) {
  const words = wordCount(layers[0].n);
  const path = [i];
  for (let r = stack.length - 2; r >= 0; r--) {
    const { keys } = layers[r % layers.length];
    path.push(leastCommon(rowBits(keys, path.at(-1), words), stack[r]));
  }
  return path.reverse();
}

/** Why j never reaches i: { outward, sets }, one set below each layer. Outward: what j reaches, without i;
 * else what reaches i, without j. */
export function whyNot(layers, j, i) {
  const targets = layers.map(() => new Uint32Array(wordCount(layers[0].n)));
  let r = 0;
  for (const front of fronts(layers, j)) include(targets[r++ % layers.length], front);
  const sources = allSources(layers, i);
  const size = (sets) => sets.reduce((total, set) => total + bitCount(set), 0);
  const outward = size(targets) <= size(sources);
  return { outward, sets: (outward ? targets : sources).map(members) };
}

/** From which positions below each layer some number of layers leads to i. */
function allSources(layers, i) {
  const { n } = layers[0];
  const sources = layers.map(() => bitsOf(n, [i]));
  let news = sources.map((set) => set.slice());
  while (!news.every(isEmpty)) {
    const below = news.map(() => null);
    layers.forEach(({ keys }, m) => {
      const found = unionOfRows(keys, news[(m + 1) % layers.length]);
      exclude(found, sources[m]);
      below[m] = found;
    });
    below.forEach((found, m) => include(sources[m], found));
    news = below;
  }
  return sources;
}

/** "5 positions (0 to 3, 7)", or "none" */
export function describePositions(positions) {
  if (!positions.length) return "none";
  const intervals = rangesOf(positions);
  const texts = intervals.slice(0, MAX_INTERVALS).map(([a, b]) => (a === b ? `${a}` : `${a} to ${b}`));
  if (intervals.length > MAX_INTERVALS) texts.push("...");
  return `${plural(positions.length, "position")} (${texts.join(", ")})`;
}

/** The closed sets of whyNot in words; `names` are the layers'. */
export function whyNotText({ outward, sets }, j, i, names) {
  const described = sets.map(
    (set, m) => `${describePositions(set)}${sets.length > 1 ? ` below layer ${m + 1}, ${names[m]}` : ""}`,
  );
  const start = outward ? `Position ${j} reaches` : `Position ${i} is reached from`;
  return [
    `${j} never reaches ${i}.`,
    `${start} ${described.join("; ")}.`,
    whyClosed(outward, sets.length, j, i),
  ];
}

function whyClosed(outward, count, j, i) {
  const isNowhere = `and ${i} is in none of the sets`;
  const isNotBelow = `and ${j} is not in the set below layer 1`;
  if (count === 1 && outward) return `No position outside this set reads from it, and ${i} is outside.`;
  if (count === 1) return `No position of this set reads from outside it, and ${j} is outside.`;
  if (outward) return `In each layer, only the set above it reads from the set below it, ${isNowhere}.`;
  return `In each layer, the set above it reads only from the set below it, ${isNotBelow}.`;
}
