// Keys of the keyboard on the matrix, as changes of the state.

import { MAX_PINS } from "../common/limits.js";
import { clamp, sideOf, zoomAround, zoomThatShows } from "./ticks.js";

const SHIFT_STEP = 10;

/** Act on a key's event, if it has a meaning here. */
export function pressKey(store, event) {
  if (event.altKey || event.metaKey) return;
  const change = changeOf(event, store.state);
  if (!change) return;
  event.preventDefault();
  store.set(change);
}

/** The change of the state that a key { key, shiftKey, ctrlKey } makes; null if it makes none. */
export function changeOf({ key, shiftKey, ctrlKey }, state) {
  const step = shiftKey ? SHIFT_STEP : 1;
  const page = Math.max(1, Math.floor(state.shape[0] / 8));
  switch (key) {
    case "ArrowUp": return moveBy(state, -step, 0);
    case "ArrowDown": return moveBy(state, step, 0);
    case "ArrowLeft": return moveBy(state, 0, -step);
    case "ArrowRight": return moveBy(state, 0, step);
    case "PageUp": return moveBy(state, -page, 0);
    case "PageDown": return moveBy(state, page, 0);
    case "Home": return ctrlKey ? moveBy(state, -Infinity, 0) : moveBy(state, 0, -Infinity);
    case "End": return ctrlKey ? moveBy(state, Infinity, 0) : moveBy(state, 0, Infinity);
    case " ": case "Enter": return state.query === null ? null : togglePin(state, state.query);
    case "+": case "=": return zoomBy(state, 0.5);
    case "-": return zoomBy(state, 2);
    case "0": return { zoom: null };
    case "Escape": return clear(state);
  }
  return null;
}

/** The first press only points at a place; the others move it. */
function moveBy(state, down, across) {
  const [queries, keys] = state.shape;
  const { query, key } = placeOf(state);
  const isFirst = state.query === null && state.key === null;
  const place = {
    query: clamp(query + (isFirst ? 0 : down), 0, queries - 1),
    key: clamp(key + (isFirst ? 0 : across), 0, keys - 1),
  };
  return { ...place, zoom: zoomThatShows(state, place.query, place.key) };
}

/** What is pointed at, or else where the part that is seen begins. */
const placeOf = ({ query, key, zoom }) => ({ query: query ?? zoom?.query ?? 0, key: key ?? zoom?.key ?? 0 });

function zoomBy(state, factor) {
  const { query, key } = placeOf(state);
  return { zoom: zoomAround(state, sideOf(state) * factor, query, key) };
}

/** The pins with a query more, or without it if it is there; the oldest gives way to a fifth. */
export function togglePin({ pins }, query) {
  if (pins.includes(query)) return { pins: pins.filter((pin) => pin !== query) };
  return { pins: [...pins, query].slice(-MAX_PINS) };
}

/** Escape clears what is pointed at, then the pins, then the zoom. */
function clear({ query, key, pins, zoom }) {
  if (query !== null || key !== null) return { query: null, key: null };
  if (pins.length) return { pins: [] };
  return zoom ? { zoom: null } : null;
}
