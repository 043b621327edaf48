// Keys chosen from data: the scores of a seed, what is visible and forced, and the set that top-k, top-p or a
// threshold chooses. Atoms are keys, or blocks of keys: a block is visible if one of its keys is, and stands
// for those of its keys that are.

import { atLeast, topK, topP, withoutForced } from "./choosing.js";
import { rowOfMask } from "./blocks.js";
import { sum } from "../common/arrays.js";
import { isLength } from "../common/limits.js";
import { dataKey, memory } from "../common/memory.js";
import { optionsOf, setOptions } from "../common/options.js";
import { COARSEST, scoresOf, stepOf } from "./scores.js";
import { count, plural } from "../common/words.js";

const DEFAULTS = {
  seed: 0,
  coarse: 0,
  block: 1,
  visible: null, // an expression; null is the current tab's
  mode: "k",
  k: 8,
  p: 0.5,
  threshold: 1,
  sinks: 0,
  local: 0,
  inBudget: true,
  sets: {}, // the settings of selections that were kept, by name
};
const remember = memory(4);

/** What an atom of a row is. */
export const HIDDEN = 0;
export const LEFT = 1;
export const CHOSEN = 2;
export const FORCED = 3;
export const TIED_IN = 4;
export const TIED_OUT = 5;

const isCount = (value) => Number.isInteger(value) && value >= 0;
const CHECKS = {
  seed: isCount,
  coarse: (value) => isCount(value) && value <= COARSEST,
  block: (value) => isCount(value) && value >= 1,
  k: isCount,
  p: (value) => value >= 0 && value <= 1,
  threshold: Number.isFinite,
  sinks: isCount,
  local: isCount,
};

export const selectionOptions = (state) => optionsOf(state, "selection", DEFAULTS, CHECKS);

/** What decides the selection, as a text. */
const selectionKey = (store) => {
  const { sets, ...options } = selectionOptions(store.state);
  return JSON.stringify([dataKey(store), options.visible ?? store.text, options]);
};

/** The mask of what queries may see. Throws LengthError. */
const visibleMask = (store) => store.maskOf(selectionOptions(store.state).visible ?? store.text);

export const atomCount = (keys, block) => Math.ceil(keys / block);

/** A row: { scores } of all atoms; and { seen } (-Infinity where hidden), { forced } and { chosen } (bytes).
 * */
export function rowOfSelection(store, i) {
  const options = selectionOptions(store.state);
  const mask = visibleMask(store);
  const scores = scoresOf(options.seed, i, atomCount(mask.keys, options.block), options.coarse);
  return { scores, ...chooseRow(mask, i, options) };
}

function chooseRow(mask, i, options) {
  const { seed, coarse, block, mode, k, p, threshold, inBudget } = options;
  const visible = visibleAtoms(mask, i, block);
  const seen = scoresOf(seed, i, visible.length, coarse, visible);
  const forced = forcedAtoms(visible, i, options);
  if (mode === "k") return { seen, forced, chosen: topK(seen, forced, k, inBudget) };
  if (mode === "p") return { seen, forced, chosen: topP(seen, forced, p) };
  return { seen, forced, chosen: atLeast(seen, forced, threshold) };
}

/** 1 for each atom with a visible key. */
function visibleAtoms(mask, i, block) {
  const { keys } = mask;
  const row = rowOfMask(mask, i);
  if (block === 1) return row;
  const visible = new Uint8Array(atomCount(keys, block));
  for (let j = 0; j < keys; j++) if (row[j]) visible[Math.floor(j / block)] = 1;
  return visible;
}

/** 1 for the first visible atoms, and for the last up to the query's own. */
function forcedAtoms(visible, i, { block, sinks, local }) {
  const own = Math.floor(i / block);
  const end = Math.min(own + 1, visible.length);
  const forced = new Uint8Array(visible.length);
  for (let e = 0; e < Math.min(sinks, end); e++) forced[e] = visible[e];
  for (let e = Math.max(0, own - local + 1); e < end; e++) forced[e] = visible[e];
  return forced;
}

/** The kinds of a row's atoms, and the score at which ties are decided: { kinds, threshold }. */
export function kindsOfRow({ seen, forced, chosen }, { mode, threshold }) {
  const rest = withoutForced(seen, forced);
  const least =
    mode === "threshold"
      ? threshold
      : rest.reduce(
          (low, score, e) => (chosen[e] && score > -Infinity ? Math.min(low, score) : low),
          Infinity,
        );
  const isSplit = rest.some((score, e) => score === least && !chosen[e]);
  const kinds = Uint8Array.from(seen, (score, e) => {
    if (forced[e]) return FORCED;
    if (score === -Infinity) return HIDDEN;
    if (isSplit && score === least) return chosen[e] ? TIED_IN : TIED_OUT;
    return chosen[e] ? CHOSEN : LEFT;
  });
  return { kinds, threshold: least === Infinity ? null : least };
}

/** The selection of every query: { chosen, forced } as masks of keys, pairs, and how many queries have ties
 * decided by position. */
export const selection = (store) =>
  remember(selectionKey(store), () => selectionOf(visibleMask(store), selectionOptions(store.state)));

function selectionOf(mask, options) {
  const { queries, keys, cells } = mask;
  const empty = () => ({ queries, keys, cells: new Uint8Array(cells.length) });
  const made = { chosen: empty(), forced: empty(), ties: 0, pairs: 0 };
  for (let i = 0; i < queries; i++) addRow(made, mask, i, chooseRow(mask, i, options), options);
  return made;
}

function addRow(made, { keys, cells }, i, row, { block }) {
  const { chosen, forced } = row;
  for (let j = 0; j < keys; j++) {
    const place = i * keys + j;
    const e = block === 1 ? j : Math.floor(j / block);
    if (!cells[place] || !chosen[e]) continue;
    made.pairs++;
    if (forced[e]) made.forced.cells[place] = 1;
    else made.chosen.cells[place] = 1;
  }
  if (hasTies(row)) made.ties++;
}

/** Whether an atom was left though its score is that of one that was chosen. */
function hasTies({ seen, forced, chosen }) {
  let least = Infinity;
  let most = -Infinity;
  for (let e = 0; e < seen.length; e++) {
    if (forced[e]) continue;
    if (chosen[e]) least = Math.min(least, seen[e]);
    else most = Math.max(most, seen[e]);
  }
  return least === most;
}

/** The selection as one mask. */
export function selectedMask({ chosen, forced }) {
  const cells = chosen.cells.map((cell, place) => cell | forced.cells[place]);
  return { queries: chosen.queries, keys: chosen.keys, cells };
}

/** The first name of a selection that is free. */
export function freeName({ context }) {
  let number = 1;
  while (`Selected_${number}` in context.data.listed) number++;
  return `Selected_${number}`;
}

/** Name the selection, put it in place of the pattern, and go on choosing from what was visible. */
export function keepSelection(store) {
  const { sets, ...options } = selectionOptions(store.state);
  const name = freeName(store);
  const kept = { ...options, visible: options.visible ?? store.text, shape: store.state.shape };
  store.addListed(name, selectedMask(selection(store)));
  setOptions(store, "selection", { visible: kept.visible, sets: { ...sets, [name]: kept } });
  store.write(name);
}

/** Choose again the selections that options name, as a link has them, and add each to the listed sets. */
export function restoreSelections(options, maskOf, addListed) {
  const { sets } = selectionOptions({ options });
  for (const [name, { shape, ...kept }] of Object.entries(sets)) {
    const isSound = /^Selected_\d+$/.test(name) && shape.length === 2 && shape.every(isLength);
    if (!isSound) throw new TypeError(`${name} is no selection that was kept`);
    const { visible, ...choice } = selectionOptions({ options: { selection: kept } });
    addListed(name, selectedMask(selectionOf(maskOf(visible, shape), choice)));
  }
}

/** The setting that puts the threshold of a query at a score: { k }, { p } or { threshold }. */
export function settingAt(row, score, { mode, inBudget }, shares) {
  if (mode === "threshold") return { threshold: Math.round(score * 16) / 16 };
  const rest = withoutForced(row.seen, row.forced);
  const isAbove = Array.from(rest, (value) => value > -Infinity && value >= score);
  const taken = sum(row.forced);
  if (mode === "k") return { k: isAbove.filter(Boolean).length + (inBudget ? taken : 0) };
  const mass = shares.reduce((sum, share, e) => sum + (isAbove[e] || row.forced[e] ? share : 0), 0);
  return { p: Math.min(1, Math.round(mass * 100) / 100) };
}

const RULES = {
  k: ({ k }) => `Top ${k}`,
  p: ({ p }) => `Top share ${p}`,
  threshold: ({ threshold }) => `Scores from ${threshold}`,
};

/** "Top 8", "Top share 0.5" or "Scores from 1" */
export const ruleText = (options) => RULES[options.mode](options);

/** What scores are rounded to, in words. */
export const coarseText = (coarse) => (coarse === 0 ? "no ties" : `to ${stepOf(coarse)}`);

/** A row in words. */
export function rowText(i, { kinds, threshold }, { block }) {
  const noun = block === 1 ? "key" : "block";
  const number = (...wanted) => kinds.filter((kind) => wanted.includes(kind)).length;
  const visible = kinds.length - number(HIDDEN);
  const taken = number(CHOSEN, FORCED, TIED_IN);
  const forced = `${count(number(FORCED))} of them forced`;
  const start = `Query ${i} sees ${plural(visible, noun)} and takes ${count(taken)}, ${forced}.`;
  const ties = number(TIED_IN) + number(TIED_OUT);
  if (!ties) return start;
  const first = `the first ${count(number(TIED_IN))} of them are taken`;
  return `${start} ${plural(ties, noun)} tie at ${threshold}: ${first}.`;
}
