// The names of a mask: which rules it equals. Their parameters are read off the mask, then the rule is drawn
// and compared, so that a name is never a guess. A mask is { queries, keys, cells }, with a key at least.

import { hasRows } from "./comparison.js";
import { ruleParameters } from "./rule_parameters.js";
import { rowOf } from "../sets/rows.js";

const NAMED = [
  ...[
    "Full",
    "Causal",
    "Window",
    "Lookback",
    "Band",
    "Dilated",
    "Chunk",
    "Local",
    "Strided",
    "Block",
    "Summary",
    "SubBlock",
  ],
  ...["Sinks", "Prefix", "Global", "GlobalAt"],
]; // among those with as many numbers, the first comes first

/** The rules in NAMED that equal a mask, as they are or Shifted by n_k - n_q, simplest first: an iterator of
 * nodes, each drawn only when its turn comes. */
export const ruleNames = (mask, context) => ruleMatches(mask, context);

function* ruleMatches(mask, context) {
  if (!mask.cells.includes(1)) return;
  const shift = mask.keys - mask.queries;
  const candidates = [
    ...candidatesOf(mask, 0, context),
    ...(shift ? candidatesOf(mask, shift, context) : []),
  ];
  const isMatch = (candidate) => equals(candidate.node, mask, context);
  for (const candidate of candidates.sort((a, b) => a.size - b.size)) {
    // A rule that matches as it is is simpler than the same one shifted.
    const plain = candidate.shift && candidates.find(({ shift, name }) => !shift && name === candidate.name);
    if (!(plain && isMatch(plain)) && isMatch(candidate)) yield candidate.node;
  }
}

/** Of each rule the value to try: if any with parameters up to n fits, the least is this one. */
function candidatesOf(mask, shift, context) {
  const parameters = ruleParameters(mask, shift);
  return NAMED.filter((name) => parameters[name]).flatMap((name) => {
    const values = parameters[name];
    const numbers = values.flat();
    const longest = Math.max(mask.queries, mask.keys);
    const { parameters: facts } = context.data.rules[name];
    const isTooSmall = values.some((value, place) =>
      [value].flat().some((x) => facts[place].least !== null && x < facts[place].least),
    );
    if (isTooSmall || numbers.some((number) => !(Math.abs(number) <= longest))) return [];
    const node = { kind: "rule", name, values };
    return [
      {
        node: shift ? { kind: "shifted", pattern: node, offset: shift } : node,
        name,
        shift,
        size: numbers.length,
      },
    ];
  });
}

/** Whether a pattern without a length of its own is a mask. */
export function equals(node, mask, context) {
  const row = rowOf(node, context);
  const keys = Int32Array.from({ length: mask.keys }, (_, j) => j);
  return hasRows(mask, (i, out) => row(i, keys, out));
}
