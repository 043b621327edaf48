// What is pointed at, in words: below the matrix for the eye, and in a live region for a screen reader.

import { keysOf, readersOf } from "../sets/blocks.js";
import { rangesOf } from "../sets/ranges.js";
import { element, fill, sample } from "../common/dom.js";
import { MAX_PINS } from "../common/limits.js";
import { togglePin } from "./keyboard.js";
import { count, plural } from "../common/words.js";

const QUIET = 350; // milliseconds without a change, after which a screen reader is told
const MAX_RUNS = 12;

/** "1, 5, 8 to 12": positions with their runs. */
export function positionsText(positions) {
  const runs = rangesOf(positions);
  const texts = runs.slice(0, MAX_RUNS).map(runText);
  return texts.join(", ") + (runs.length > MAX_RUNS ? " and more" : "");
}

function runText([first, last]) {
  if (last - first < 2) return [...new Set([first, last])].join(", ");
  return `${first} to ${last}`;
}

/** "query 9: 4 keys: 1, 5, 8, 9; key 5 is one, with 7 readers" */
export function sentence({ query, key }, mask) {
  const parts = [];
  const own = query === null ? [] : keysOf(mask, query);
  const list = own.length ? `${plural(own.length, "key")}: ${positionsText(own)}` : "no keys";
  if (query !== null) parts.push(`query ${query}: ${list}`);
  if (key !== null) {
    const readers = plural(readersOf(mask, key).length, "reader");
    const verdict = query === null ? "has" : own.includes(key) ? "is one, with" : "is none of them, with";
    parts.push(`key ${key} ${verdict} ${readers}`);
  }
  return parts.join("; ");
}

/** A region that screen readers read out when the pointing rests. */
export function liveRegion(store) {
  const region = element("p", { className: "unseen", role: "status", "aria-live": "polite" });
  let timer = null;
  let last = null;
  function update(state) {
    const place = `${state.query},${state.key},${state.pins},${store.text}`;
    if (place === last) return;
    last = place;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const pins = state.pins.length ? `; pinned: ${state.pins.join(", ")}` : "";
      region.textContent = sentence(store.state, store.mask) + pins;
    }, QUIET);
  }
  return { element: region, update };
}

/** A line below the matrix: the pair, the numbers of keys and of readers, a button that pins. */
export function readout(store) {
  const text = element("p", { className: "pair" });
  const pin = element("button", { type: "button", className: "quiet" });
  pin.addEventListener("click", () => store.set(togglePin(store.state, store.state.query)));
  const pins = element("ul", { className: "pins", "aria-label": `Pinned queries, ${MAX_PINS} at most` });
  let last = null;

  function update(state) {
    const { query, key } = state;
    fill(text, query === null ? hint() : pairWords(query, key, store.mask));
    pin.hidden = query === null;
    if (query !== null) pin.textContent = `${state.pins.includes(query) ? "Unpin" : "Pin"} ${count(query)}`;
    pins.hidden = state.pins.length === 0;
    if (last === `${state.pins}`) return;
    last = `${state.pins}`;
    fill(pins, state.pins.map((own) => element("li", {}, pinButton(store, own))));
  }
  return { element: element("div", { className: "readout" }, text, pin, pins), update };
}

const hint = () => element("span", { className: "hint" }, "Point at a cell, or press the arrow keys.");

function pairWords(query, key, mask) {
  const own = keysOf(mask, query).length;
  const words = [sample("query", `query ${count(query)}: ${plural(own, "key")}`)];
  if (key === null) return words;
  const isMember = mask.cells[query * mask.keys + key] === 1;
  words.push(sample("reader", `key ${count(key)}: ${plural(readersOf(mask, key).length, "reader")}`));
  const [className, verdict] = isMember ? ["verdict yes", "attends"] : ["verdict", "does not attend"];
  return [...words, element("span", { className }, verdict)];
}

function pinButton(store, query) {
  const names = { type: "button", className: "chip", "aria-label": `Unpin query ${query}` };
  const button = element("button", names, `${count(query)} ×`);
  button.addEventListener("click", () => store.set(togglePin(store.state, query)));
  return button;
}
