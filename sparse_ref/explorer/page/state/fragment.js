// The state as the fragment of a link, readable, and back: only what differs from the page's first state
// is in it.
//   p an expression, once for each tab; k the kind; t tab; n length, or n_q,n_k; q query; j key; pins;
//     tile (the block, if tiled);
//   diff the other expression; panel; o the panels' options as JSON; zoom the first query, the first key and
//     the side of the part that is seen; lit a digit for each clause, 1 if it is; theme light or dark.

import { MAX_LENGTH, MAX_PINS } from "../common/limits.js";

const KINDS = ["pattern", "step", "head", "layer", "branch"];
const LOOKS = ["zoom", "lit", "theme"];
const MAX_FRAGMENT = 20000;
const MAX_VIEWS = 256;
const MAX_DEPTH = 5;

/** Why a fragment is no state of this page. */
export class FragmentError extends Error {}

/** The fragment of a state, without #; "" for the first state. */
export function fragmentOf(state, initial) {
  const parts = [];
  const add = (name, value, isFirst) => isFirst || parts.push(`${name}=${encode(`${value}`)}`);
  const texts = (views) => views.map(({ text }) => text);
  const isSame =
    JSON.stringify(texts(state.views)) === JSON.stringify(texts(initial.views)) &&
    state.kind === initial.kind;
  for (const text of texts(state.views)) add("p", text, isSame);
  add("k", state.kind, isSame || state.kind === "pattern");
  add("t", state.tab, state.tab === 0);
  add(
    "n",
    state.shape[0] === state.shape[1] ? state.shape[0] : state.shape,
    `${state.shape}` === `${initial.shape}`,
  );
  add("q", state.query, state.query === null);
  add("j", state.key, state.key === null);
  add("pins", state.pins, state.pins.length === 0);
  add("tile", state.block, !state.isTiled && state.block === initial.block);
  add("tiled", "no", state.isTiled || state.block === initial.block);
  add("diff", state.other, state.other === "");
  add("panel", state.panel, state.panel === initial.panel);
  add("o", JSON.stringify(state.options), JSON.stringify(state.options) === JSON.stringify(initial.options));
  const { zoom, colours } = state;
  add("zoom", zoom && [zoom.query, zoom.key, zoom.side], zoom === null);
  add("lit", colours?.map(Number).join(""), colours === null);
  add("theme", state.theme, state.theme === initial.theme);
  return parts.join("&");
}

/** A value with what a fragment may hold left as it is: 8, 16 and (8) stay readable. */
const encode = (text) => encodeURIComponent(text).replace(/%(2C|3A|7E|2F)/g, decodeURIComponent);

/** The patch of a fragment, as store.restore takes it; null if it is empty. Throws FragmentError. */
export function patchOf(fragment, initial) {
  const text = fragment.replace(/^#/, "");
  if (!text) return null;
  if (text.length > MAX_FRAGMENT) throw new FragmentError(`it has more than ${MAX_FRAGMENT} characters`);
  const values = valuesOf(text);
  const texts = values.p ?? initial.views.map((view) => view.text);
  if (texts.length > MAX_VIEWS) throw new FragmentError(`it has more than ${MAX_VIEWS} patterns`);
  const one = (name) => values[name]?.[0];
  const value = (name, read, first) => (one(name) === undefined ? first : read(one(name)));
  const shape = value("n", lengthsOf, initial.shape);
  const within = (name, end) => value(name, (number) => integerOf(name, number, 0, end - 1), null);
  return {
    kind: kindOf(one("k") ?? (values.p ? (texts.length > 1 ? "step" : "pattern") : initial.kind), texts),
    texts,
    tab: within("t", texts.length) ?? 0,
    shape,
    query: within("q", shape[0]),
    key: within("j", shape[1]),
    pins: pinsOf(one("pins"), shape[0]),
    block: value("tile", (size) => integerOf("tile", size, 1, MAX_LENGTH), initial.block),
    isTiled: one("tile") === undefined ? initial.isTiled : one("tiled") !== "no",
    other: one("diff") ?? "",
    panel: value("panel", panelOf, initial.panel),
    options: value("o", optionsOf, initial.options),
    zoom: value("zoom", (place) => zoomOf(place, shape), null),
    colours: value("lit", coloursOf, null),
    theme: value("theme", themeOf, initial.theme),
  };
}

function valuesOf(text) {
  const known = ["p", "k", "t", "n", "q", "j", "pins", "tile", "tiled", "diff", "panel", "o", ...LOOKS];
  const values = {};
  for (const part of text.split("&")) {
    const [name, value] = [part.split("=")[0], part.slice(part.indexOf("=") + 1)];
    if (!known.includes(name)) throw new FragmentError(`${name.slice(0, 20)} is unknown in it`);
    (values[name] ??= []).push(decode(value));
  }
  return values;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new FragmentError("a % in it stands for no letter");
  }
}

function integerOf(name, text, least, most) {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new FragmentError(`${name} must be an integer from ${least} to ${most}, got ${text.slice(0, 20)}`);
}

function lengthsOf(text) {
  const lengths = text.split(",").map((part) => integerOf("n", part, 1, MAX_LENGTH));
  if (lengths.length > 2) throw new FragmentError("n must be one length or two");
  return lengths.length === 2 ? lengths : [lengths[0], lengths[0]];
}

function kindOf(text, texts) {
  if (KINDS.includes(text) && (text !== "pattern" || texts.length === 1)) return text;
  throw new FragmentError(`k must be the kind of ${texts.length} patterns, got ${text.slice(0, 20)}`);
}

function pinsOf(text, queries) {
  const pins = (text ?? "").split(",").filter(Boolean);
  if (pins.length > MAX_PINS) throw new FragmentError(`it has more than ${MAX_PINS} pins`);
  return pins.map((pin) => integerOf("pins", pin, 0, queries - 1));
}

function zoomOf(text, [queries, keys]) {
  const numbers = text.split(",");
  if (numbers.length !== 3) throw new FragmentError("zoom must be a query, a key and a side");
  const [query, key, side] = [queries - 1, keys - 1, Math.max(queries, keys)].map((most, place) => {
    return integerOf("zoom", numbers[place], place === 2 ? 1 : 0, most);
  });
  return { query, key, side };
}

function coloursOf(text) {
  if (/^[01]{1,200}$/.test(text)) return [...text].map((digit) => digit === "1");
  throw new FragmentError("lit must be a digit 0 or 1 for each clause");
}

function themeOf(text) {
  if (["auto", "light", "dark"].includes(text)) return text;
  throw new FragmentError("theme must be auto, light or dark");
}

function panelOf(text) {
  if (/^[a-z]\w{0,20}$/.test(text)) return text;
  throw new FragmentError("panel must be the name of a panel");
}

/** Plain values of options: numbers, words, true, false, null, lists and tables of them. */
function optionsOf(text) {
  let options;
  try {
    options = JSON.parse(text);
  } catch {
    throw new FragmentError("o is no JSON");
  }
  if (
    isPlain(options, MAX_DEPTH) &&
    options !== null &&
    typeof options === "object" &&
    !Array.isArray(options)
  )
    return options;
  throw new FragmentError("o must be a table of plain values");
}

function isPlain(value, depth) {
  if (value === null || ["string", "boolean"].includes(typeof value)) return true;
  if (typeof value === "number") return Number.isFinite(value);
  return (
    depth > 0 &&
    !Object.hasOwn(value, "__proto__") &&
    Object.values(value).every((part) => isPlain(part, depth - 1))
  );
}
