// The keys of the query that is pointed at, by the clause that admits each; why the key that is pointed at is
// in or out, and its readers; the pinned queries compared two by two.

import { readersOf, rowOfMask } from "../sets/blocks.js";
import { clauseNodes, clausesOf, compareRows, keysByClause, partColour } from "../sets/clauses.js";
import { element, fill, swatch } from "../common/dom.js";
import { positionLists } from "../controls/controls.js";
import { rangeText } from "../sets/ranges.js";
import { reason } from "../sets/reasons.js";
import { count, plural } from "../common/words.js";

export const keysPanel = {
  name: "keys",
  title: "Keys",
  mount(store) {
    const [query, key, pins] = ["keys-query", "keys-key", "keys-pins"].map((className) =>
      element("section", { className }),
    );
    function update(state) {
      const mask = store.mask;
      fill(query, state.query === null ? clauseList(store) : queryKeys(store, state.query, mask));
      fill(key, state.key === null ? [] : keySection(store, state, mask));
      fill(pins, state.pins.length < 2 ? [] : pinSection(state.pins, mask));
    }
    return { element: element("div", { className: "keys-panel" }, query, key, pins), update };
  },
};

/** The coloured square of a clause. */
const clauseSwatch = (number) => swatch(partColour(number));

/** What is shown while no query is pointed at: the clauses and their colours. */
function clauseList(store) {
  const clauses = clausesOf(store.node).map((text, place) =>
    element("li", {}, clauseSwatch(place + 1), element("code", {}, text)),
  );
  return [
    element("p", {}, "Point at a query to see its keys, by the clause that admits each."),
    element("ul", { className: "clauses" }, clauses),
  ];
}

function queryKeys(store, i, { keys: keyCount }) {
  const { clauses, shared, all } = keysByClause(store.node, i, keyCount, store.context);
  const heading = element("h2", {}, `Query ${i}: ${plural(all.length, "key")}`);
  if (clauses.length === 1) return [heading, element("p", { className: "positions" }, rangeText(all))];
  const items = clauses.map((clause) => element("li", {}, ...clauseKeys(clause)));
  const texts = shared.map(({ keys, clauses: numbers }) => {
    const names = numbers.flatMap((number, place) => [
      place > 0 && " and ",
      element("code", {}, clauses[number - 1].text),
    ]);
    return element("li", {}, `${rangeText(keys)} by ${numbers.length === 2 ? "both" : "each of"} `, names);
  });
  const several = shared.length > 0 && [
    element("h3", {}, "Admitted more than once"),
    element("ul", { className: "shared" }, texts),
  ];
  return [
    heading,
    element("p", { className: "positions" }, rangeText(all)),
    element("ul", { className: "clauses" }, items),
    ...(several || []),
  ];
}

function clauseKeys({ text, number, keys }) {
  const amount = element("span", { className: "amount" }, ` ${plural(keys.length, "key")}`);
  return [
    clauseSwatch(number),
    element("code", {}, text),
    amount,
    element("div", { className: "positions" }, rangeText(keys)),
  ];
}

function keySection(store, { query, key }, mask) {
  const readers = readersOf(mask, key);
  const why = query === null ? [] : whySection(store, query, key);
  const heading = element("h3", {}, `Key ${key}: ${plural(readers.length, "reader")}`);
  return [...why, heading, element("p", { className: "positions readers" }, rangeText(readers))];
}

function whySection(store, i, j) {
  const clauses = clauseNodes(store.node).map((clause) => reason(clause, i, j, store.context));
  const admitting = clauses.filter(({ holds }) => holds).length;
  const verdict = admitting ? "is a key" : "is no key";
  const among =
    clauses.length > 1
      ? `: ${count(admitting)} of ${clauses.length} clauses ${admitting === 1 ? "admits" : "admit"} it`
      : "";
  const items = clauses.map((clause, place) => reasonItem(clause, clauses.length > 1 && place + 1));
  return [
    element("h2", {}, `${j} ${verdict} of ${i}${among}`),
    element("ul", { className: "reasons" }, items),
  ];
}

/** A pattern with true or false, what i and j become inside it, its formula with the numbers, and its parts.
 * */
function reasonItem({ text, holds, steps, lines, parts }, number) {
  const value = element("strong", { className: holds ? "holds" : "fails" }, holds ? "true" : "false");
  const title = element("div", {}, number && clauseSwatch(number), element("code", {}, text), " is ", value);
  const notes = steps.map((step) => element("div", { className: "step" }, step));
  const formulas = lines.map((line) =>
    element("div", { className: "formula", title: line.formula }, ...formulaText(line)),
  );
  const inner =
    parts.length > 0 &&
    element(
      "ul",
      {},
      parts.map((part) => reasonItem(part, false)),
    );
  return element("li", {}, title, notes, formulas, inner);
}

function formulaText({ name, text, value }) {
  const isPlain = text === value;
  return [
    name && element("span", { className: "part" }, `${name} = `),
    element("code", {}, text),
    !isPlain && ` is ${value}`,
  ].filter(Boolean);
}

function pinSection(pins, mask) {
  const pairs = pins.flatMap((first, place) => pins.slice(place + 1).map((second) => [first, second]));
  const items = pairs.map(([a, b]) => pinItem(a, b, compareRows(rowOfMask(mask, a), rowOfMask(mask, b))));
  return [element("h2", {}, "Pinned queries"), ...items];
}

function pinItem(a, b, { common, onlyFirst, onlySecond, shift }) {
  const lists = positionLists([
    ["in common", common],
    [`only ${a}`, onlyFirst],
    [`only ${b}`, onlySecond],
  ]);
  const note = shift !== null && element("p", {}, shiftText(a, b, shift));
  return element(
    "div",
    { className: "pair" },
    element("h3", {}, `${a} and ${b}`),
    lists,
    note,
  );
}

/** How the keys of query a become those of query b. */
const shiftText = (a, b, shift) =>
  shift === 0
    ? "They have the same keys."
    : `The keys of ${b} are those of ${a}, ${Math.abs(shift)} ${shift > 0 ? "later" : "earlier"}.`;
