// The state of the page, and what follows from it. State is plain data, so that a link can carry it:
//   kind "pattern" | "step" | "head" | "layer" | "branch", views [{ label, text }], tab, shape [n_q, n_k],
//   query and key (a position or null), pins (queries), isTiled, block, other (an expression or ""), panel (its name), options (a panel's own).
// Texts in the state always parse; what is typed and does not is kept beside them, with its error, in `drafts`.

import { notation, ownLength, parse } from "./expression.js";
import { ExpressionError } from "./syntax.js";
import { LengthError, maskOf, unpackListed } from "./rows.js";

export const MAX_LENGTH = 4096;

export function createStore(data, formulas) {
  const listed = Object.fromEntries(Object.entries(data.listed).map(([name, rows]) => [name, unpackListed(rows)]));
  const context = { data: { ...data, listed }, formulas };
  const listeners = new Set();
  const masks = new Map();
  let state = {
    kind: data.kind,
    views: data.views,
    tab: 0,
    shape: data.shape,
    query: null,
    key: null,
    pins: [],
    isTiled: false,
    block: 16,
    other: "",
    panel: "keys",
    options: {},
    drafts: {},
  };

  function set(patch) {
    const previous = state;
    state = { ...state, ...patch };
    for (const listener of listeners) listener(state, previous);
  }

  /** The mask of an expression at the state's shape, kept while it is wanted; throws LengthError. */
  function mask(text, shape = state.shape) {
    const key = `${shape} ${text}`;
    if (!masks.has(key)) {
      if (masks.size >= 12) masks.delete(masks.keys().next().value);
      masks.set(key, maskOf(parse(text, context.data), shape, context));
    }
    return masks.get(key);
  }

  /** Put a text into a place: the current tab, or "other". False, with a draft, if it does not parse or cannot be drawn. */
  function write(text, place = "view") {
    try {
      const node = text.trim() || place === "view" ? parse(text, context.data) : null;
      const shape = node ? fittingShape(node) : state.shape;
      if (node) mask(notation(node), shape);
      const drafts = { ...state.drafts };
      delete drafts[place];
      if (place === "other") set({ other: node ? notation(node) : "", drafts });
      else set({ views: replaced(state.views, state.tab, notation(node)), shape, drafts });
      return true;
    } catch (error) {
      if (!(error instanceof ExpressionError || error instanceof LengthError)) throw error;
      const { message, column = 0, end = text.length, mend = "" } = error;
      set({ drafts: { ...state.drafts, [place]: { text, message, column, end, mend } } });
      return false;
    }
  }

  /** The shape of the state, or that of a pattern that is stated for one length, if its other tabs allow it. */
  function fittingShape(node) {
    const length = ownLength(node, context.data);
    if (length === null || length === state.shape[1]) return state.shape;
    if (length > MAX_LENGTH) throw new LengthError(`this pattern is stated for n = ${length}; up to ${MAX_LENGTH} is drawn`);
    return [length, length];
  }

  /** Change the number of queries and keys; false, with a draft, if the pattern is stated for another. */
  function resize(shape) {
    try {
      for (const { text } of state.views) mask(text, shape);
      const drafts = { ...state.drafts };
      delete drafts.shape;
      const isInside = (i) => i !== null && i < shape[0];
      set({
        shape,
        drafts,
        query: isInside(state.query) ? state.query : null,
        key: state.key !== null && state.key < shape[1] ? state.key : null,
        pins: state.pins.filter(isInside),
      });
      return true;
    } catch (error) {
      if (!(error instanceof LengthError)) throw error;
      set({ drafts: { ...state.drafts, shape: { text: `${shape}`, message: error.message } } });
      return false;
    }
  }

  return {
    get state() {
      return state;
    },
    get text() {
      return state.views[state.tab].text;
    },
    get node() {
      return parse(state.views[state.tab].text, context.data);
    },
    get mask() {
      return mask(state.views[state.tab].text);
    },
    context,
    set,
    maskOf: mask,
    write,
    resize,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const replaced = (views, tab, text) => views.map((view, place) => (place === tab ? { ...view, text } : view));
