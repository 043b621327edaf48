// Choosing keys from data: scores, a rule that chooses by them, and the pointed query's scores with the
// threshold to drag.

import { button, canvas, checkbox, choice, legend, numberBox, slider } from "../controls/controls.js";
import { softmax } from "../sets/choosing.js";
import { element, fill } from "../common/dom.js";
import { setOptions } from "../common/options.js";
import { palette } from "../matrix/palette.js";
import { LengthError } from "../sets/rows.js";
import { atomAt, drawStrip, KINDS, scoreAt, STRIP_HEIGHT } from "./score_strip.js";
import { COARSEST } from "../sets/scores.js";
import { atomCount, coarseText, kindsOfRow, rowOfSelection, rowText, ruleText } from "../sets/selections.js";
import { freeName, keepSelection, selection } from "../sets/selections.js";
import { selectionOptions, settingAt, TIED_IN, TIED_OUT } from "../sets/selections.js";
import { plural } from "../common/words.js";

const BLOCKS = [1, 2, 4, 8, 16, 32, 64];
const MODES = [
  ["k", "the k best"],
  ["p", "a share p"],
  ["threshold", "a threshold"],
];
const MAX_SEED = 999999;
const MAX_FORCED = 64;

export const selectionPanel = {
  name: "selection",
  title: "Select",
  mount(store) {
    const choose = (patch) => setOptions(store, "selection", patch);
    const message = element("p", { className: "problem", hidden: true });
    const parts = [
      scoreControls(store, choose),
      ruleControls(store, choose),
      scoreStrip(store, choose),
      outcome(store),
    ];
    const [scores, rule, ...results] = parts;
    const box = element(
      "div",
      {},
      results.map((part) => part.element),
    );

    function update() {
      const options = selectionOptions(store.state);
      const fault = faultOf(store);
      message.hidden = !fault;
      message.textContent = fault;
      box.hidden = Boolean(fault);
      for (const part of fault ? [scores, rule] : parts) part.update(options);
    }
    const className = "workbench panel-selection";
    return { element: element("div", { className }, scores.element, rule.element, message, box), update };
  },
};

/** Why nothing can be selected, such as a set that is stated for another length; or "". */
function faultOf(store) {
  try {
    selection(store);
    return "";
  } catch (error) {
    if (error instanceof LengthError) return error.message;
    throw error;
  }
}

/** The scores and what is visible. */
function scoreControls(store, choose) {
  const seed = numberBox("Seed", (value) => choose({ seed: value ?? 0 }));
  const coarse = slider("Rounded", { min: 0, max: COARSEST }, (value) => choose({ coarse: value }));
  const visible = choice("Visible", [], (value) => choose({ visible: value || null }));
  const atoms = BLOCKS.map((block) => [block, block === 1 ? "single keys" : `blocks of ${block}`]);
  const block = choice("Chosen are", atoms, (value) => choose({ block: Number(value) }));
  const row = element(
    "div",
    { className: "controls" },
    seed.element,
    coarse.element,
    visible.element,
    block.element,
  );

  function update(options) {
    seed.show(options.seed, MAX_SEED);
    coarse.show(options.coarse, coarseText(options.coarse));
    const others = [...new Set(["Causal()", options.visible].filter(Boolean))];
    const choices = [["", "the pattern"], ...others.map((text) => [text, text])];
    fill(
      visible.input,
      choices.map(([value, text]) => element("option", { value }, text)),
    );
    visible.show(options.visible ?? "");
    block.show(options.block);
  }
  return { element: row, update };
}

/** The rule, its number, and what is taken whatever its score. */
function ruleControls(store, choose) {
  const mode = choice("Take", MODES, (value) => choose({ mode: value }));
  const sliders = {
    k: slider("k", { min: 0, max: 64 }, (value) => choose({ k: value })),
    p: slider("p", { min: 0, max: 1, step: 0.01 }, (value) => choose({ p: value })),
    threshold: slider("threshold", { min: -4, max: 4, step: 0.0625 }, (value) =>
      choose({ threshold: value }),
    ),
  };
  const sinks = slider("Forced sinks", { min: 0, max: MAX_FORCED }, (value) => choose({ sinks: value }));
  const local = slider("Forced window", { min: 0, max: MAX_FORCED }, (value) => choose({ local: value }));
  const inBudget = checkbox("forced keys count towards k", (value) => choose({ inBudget: value }));
  const numbers = Object.values(sliders).map((control) => control.element);
  const rule = element("div", { className: "controls" }, mode.element, numbers);
  const forced = element("div", { className: "controls" }, sinks.element, local.element, inBudget.element);

  function update(options) {
    const atoms = atomCount(store.state.shape[1], options.block);
    mode.show(options.mode);
    for (const [name, control] of Object.entries(sliders)) control.element.hidden = name !== options.mode;
    sliders.k.show(options.k, `${options.k}`, Math.max(atoms, options.k));
    sliders.p.show(options.p);
    sliders.threshold.show(options.threshold);
    sinks.show(options.sinks, `${options.sinks}`, Math.max(Math.min(atoms, MAX_FORCED), options.sinks));
    local.show(options.local, `${options.local}`, Math.max(Math.min(atoms, MAX_FORCED), options.local));
    inBudget.show(options.inBudget);
    inBudget.element.hidden = options.mode !== "k";
  }
  return { element: element("div", {}, rule, forced), update };
}

/** The scores of the pointed query: dragging moves the threshold, pointing the key. */
function scoreStrip(store, choose) {
  const picture = canvas("strip", "");
  const sentence = element("p", { className: "growth" });
  const key = legend(KINDS);
  const hint = element("p", { className: "note" }, "Drag the line, or move the slider.");
  const box = element("div", {}, picture.element, key, sentence, hint);
  const colour = palette(box);
  const shown = { row: null };
  followScores(store, picture.element, shown, choose);

  function update(options) {
    const { query } = store.state;
    for (const part of [picture.element, key, hint]) part.hidden = query === null;
    shown.row = query === null ? null : rowOfSelection(store, query);
    if (query === null) sentence.textContent = "Point at a query: its scores are drawn here.";
    else show({ ...shown.row, ...kindsOfRow(shown.row, options) }, query, options);
  }

  function show(row, query, options) {
    const { key: pointed } = store.state;
    sentence.textContent = rowText(query, row, options);
    picture.element.setAttribute("aria-label", `Scores of query ${query}. ${sentence.textContent}`);
    for (const kind of [TIED_IN, TIED_OUT]) key.children[kind].hidden = !row.kinds.includes(kind);
    const atom = pointed === null ? null : Math.floor(pointed / options.block);
    picture.draw(STRIP_HEIGHT, (context, width) => {
      colour.forget();
      drawStrip(context, width, { ...row, key: atom, colour });
    });
  }
  return { element: box, update };
}

/** Drag the threshold of the row that is shown; without a button pressed, point at an atom's first key. */
function followScores(store, picture, shown, choose) {
  let isDragged = false;
  const drag = ({ offsetY }) => {
    const { shares } = softmax(shown.row.seen);
    choose(settingAt(shown.row, scoreAt(offsetY), selectionOptions(store.state), shares));
  };
  const point = ({ offsetX }) => {
    const atom = atomAt(offsetX, picture.clientWidth, shown.row.scores.length);
    if (atom !== null) store.set({ key: atom * selectionOptions(store.state).block });
  };
  const release = () => {
    isDragged = false;
  };
  picture.addEventListener("pointerdown", (event) => {
    isDragged = true;
    picture.setPointerCapture(event.pointerId);
    drag(event);
  });
  picture.addEventListener("pointermove", (event) => (isDragged ? drag(event) : point(event)));
  picture.addEventListener("pointerup", release);
  picture.addEventListener("pointercancel", release);
}

/** What is selected in all, and a name for it. */
function outcome(store) {
  const sentence = element("p", {});
  const keep = button("", () => keepSelection(store));
  const kept = element("p", { className: "note", role: "status" });
  const box = element(
    "div",
    {},
    element("h3", {}, "The set"),
    sentence,
    element("div", { className: "controls" }, keep),
    kept,
  );

  function update(options) {
    const { pairs, ties } = selection(store);
    const visible = selectionOptions(store.state).visible ?? store.text;
    const decided = ties ? ` Ties are decided by position in ${plural(ties, "row")}.` : "";
    sentence.textContent = `${ruleText(options)} of ${visible}: ${plural(pairs, "pair")}.${decided}`;
    keep.textContent = `Keep as ${freeName(store)}`;
    const names = Object.keys(options.sets);
    kept.textContent = names.length ? `Patterns may now say ${names.join(", ")}.` : "";
  }
  return { element: box, update };
}
