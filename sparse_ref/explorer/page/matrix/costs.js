// What the pattern costs: pairs beside dense and causal, tiles, keys of a query.

import { causalPairs, summaryOf } from "../sets/blocks.js";
import { element, fill } from "../common/dom.js";
import { tilesOf } from "../sets/tiles.js";
import { count } from "../common/words.js";

/** 12.3%; small shares keep two digits that count, large ones are multiples such as 12×. */
function percent(share) {
  if (share === 0 || share === 1) return `${share * 100}%`;
  if (share >= 10) return `${count(Math.round(share))}×`;
  const value = share * 100;
  if (value >= 99.95 && value < 100) return "99.9%";
  return value >= 1 ? `${value.toFixed(1)}%` : `${Number(value.toPrecision(2))}%`;
}

const COLUMNS = ["Computed", "pairs", "of dense", "of causal"];

/** A line of numbers: pairs, density, keys of a query. */
export function costLine(store) {
  const list = element("dl", { className: "figures", "aria-label": "Cost" });
  const update = whenChanged((mask) => fill(list, summaryFigures(summaryOf(mask))));
  return { element: list, update: () => update(store.mask) };
}

/** What is computed, element by element and tile by tile, beside causal and dense attention. */
export function costBars(store) {
  const table = element("table", { className: "bars" });
  const update = whenChanged((mask, block) => fill(table, barRows(mask, block)));
  return { element: table, update: ({ block }) => update(store.mask, block) };
}

/** A function that acts only if its arguments are others than before. */
export function whenChanged(act) {
  let last = [];
  return (...values) => {
    if (values.every((value, place) => value === last[place])) return;
    last = values;
    act(...values);
  };
}

function summaryFigures({ pairs, density, least, median, most, empty }) {
  return [
    figure("pairs", count(pairs)),
    figure("density", percent(density)),
    figure("min / median / max keys", `${count(least)} / ${count(median)} / ${count(most)}`),
    figure("without keys", count(empty)),
  ];
}

const figure = (name, value) => element("div", {}, element("dt", {}, name), element("dd", {}, value));

function barRows(mask, block) {
  const { queries, keys } = mask;
  const tiles = tilesOf(mask, block);
  const dense = queries * keys;
  const causal = causalPairs(queries, keys);
  const rows = [
    ["Elements", summaryOf(mask).pairs, "element"],
    [`Tiles of ${block}`, tiles.pairs, "tile"],
    ["Causal", causal, "causal"],
    ["Dense", dense, "dense"],
  ];
  const most = Math.max(dense, tiles.pairs);
  const numbers = (number) => [count(number), percent(number / dense), percent(number / causal)];
  const row = ([name, number, className]) => element("tr", { className },
    element("th", { scope: "row" }, name),
    numbers(number).map((text) => element("td", {}, text)),
    element("td", { className: "bar" }, bar(number / most)));
  const head = COLUMNS.map((text) => element("th", { scope: "col" }, text));
  return [element("tr", {}, head, element("td")), rows.map(row)];
}

function bar(share) {
  const made = element("span", {});
  made.style.width = `${share * 100}%`;
  return made;
}
