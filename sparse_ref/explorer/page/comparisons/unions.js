// The names of a mask among all rules with one or two numbers, and unions of two of them; and the nearest, if
// none is equal. A few pairs reject most candidates; whatever is named has been compared in full.

import { countsOf, sum } from "../common/arrays.js";
import { isCausalMask, kindsOf } from "./comparison.js";
import { rowOfMask } from "../sets/blocks.js";
import { equals, ruleNames } from "./names.js";
import { columnChanges, globalPositions, rowChanges } from "./rule_parameters.js";
import { positionsOf, rangesOf } from "../sets/ranges.js";
import { maskOf } from "../sets/rows.js";
import { coverage, samplesOf, wrongSamples } from "./samples.js";

const MAX_EXHAUSTIVE = 32; // up to this length both numbers of a rule are tried in full
const MAX_SINGLE = 256; // and up to this one, the number of a rule that has one
const MAX_NUMBERS = 20; // that a mask suggests
const MAX_POSITIONS = 16;
const MAX_PARTS = 8; // of a rule, in unions
const SIMPLE = 4; // numbers: a name with more is shown after unions
const MAX_COMPARED = 60; // unions that pass the samples
export const MAX_NAMES = 6;
const NEAREST = 8; // candidates that are counted in full
const TWO_SIDED = ["Window", "Dilated", "Chunk", "GlobalAt"];

/** { equal, nearest, difference }: the patterns that are a mask, the simplest first; if there is none, the
 * nearest rule and in how many pairs it differs. Both are empty for a mask without keys. */
export function namesOf(mask, context) {
  if (!mask.cells.includes(1)) return { equal: [], nearest: null, difference: 0 };
  const samples = samplesOf(mask);
  const candidates = candidatesOf(mask, context);
  const isMask = (node) => wrongSamples(node, samples, context, 0) === 0 && equals(node, mask, context);
  const named = [...ruleNames(mask, context)];
  const isNew = (node) => node.kind !== "rule" || !named.some(({ name }) => name === node.name);
  const equal = simplestOf([...named, ...firstOfEach(candidates.filter(isNew), isMask)]);
  if (equal.length && sizeOf(equal[0]) <= SIMPLE) return { equal, nearest: null, difference: 0 };
  equal.unshift(...unionsOf(mask, candidates, samples, context));
  if (equal.length) return { equal, nearest: null, difference: 0 };
  return { equal, ...nearestOf(mask, candidates, samples, context) };
}

/** How many numbers and patterns a name has. */
const sizeOf = (node) =>
  (node.values ?? []).flat().length + (node.parts ?? []).reduce((total, part) => total + 1 + sizeOf(part), 0);

/** The names in the order of their sizes, without those that are much longer than the first. */
function simplestOf(nodes) {
  const rising = nodes.sort((a, b) => sizeOf(a) - sizeOf(b));
  return rising.filter((node) => sizeOf(node) <= sizeOf(rising[0]) + 2);
}

/** Of each rule the first candidate that is the mask. */
function firstOfEach(candidates, isMask) {
  const found = new Map();
  for (const node of candidates) {
    const name = node.kind === "rule" ? node.name : `${node.parts[0].name} &`;
    if (!found.has(name) && isMask(node)) found.set(name, node);
  }
  return [...found.values()];
}

/** The rules to try, with numbers that the mask suggests, the simplest first. */
function candidatesOf(mask, context) {
  const longest = Math.max(mask.queries, mask.keys);
  const suggested = suggestedNumbers(mask);
  const every = Array.from({ length: longest + 1 }, (_, x) => x);
  const rules = Object.entries(context.data.rules).filter(
    ([, { isSized }]) => !isSized || mask.queries <= mask.keys,
  );
  const nodes = rules.flatMap(([name, facts]) => {
    const [given, free] = facts.isSized ? [[mask.keys], facts.parameters.slice(1)] : [[], facts.parameters];
    const rest = free.filter((parameter) => !(parameter.name in facts.defaults));
    const numbers = longest <= (rest.length < 2 ? MAX_SINGLE : MAX_EXHAUSTIVE) ? every : suggested;
    return tuplesOf(rest, numbers, mask).map((values) => {
      const others = free
        .slice(rest.length)
        .map(({ name: other }) => defaultOf(facts.defaults[other], rest, values));
      return { kind: "rule", name, values: [...given, ...values, ...others] };
    });
  });
  const defaulted = rules.flatMap(([name, facts]) => withDefault(name, facts, suggested));
  const causal = { kind: "rule", name: "Causal", values: [] };
  const all = [...nodes, ...defaulted];
  if (!isCausalMask(mask)) return all;
  const cut = all
    .filter(({ name }) => TWO_SIDED.includes(name))
    .map((node) => ({ kind: "intersection", parts: [node, causal] }));
  return [...all, ...cut];
}

/** The value of a parameter that is left out: a number, or that of the parameter which is named. */
function defaultOf(value, parameters, values) {
  return typeof value === "string" ? values[parameters.findIndex(({ name }) => name === value)] : value;
}

/** A rule of two numbers, the second of which has a default, with other second numbers. */
function withDefault(name, { parameters, defaults, isSized }, numbers) {
  const isPair = parameters.length === 2 && !isSized && parameters[1].name in defaults;
  if (!isPair) return [];
  const isAllowed = (value, { least }) => least === null || value >= least;
  const [firsts, seconds] = parameters.map((parameter) =>
    numbers.filter((value) => isAllowed(value, parameter)),
  );
  return firsts.flatMap((a) =>
    seconds.filter((b) => b <= a).map((b) => ({ kind: "rule", name, values: [a, b] })),
  );
}

/** The values of at most two numbers, or of one set of positions that the mask implies; none for other
 * parameters. */
function tuplesOf(parameters, numbers, mask) {
  if (parameters.length === 1 && parameters[0].isSet) return setsOf(mask).map((positions) => [positions]);
  if (parameters.length > 2 || parameters.some(({ isSet }) => isSet)) return [];
  const tuples = [[]];
  return parameters.reduce((before, { least }) => {
    const values = numbers.filter((value) => least === null || value >= least);
    return before.flatMap((tuple) => values.map((value) => [...tuple, value]));
  }, tuples);
}

/** Sets of positions or distances that a mask implies: full rows and columns, columns with keys, distances of
 * keys. */
function setsOf(mask) {
  const columns = new Set();
  const distances = new Set();
  for (let i = 0; i < mask.queries; i++) {
    for (const j of positionsOf(rowOfMask(mask, i))) {
      columns.add(j);
      if (j <= i) distances.add(i - j);
    }
    if (columns.size > MAX_POSITIONS && distances.size > MAX_POSITIONS) break;
  }
  const sets = [globalPositions(mask, 0), [...columns], [...distances], fullColumns(mask)];
  return sets
    .filter((set) => set.length > 0 && set.length <= MAX_POSITIONS)
    .map((set) => set.sort((a, b) => a - b));
}

/** Columns that every query from their own position on attends to. */
function fullColumns(mask) {
  const isFull = new Uint8Array(mask.keys).fill(1);
  for (let i = 0; i < mask.queries; i++) {
    const row = rowOfMask(mask, i);
    for (let j = 0; j <= Math.min(i, mask.keys - 1); j++) isFull[j] &= row[j];
  }
  const positions = positionsOf(isFull);
  const last = isFull.lastIndexOf(0); // full columns after it are the end of a window
  return positions.filter((j) => j < last);
}

/** Numbers that parameters may be: how far rows reach, how their keys are spaced, where rows and columns
 * change. */
function suggestedNumbers(mask) {
  const numbers = new Set([0, 1, 2, 3, 4]);
  const add = (value) =>
    [value - 1, value, value + 1].forEach(
      (x) => x >= 0 && x <= Math.max(mask.queries, mask.keys) && numbers.add(x),
    );
  for (const i of [mask.queries - 1, mask.queries >> 1, mask.queries >> 2]) {
    const ranges = rangesOf(positionsOf(rowOfMask(mask, i)));
    for (const [first, last] of [...ranges.slice(-3), ...ranges.slice(0, 2)]) {
      [last - first + 1, Math.abs(i - first), Math.abs(last - i)].forEach(add);
    }
    for (let x = Math.max(1, ranges.length - 3); x < ranges.length; x++) add(ranges[x][0] - ranges[x - 1][0]);
  }
  for (const changes of [rowChanges(mask), columnChanges(mask)]) if (changes.length) add(changes[0]);
  return [...numbers].sort((a, b) => a - b).slice(0, MAX_NUMBERS);
}

/** The unions of two candidates that are the mask, the simplest first. */
function unionsOf(mask, candidates, samples, context) {
  const parts = partsOf(candidates, samples, context);
  const pairs = [];
  for (let a = 0; a < parts.length; a++) {
    for (let b = a + 1; b < parts.length; b++)
      if (coverTogether(parts[a], parts[b])) pairs.push([parts[a], parts[b]]);
  }
  const cost = ([first, second]) => first.cost + second.cost;
  const unions = new Map();
  for (const [first, second] of pairs.sort((a, b) => cost(a) - cost(b)).slice(0, MAX_COMPARED)) {
    const names = [first, second].map(({ node }) => node.name ?? "&").join();
    const node = { kind: "union", parts: [first.node, second.node] };
    if (!unions.has(names) && equals(node, mask, context)) unions.set(names, node);
    if (unions.size === MAX_NAMES) break;
  }
  return [...unions.values()];
}

/** The candidates that lie in the mask, as far as samples show, with what they cover; of a rule that covers
 * the same twice, the first. */
function partsOf(candidates, samples, context) {
  const parts = new Map();
  candidates.forEach((node, place) => {
    const covered = coverage(node, samples, context);
    if (!covered?.includes(1)) return;
    const key = `${node.name ?? "&"} ${covered.join("")}`;
    const size = sum(covered);
    if (!parts.has(key)) parts.set(key, { node, covered, size, cost: costOf(node, place) });
  });
  const counts = {};
  const isAmongFirst = ({ node }) =>
    (counts[node.name ?? "&"] = (counts[node.name ?? "&"] ?? 0) + 1) <= MAX_PARTS;
  return [...parts.values()].sort((a, b) => b.size - a.size).filter(isAmongFirst);
}

/** How far a pattern is from the simplest: its numbers first, then its place among the candidates. */
function costOf(node, place) {
  const values = (node.values ?? node.parts[0].values).flat();
  const favourites = [
    "Lookback",
    "Window",
    "Sinks",
    "Global",
    "Causal",
    "Strided",
    "Block",
    "Local",
    "GlobalAt",
  ];
  const rank = favourites.indexOf(node.name);
  return values.length * 1000 + (rank < 0 ? 500 : rank * 10) + place * 1e-6;
}

function coverTogether({ covered }, { covered: other }) {
  for (let x = 0; x < covered.length; x++) if (!covered[x] && !other[x]) return false;
  return true;
}

/** The candidate that differs from the mask in the fewest pairs, among those that differ in the fewest
 * samples. */
function nearestOf(mask, candidates, samples, context) {
  let best = [];
  for (const node of candidates) {
    const most = best.length < NEAREST ? Infinity : best.at(-1).wrong;
    const wrong = wrongSamples(node, samples, context, most);
    if (wrong < most) best = [...best, { node, wrong }].sort((a, b) => a.wrong - b.wrong).slice(0, NEAREST);
  }
  const counted = best.map(({ node }) => {
    const counts = countsOf(kindsOf(mask, maskOf(node, [mask.queries, mask.keys], context)));
    return { nearest: node, difference: counts[2] + counts[3] };
  });
  return counted.reduce((a, b) => (b.difference < a.difference ? b : a));
}
