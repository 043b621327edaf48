// The state of the page, and what follows from it. State is plain data, so that a link can carry it:
//   kind "pattern" | "step" | "head" | "layer" | "branch", views [{ label, text }], tab, shape [n_q, n_k],
//   query and key (a position or null), pins (queries), isTiled, block, other (an expression or ""),
//   panel (its name), options (a panel's own); theme "auto", "light" or "dark"; zoom, the part that is seen
//   { query, key, side } or null; colours, a boolean for each clause or null.
// Texts in the state always parse; what is typed and does not is kept beside them, with its error, in
// `drafts`:
//   { text, message, column, end, mend } by draftKey(place), or by the control that was refused.

import { sum } from "../common/arrays.js";
import { isLength, MAX_LENGTH } from "../common/limits.js";
import { notation, ownLength, parse, read, viewLabel } from "../language/expression.js";
import { ExpressionError } from "../language/syntax.js";
import { checkShape, LengthError, maskOf, unpackListed } from "../sets/rows.js";
import { restoreSelections } from "../sets/selections.js";
import { pastedSets, unpackRows } from "../sets/paste.js";

const MAX_CELLS = 5 * MAX_LENGTH ** 2; // of all masks that are kept

export function createStore(data, formulas) {
  const listed = Object.fromEntries(
    Object.entries(data.listed).map(([name, rows]) => [name, unpackListed(rows)]),
  );
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
    theme: "auto",
    zoom: null,
    colours: null,
    drafts: {},
  };
  const initial = state;

  function set(patch) {
    const previous = state;
    state = { ...state, ...patch };
    for (const listener of listeners) listener(state, previous);
  }

  /** The mask of an expression at the state's shape, kept while there is room; throws LengthError. */
  function mask(text, shape = state.shape) {
    const key = `${shape} ${text}`;
    if (masks.has(key)) return masks.get(key);
    const made = maskOf(parse(text, context.data), shape, context);
    const size = (kept) => [...kept.values()].reduce((sum, { cells }) => sum + cells.length, 0);
    while (masks.size && (masks.size >= 12 || size(masks) + made.cells.length > MAX_CELLS)) {
      masks.delete(masks.keys().next().value);
    }
    masks.set(key, made);
    return made;
  }

  const check = (text, shape) => checkShape(parse(text, context.data), shape, context);

  /** Where a draft is kept: that of a tab's text stays with the tab. */
  const draftKey = (place, tab = state.tab) => (place === "view" ? `view ${tab}` : place);

  const draftsWithout = (isGone) =>
    Object.fromEntries(Object.entries(state.drafts).filter(([key]) => !isGone(key)));

  /** Run `change`; false, with a draft of the text, if it throws what is wrong with an expression or a
   * length. */
  function attempt(key, text, change) {
    try {
      change();
      return true;
    } catch (error) {
      if (!(error instanceof ExpressionError || error instanceof LengthError)) throw error;
      const { message, column = 0, end = text.length, mend = null } = error;
      set({ drafts: { ...state.drafts, [key]: { text, message, column, end, mend } } });
      return false;
    }
  }

  /** Put a text into a place: the current tab (all tabs, if it is several patterns), or "other".
   * False, with a draft, if it does not parse or cannot be drawn. */
  function write(text, place = "view") {
    const key = draftKey(place);
    return attempt(key, text, () => (place === "other" ? writeOther(text) : writeView(text, key)));
  }

  function writeOther(text) {
    const node = text.trim() ? parse(text, context.data) : null;
    if (node) check(notation(node), state.shape);
    set({ other: node ? notation(node) : "", drafts: draftsWithout((key) => key === "other") });
  }

  function writeView(text, key) {
    const { kind, nodes } = read(text, context.data);
    const texts = nodes.map(notation);
    if (kind === "pattern") {
      const views = relabel(
        state.kind,
        state.views.map((view, place) => (place === state.tab ? texts[0] : view.text)),
      );
      return replace({ views }, (other) => other === key);
    }
    const tab = texts.length === state.views.length ? state.tab : 0;
    return replace({ kind, views: relabel(kind, texts), tab }, (other) => other.startsWith("view "));
  }

  /** Set views that can be drawn, at the length that they are stated for. Throws LengthError. */
  function replace(patch, isGone) {
    const shape = fittingShape(patch.views, patch.shape ?? state.shape);
    for (const { text } of patch.views) check(text, shape);
    set({ ...atShape(shape, draftsWithout(isGone)), ...patch, shape });
  }

  /** A shape, or that of patterns that are stated for one length. */
  function fittingShape(views, shape) {
    const stated = views.map(({ label, text }) => ({
      label,
      length: ownLength(parse(text, context.data), context.data),
    }));
    const fixed = stated.filter(({ length }) => length !== null);
    if (!fixed.length) return shape;
    const [{ label, length }] = fixed;
    const different = fixed.find((other) => other.length !== length);
    if (different) {
      throw new LengthError(
        `${different.label} is stated for n = ${different.length}, ${label} for n = ${length}`,
      );
    }
    if (!isLength(length))
      throw new LengthError(`${label} is stated for n = ${length}; 1 to ${MAX_LENGTH} are drawn`);
    return length === shape[1] ? shape : [length, length];
  }

  /** The state at a shape: nothing points outside of it, and what cannot be drawn there is a draft. */
  function atShape(shape, drafts) {
    const [queries, keys] = shape;
    const isQuery = (i) => i !== null && i < queries;
    return {
      shape,
      ...otherAt(shape, drafts),
      query: isQuery(state.query) ? state.query : null,
      key: state.key !== null && state.key < keys ? state.key : null,
      pins: state.pins.filter(isQuery),
    };
  }

  function otherAt(shape, drafts) {
    const { other: text } = state;
    try {
      if (text) check(text, shape);
      return { other: text, drafts };
    } catch (error) {
      if (!(error instanceof LengthError)) throw error;
      const draft = { text, message: error.message, column: 0, end: text.length, mend: null };
      return { other: "", drafts: { ...drafts, other: draft } };
    }
  }

  /** Change the number of queries and keys; false, with a draft, if a pattern is stated for another. */
  function resize(shape) {
    return attempt("shape", `${shape}`, () => {
      if (!shape.every(isLength))
        throw new LengthError(`n must be an integer from 1 to ${MAX_LENGTH}, got ${shape.join(", ")}`);
      for (const { text } of state.views) check(text, shape);
      set(
        atShape(
          shape,
          draftsWithout((key) => key === "shape"),
        ),
      );
    });
  }

  /** Give all tabs new texts, one for each; false, with a draft, if one of them cannot be drawn. */
  function rewrite(texts) {
    return attempt("parameters", texts.join(", "), () => {
      const views = relabel(
        state.kind,
        texts.map((text) => notation(parse(text, context.data))),
      );
      replace({ views }, (key) => key === "parameters");
    });
  }

  /** Take a tab away, unless it is the only one. */
  function removeView(place) {
    if (state.views.length < 2) return;
    const texts = state.views.map(({ text }) => text).filter((_, other) => other !== place);
    const kind = texts.length === 1 ? "pattern" : state.kind;
    const tab = Math.min(state.tab > place ? state.tab - 1 : state.tab, texts.length - 1);
    set({
      kind,
      views: relabel(kind, texts),
      tab,
      drafts: draftsWithout((key) => key.startsWith("view ")),
    });
  }

  /** Keep a mask { queries, keys, cells } as a listed set, which expressions may use by this name. */
  function addListed(name, { queries, keys, cells }) {
    if (Object.hasOwn(listed, name)) masks.clear(); // masks of another set of this name
    const starts = new Int32Array(queries + 1);
    for (let i = 0; i < queries; i++) {
      starts[i + 1] = starts[i] + sum(cells, i * keys, (i + 1) * keys);
    }
    const indices = new Uint16Array(starts[queries]);
    let last = 0;
    cells.forEach((value, x) => value && (indices[last++] = x % keys));
    listed[name] = { length: keys, starts, indices };
  }

  /** Show a listed set in the current tab, at its own shape; false, with a draft of "paste", if other tabs
   * forbid it. */
  function showListed(name) {
    const { length, starts } = listed[name];
    return attempt("paste", name, () => {
      const texts = state.views.map(({ text }, place) => (place === state.tab ? name : text));
      const patch = { views: relabel(state.kind, texts), shape: [starts.length - 1, length] };
      replace(patch, (key) => key === "paste");
    });
  }

  /** Set a part of the state that came from outside, its views first checked. Throws ExpressionError and
   * LengthError. */
  function restore({ kind, texts, shape, other, ...patch }) {
    for (const [name, { rows, sides }] of pastedSets(patch.options)) addListed(name, unpackRows(rows, sides));
    restoreSelections(patch.options, mask, addListed);
    const views = relabel(
      kind,
      texts.map((text) => notation(parse(text, context.data))),
    );
    const fitting = fittingShape(views, shape);
    for (const { text } of views) check(text, fitting);
    const node = other ? parse(other, context.data) : null;
    if (node) check(notation(node), fitting);
    set({ ...patch, kind, views, shape: fitting, other: node ? notation(node) : "", drafts: {} });
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
    initial,
    context,
    set,
    maskOf: mask,
    draftKey,
    write,
    resize,
    rewrite,
    removeView,
    addListed,
    showListed,
    restore,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const relabel = (kind, texts) =>
  texts.map((text, place) => ({ label: kind === "pattern" ? text : viewLabel(kind, place), text }));
