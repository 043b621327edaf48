// What the panel of layers shows for a state: the sets of each layer, a path of the chosen pair or why there
// is none, and sentences.

import { bitsOf } from "./bitsets.js";
import { countsOf } from "../common/arrays.js";
import { dataKey, memory } from "../common/memory.js";
import { optionsOf } from "../common/options.js";
import { reachKinds } from "./reach_matrix.js";
import { extent, hops, isCausal, products, shortest, sourceCounts, sourcesOf } from "./reach.js";
import { targetCounts, targetsOf, whyNot, whyNotText } from "./reach.js";
import { isStacked, layerNames, layersOf } from "./stacks.js";
import { count, plural } from "../common/words.js";

export const MAX_LAYERS = 32;
export const MAX_MATRIX = 512;
const DEFAULTS = { layers: null, residual: true, direction: "hears", start: null, end: null };
const isPosition = (value) => Number.isInteger(value) && value >= 0;
const CHECKS = { layers: (value) => isPosition(value) && value >= 1, start: isPosition, end: isPosition };
const remember = memory(12);

/** The panel's options; positions that the length leaves out are none. */
export function layerOptions(state) {
  const options = optionsOf(state, "layers", DEFAULTS, CHECKS);
  const inside = (x) => (x !== null && x < state.shape[0] ? x : null);
  const steps = isStacked(state) ? state.views.length : 1;
  const layers = Math.min(MAX_LAYERS, options.layers ?? Math.max(2, steps));
  return { ...options, layers, start: inside(options.start), end: inside(options.end) };
}

/** Everything that is shown, or { message } if there are not as many queries as keys. */
export function reachView(store) {
  const { state } = store;
  const [queries, keys] = state.shape;
  if (queries !== keys) {
    return {
      message: `Layers need as many queries as keys; this pattern has ${count(queries)} and ${count(keys)}.`,
    };
  }
  const options = layerOptions(state);
  const layers = layersOf(store, options.residual);
  const view = { n: keys, options, layers, names: layerNames(state), key: derivedKey(store, options) };
  const focus = options.direction === "hears" ? state.query : state.key;
  const pair = options.start === null || options.end === null ? null : pairOf(view);
  return { ...view, focus, pair, ...(pair ? pairSets(view, pair) : focusSets(view, focus)) };
}

const derivedKey = (store, { residual }) =>
  `${dataKey(store)} ${store.state.kind} ${residual} ${store.state.views.map(({ text }) => text).join("\n")}`;

/** { path } of the chosen pair, or { why }. */
function pairOf({ layers, options: { start, end }, key }) {
  return remember(`pair ${start} ${end} ${key}`, () => {
    const path = shortest(layers, start, end);
    return path ? { path } : { why: whyNot(layers, start, end) };
  });
}

/** The positions on any shortest path of the pair; or the closed sets below each layer. */
function pairSets({ n, layers, options: { start, end, layers: shown } }, { path, why }) {
  if (why) {
    const bits = why.sets.map((set) => bitsOf(n, set));
    const rows = Array.from({ length: shown + 1 }, (_, r) => bits[r % bits.length]);
    return { sets: rows, lit: "reader" };
  }
  if (path.length > MAX_LAYERS + 1) {
    return { sets: path.slice(0, MAX_LAYERS + 1).map((x) => bitsOf(n, [x])), lit: "member" };
  }
  const sources = sourcesOf(layers, end, path.length - 1);
  const targets = targetsOf(layers, start, path.length - 1);
  const both = sources.map((set, r) => set.map((word, x) => word & targets[r][x]));
  return { sets: both, lit: "member" };
}

/** What reaches the position that is pointed at, or what it reaches; empty rows if there is none. */
function focusSets({ n, layers, options }, focus) {
  if (focus === null) {
    return { sets: Array.from({ length: options.layers + 1 }, () => bitsOf(n, [])), lit: "member" };
  }
  const sets = (options.direction === "hears" ? sourcesOf : targetsOf)(layers, focus, options.layers);
  return { sets, lit: "member" };
}

/** The growth of the position that is pointed at: { counts, total, text }, or null. */
export function growthOf({ n, layers, options, focus, key }) {
  if (focus === null) return null;
  const hears = options.direction === "hears";
  const counts = (hears ? sourceCounts : targetCounts)(layers, focus, options.layers);
  const causal = remember(`causal ${key}`, () => isCausal(layers));
  const total = causal ? (hears ? focus + 1 : n - focus) : n;
  const place = causal ? (hears ? " up to it" : " from it on") : "";
  const reached = `${count(counts.at(-1))} of ${plural(total, "position")}${place}`;
  const after = `After ${plural(options.layers, "layer")}`;
  const text = hears
    ? `${after} query ${focus} hears ${reached}.`
    : `${after} key ${focus} reaches ${reached}.`;
  return { counts, total, text };
}

/** The matrix of reach after the layers that are shown: { kinds, totals, extent, text }, or null if it is too
 * long. */
export function matrixOf({ n, layers, options: { layers: m }, key }) {
  if (n > MAX_MATRIX) return null;
  const first = remember(`hops ${key}`, () => hops(layers));
  const table = remember(`products ${key}`, () => products(layers))(m);
  const kinds = remember(`kinds ${m} ${key}`, () => reachKinds(table, first, n, m));
  const most = remember(`extent ${key}`, () => extent(first, n));
  return { kinds, totals: countsOf(kinds), extent: most, text: extentText(most) };
}

function extentText({ layers, unjoined }) {
  if (unjoined) {
    return `Not every j <= i is reached: no number of layers joins ${unjoined[0]} to ${unjoined[1]}.`;
  }
  return `Every j <= i is reached after ${plural(layers, "layer")}.`;
}

/** The chosen pair in sentences. */
export function pairSentences({ pair, names, options: { start, end } }) {
  if (!pair) return [];
  if (pair.why) return whyNotText(pair.why, start, end, names);
  const layers = pair.path.length - 1;
  const long = layers > MAX_LAYERS ? [`The first ${MAX_LAYERS} layers are drawn.`] : [];
  return [`${pathText(pair.path)}, in ${plural(layers, "layer")}.`, ...long];
}

const MAX_WORDS = 40;

/** "5 -> 13 -> 40"; a long path is cut in its middle. */
function pathText(path) {
  if (path.length <= MAX_WORDS) return path.join(" -> ");
  const half = MAX_WORDS / 2;
  return [...path.slice(0, half), "...", ...path.slice(-half)].join(" -> ");
}
