// What the pattern costs: pairs beside dense and causal, tiles, keys of a query.

import { causalPairs, summaryOf } from "./blocks.js";
import { element, fill } from "./dom.js";
import { tilesOf } from "./tiles.js";
import { count } from "./words.js";

/** 12.3%; small shares keep two digits that count. */
export function percent(share) {
  if (share === 0 || share === 1) return `${share * 100}%`;
  const value = share * 100;
  if (value >= 99.95 && value < 100) return "99.9%";
  return value >= 1 ? `${value.toFixed(1)}%` : `${Number(value.toPrecision(2))}%`;
}

export function costs(store) {
  const bars = element("table", { className: "bars" });
  const figures = element("dl", { className: "figures" });
  const box = element("section", { className: "costs", "aria-label": "Cost" }, figures, bars);
  const remembered = { mask: null, block: 0 };

  function update({ block, isTiled }) {
    const { mask } = store;
    if (remembered.mask === mask && remembered.block === block && remembered.isTiled === isTiled) return;
    Object.assign(remembered, { mask, block, isTiled });
    const summary = summaryOf(mask);
    const tiles = tilesOf(mask, block);
    fill(figures, summaryFigures(summary), isTiled && tileFigures(tiles));
    fill(bars, barRows(mask, summary, tiles, block));
  }
  return { element: box, update };
}

function summaryFigures({ pairs, density, least, median, most, empty }) {
  return [
    figure("pairs", count(pairs)),
    figure("density", percent(density)),
    figure("least / median / most keys", `${count(least)} / ${count(median)} / ${count(most)}`),
    figure("queries without keys", count(empty)),
  ];
}

const tileFigures = ({ full, partial, skipped }) => [
  figure("full tiles", count(full)),
  figure("partial", count(partial)),
  figure("skipped", count(skipped)),
];

const figure = (name, value) => element("div", {}, element("dt", {}, name), element("dd", {}, value));

function barRows({ queries, keys }, { pairs }, tiles, block) {
  const dense = queries * keys;
  const causal = causalPairs(queries, keys);
  const rows = [
    ["Elements", pairs, "element"],
    [`Tiles of ${block}`, tiles.pairs, "tile"],
    ["Causal", causal, "causal"],
    ["Dense", dense, "dense"],
  ];
  const head = element("tr", {}, ["Computed", "pairs", "of dense", "of causal", ""].map((text) => element("th", { scope: "col" }, text)));
  const most = Math.max(dense, tiles.pairs);
  return [head, ...rows.map(([name, number, kind]) => element("tr", { className: kind },
    element("th", { scope: "row" }, name),
    [count(number), percent(number / dense), percent(number / causal)].map((text) => element("td", {}, text)),
    element("td", { className: "bar" }, bar(number / most))))];
}

function bar(share) {
  const made = element("span", {});
  made.style.width = `${share * 100}%`;
  return made;
}
