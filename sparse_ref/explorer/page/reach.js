// Paths through layers, as sparse_ref.paths has them: j is where information starts, i where it ends; a layer puts at a position the
// union of what was at its keys. Layers are taken round and round: layer m, from 1 and from below, is layers[(m - 1) mod p].
// A layer is { n, keys, readers }: tables of bits, keys of each query and queries of each key; with a residual edge each reads itself.

import { addBit, bitCount, exclude, forEachBit, gathered, hasBit, include, isEmpty, leastCommon, members } from "./bitsets.js";
import { packRows, rowBits, single, transposed, wordCount } from "./bitsets.js";
import { plural } from "./words.js";

const MAX_INTERVALS = 12;

/** The layer in which a position reads its keys in each of these masks, and itself if there is a residual edge. */
export function layerOf(masks, hasResidual) {
  const n = masks[0].keys;
  const words = wordCount(n);
  const keys = new Uint32Array(n * words);
  for (const { cells } of masks) packRows(keys, cells, n);
  if (hasResidual) for (let i = 0; i < n; i++) addBit(rowBits(keys, i, words), i);
  let readers = null;
  return {
    n,
    keys,
    get readers() {
      readers ??= transposed(keys, n);
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
  for (let word = bits.length - 1; word >= 0; word--) if (bits[word]) return word * 32 + 31 - Math.clz32(bits[word]);
  return -1;
}

/** The positions from which i is reached, below each of `top` layers: sets[r] is below layer r + 1, sets[top] is { i }. */
export function sourcesOf(layers, i, top) {
  const sets = Array(top + 1);
  sets[top] = single(layers[0].n, i);
  for (let r = top; r > 0; r--) sets[r - 1] = gathered(layers[(r - 1) % layers.length].keys, sets[r]);
  return sets;
}

/** The positions that j reaches through the first r layers: sets[r], sets[0] is { j }. */
export function targetsOf(layers, j, top) {
  const sets = [single(layers[0].n, j)];
  for (let r = 0; r < top; r++) sets.push(gathered(layers[r % layers.length].readers, sets[r]));
  return sets;
}

/** How many positions reach i through the first r layers, for r = 0 to `most`. */
export function sourceCounts(layers, i, most) {
  const counts = [1];
  const p = layers.length;
  const chains = layers.map(() => single(layers[0].n, i)); // by the layer on top: what is below r layers of them
  for (let r = 0; r < most; r++) {
    chains.forEach((set, top) => {
      const below = (((top - r) % p) + p) % p;
      chains[top] = gathered(layers[below].keys, set);
    });
    counts.push(bitCount(chains[r % p]));
  }
  return counts;
}

/** How many positions j reaches through the first r layers, for r = 0 to `most`. */
export const targetCounts = (layers, j, most) => targetsOf(layers, j, most).map(bitCount);

/** The pairs that m layers join, for m = 0, 1, ...: tables of bits, row i the positions that reach i. */
export function products(layers) {
  const { n } = layers[0];
  const words = wordCount(n);
  const identity = new Uint32Array(n * words);
  for (let i = 0; i < n; i++) addBit(rowBits(identity, i, words), i);
  const tables = [identity];
  return (m) => {
    while (tables.length <= m) {
      const { keys } = layers[(tables.length - 1) % layers.length];
      const below = tables.at(-1);
      const above = new Uint32Array(n * words);
      for (let i = 0; i < n; i++) above.set(gathered(below, rowBits(keys, i, words)), i * words);
      tables.push(above);
    }
    return tables[m];
  };
}

/** The positions that j reaches through r layers, for r = 0, 1, ..., but those reached earlier below the same layer. */
function* fronts(layers, j) {
  let front = single(layers[0].n, j);
  const seen = layers.map(() => new Uint32Array(front.length));
  include(seen[0], front);
  for (let r = 0; !isEmpty(front); ) {
    yield front;
    front = gathered(layers[r % layers.length].readers, front);
    r++;
    exclude(front, seen[r % layers.length]);
    include(seen[r % layers.length], front);
  }
}

/** hops[i n + j] = the least r such that j reaches i through the first r layers, -1 if none does. */
export function hops(layers) {
  const { n } = layers[0];
  const counts = new Int16Array(n * n).fill(-1);
  for (let j = 0; j < n; j++) {
    let r = 0;
    for (const front of fronts(layers, j)) {
      forEachBit(front, (i) => {
        if (counts[i * n + j] < 0) counts[i * n + j] = r;
      });
      r++;
    }
  }
  return counts;
}

/** { layers, unjoined }: the most layers that a pair needs that some number joins, and the first pair [j, i] that none does, or null. */
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

/** The path (j, ..., i) of the fewest layers, from i downward each position the least that leads on; null if there is none. */
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

/** Why j never reaches i: { outward, sets }, one set below each layer. Outward: what j reaches, without i; else what reaches i, without j. */
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
  const sources = layers.map(() => single(n, i));
  let news = sources.map((set) => set.slice());
  while (!news.every(isEmpty)) {
    const below = news.map(() => null);
    layers.forEach(({ keys }, m) => {
      const found = gathered(keys, news[(m + 1) % layers.length]);
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
  const intervals = [];
  for (const x of positions) {
    const last = intervals.at(-1);
    if (last && last[1] === x - 1) last[1] = x;
    else intervals.push([x, x]);
  }
  const texts = intervals.slice(0, MAX_INTERVALS).map(([a, b]) => (a === b ? `${a}` : `${a} to ${b}`));
  if (intervals.length > MAX_INTERVALS) texts.push("...");
  return `${plural(positions.length, "position")} (${texts.join(", ")})`;
}

/** The closed sets of whyNot in words; `names` are the layers'. */
export function whyNotText({ outward, sets }, j, i, names) {
  const described = sets.map((set, m) => `${describePositions(set)}${sets.length > 1 ? ` below layer ${m + 1}, ${names[m]}` : ""}`);
  const start = outward ? `Position ${j} reaches` : `Position ${i} is reached from`;
  return [`${j} never reaches ${i}.`, `${start} ${described.join("; ")}.`, reason(outward, sets.length, j, i)];
}

function reason(outward, count, j, i) {
  if (count === 1 && outward) return `No position outside this set reads from it, and ${i} is outside.`;
  if (count === 1) return `No position of this set reads from outside it, and ${j} is outside.`;
  if (outward) return `In each layer, only the set above it reads from the set below it, and ${i} is in none of the sets.`;
  return `In each layer, the set above it reads only from the set below it, and ${j} is not in the set below layer 1.`;
}
