// The axes of the matrix: labelled positions, and marks at the query and the key that are pointed at.

import { element, fill } from "../common/dom.js";
import { ticks, windowOf } from "./ticks.js";
import { count } from "../common/words.js";

const ROOM = { top: 18, left: 44 }; // CSS pixels that a label takes along its axis

export function axes() {
  const [query, key] = [0, 1].map(() => element("span", { className: "mark", hidden: true }));
  const numbers = [0, 1].map(() => element("div", { className: "ticks" }));
  const down = axis("down", "query i", numbers[0], query);
  const across = axis("across", "key j", numbers[1], key);

  function draw(state, { size: [height, width] }, nameOf) {
    const seen = windowOf(state);
    down.style.height = `${height}px`;
    across.style.width = `${width}px`;
    label(numbers[0], "top", [seen.query, seen.rows, state.shape[0]], height, nameOf);
    label(numbers[1], "left", [seen.key, seen.columns, state.shape[1]], width, nameOf);
  }

  function point(state, { size: [height, width] }, nameOf) {
    const seen = windowOf(state);
    down.classList.toggle("short", height < 64);
    put(query, "top", state.query, [seen.query, seen.rows], height, nameOf);
    put(key, "left", state.key, [seen.key, seen.columns], width, nameOf);
    clear(numbers[0], query, "top");
    clear(numbers[1], key, "left");
  }
  return { down, across, draw, point };
}

const axis = (name, label, ...parts) => element("div", { className: `axis ${name}`, "aria-hidden": "true" },
  element("span", { className: "name" }, label), parts);

function label(box, side, [first, seen, n], length, nameOf) {
  const most = Math.max(1, Math.min(seen <= 64 ? 8 : 5, Math.floor(length / ROOM[side])));
  fill(box, ticks(first, seen, n, most).map((position) => {
    const tick = element("span", { className: "tick" }, count(nameOf(position)));
    tick.style[side] = `${((position - first + 0.5) / seen) * length}px`;
    return tick;
  }));
}

/** Hide the labels that a mark would cover. */
function clear(box, mark, side) {
  for (const tick of box.children) {
    const isNear = Math.abs(parseFloat(tick.style[side]) - parseFloat(mark.style[side])) < ROOM[side] * 0.8;
    tick.classList.toggle("covered", isNear && !mark.hidden);
  }
}

function put(mark, side, position, [first, seen], length, nameOf) {
  mark.hidden = position === null || position < first || position >= first + seen;
  if (mark.hidden) return;
  mark.textContent = count(nameOf(position));
  mark.style[side] = `${((position - first + 0.5) / seen) * length}px`;
}
