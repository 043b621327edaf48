// A second expression beside the first: how many pairs are in both and in one only, and the difference in the
// words of verify.

import { countsOf } from "../common/arrays.js";
import { differingRows, kindsOf } from "../comparisons/comparison.js";
import { rowOfMask } from "../sets/blocks.js";
import { compareRows } from "../sets/clauses.js";
import { KINDS } from "../comparisons/difference_layers.js";
import { clauseExplanation, explanations } from "../comparisons/differences.js";
import { element, fill, swatch } from "../common/dom.js";
import { button, positionLists } from "../controls/controls.js";
import { editor } from "../controls/editor.js";
import { parse } from "../language/expression.js";
import { rangeText } from "../sets/ranges.js";
import { LengthError } from "../sets/rows.js";
import { count, plural } from "../common/words.js";

const MAX_AT_ONCE = 2 ** 20; // pairs whose difference is explained before the page is drawn

export const diffPanel = {
  name: "diff",
  title: "Compare",
  mount(store) {
    const other = editor(store, { place: "other", label: "Compare with", read: (state) => state.other });
    const body = element("div", { "aria-live": "polite" });
    const row = element("section", { className: "diff-row" });
    const show = differenceView(store, body);
    const box = element("div", { className: "diff-panel" }, other.element, buttons(store), body, row);
    function update(state, previous) {
      other.update(state, previous);
      const masks = bothMasks(store);
      show(masks);
      fill(row, masks.second && state.query !== null ? rowDifference(state.query, masks) : []);
    }
    return { element: box, update };
  },
};

function buttons(store) {
  return element(
    "div",
    { className: "buttons" },
    button("Start from the pattern", () => store.write(store.text, "other")),
    button("Exchange the two", () => exchange(store)),
    button("Clear", () => store.write("", "other")),
  );
}

function exchange(store) {
  const [text, other] = [store.text, store.state.other];
  if (other && store.write(other)) store.write(text, "other");
}

/** { first, second } masks; `second` is null without a second expression, and `problem` says why it cannot be
 * drawn. */
function bothMasks(store) {
  const first = store.mask;
  const { other } = store.state;
  if (!other) return { first, second: null, problem: "" };
  try {
    return { first, second: store.maskOf(other), problem: "" };
  } catch (error) {
    if (!(error instanceof LengthError)) throw error;
    return { first, second: null, problem: error.message };
  }
}

/** A function that shows the difference of two masks in a body; it computes anew only if the texts or the
 * shape are others. */
function differenceView(store, body) {
  let last = "";
  let timer = null;
  return ({ first, second, problem }) => {
    const key = JSON.stringify([store.text, store.state.other, store.state.shape, problem]);
    if (key === last) return;
    last = key;
    clearTimeout(timer);
    if (!second) {
      fill(
        body,
        element(
          "p",
          {},
          problem ||
            "Write a second expression to see which pairs differ, and what the difference is called.",
        ),
      );
      return;
    }
    const kinds = kindsOf(first, second);
    const list = element("div", { className: "explanations" });
    fill(body, countTable(countsOf(kinds)), rowsNote(kinds, first), list);
    const explain = () => fill(list, explanationList(explanationsOf(store, first, second), kinds));
    if (kinds.length <= MAX_AT_ONCE) explain();
    else timer = setTimeout(explain, 50);
  };
}

function explanationsOf(store, first, second) {
  const { node, context, state } = store;
  const other = parse(state.other, context.data);
  const found = explanations(node, first, second, context, other);
  if (!found.length || found.some(({ cause }) => cause)) return found;
  return [...found, ...clauseExplanation(node, other, state.shape, context)];
}

/** How many pairs there are of each kind, with the kind's colour in the matrix. */
function countTable([neither, ...others]) {
  const row = ({ label, colour }, pairs) => {
    const name = element("th", { scope: "row" }, swatch(colour), label);
    return element("tr", {}, name, element("td", {}, count(pairs)));
  };
  const rows = KINDS.slice(1).map((kind, place) => row(kind, others[place]));
  return element(
    "table",
    { className: "counts" },
    element("caption", {}, "Pairs of query and key"),
    element("tbody", {}, rows, row(KINDS[0], neither)),
  );
}

function rowsNote(kinds, { keys, queries }) {
  const rows = differingRows(kinds, keys);
  return element(
    "p",
    { className: "rows" },
    rows.length ? `${count(rows.length)} of ${plural(queries, "row")} differ: ${rangeText(rows)}` : "",
  );
}

/** What the second is, compared with the pattern: the cause of the likeliest explanation, then each
 * explanation in full. */
function explanationList(found, kinds) {
  if (!kinds.some((kind) => kind > 1))
    return [element("p", { className: "main" }, "The two sets are equal.")];
  const { cause } = found.find((explanation) => explanation.cause) ?? { cause: found[0].text };
  const isRepeated = ({ text }, place) => found.slice(0, place).some((other) => other.text.includes(text));
  const items = found
    .filter((explanation, place) => !isRepeated(explanation, place))
    .map(({ text }) => element("li", {}, text));
  return [
    element("p", { className: "main" }, cause),
    element("p", {}, "The second, compared with the pattern:"),
    element("ul", {}, items),
  ];
}

function rowDifference(i, { first, second }) {
  const { onlyFirst, onlySecond } = compareRows(rowOfMask(first, i), rowOfMask(second, i));
  const lists = positionLists([
    ["only in the pattern", onlyFirst],
    ["only in the second", onlySecond],
  ]);
  return [element("h2", {}, `Query ${i}`), element("div", { className: "pair" }, lists)];
}
