// The layers: the positions that reach a query, or that a key reaches, through more and more of them; a
// shortest path of a pair, or why there is none.

import { button, canvas, checkbox, choice, legend, numberBox, slider } from "../controls/controls.js";
import { element, fill } from "../common/dom.js";
import { drawingHeight, drawLayers, geometry } from "./layer_drawing.js";
import { setOptions } from "../common/options.js";
import { palette } from "../matrix/palette.js";
import { drawKinds } from "../sets/reach_matrix.js";
import { growthOf, layerOptions, matrixOf } from "../sets/reach_view.js";
import { MAX_LAYERS, MAX_MATRIX, pairSentences } from "../sets/reach_view.js";
import { reachView } from "../sets/reach_view.js";
import { isStacked } from "../sets/stacks.js";
import { count, plural } from "../common/words.js";

const BEAT = 700; // milliseconds from one layer to the next
const DIRECTIONS = [
  ["hears", "what the query hears"],
  ["reaches", "what the key reaches"],
];

export const layersPanel = {
  name: "layers",
  title: "Layers",
  mount(store) {
    const choose = (patch) => setOptions(store, "layers", patch);
    const message = element("p", { className: "problem", hidden: true });
    const parts = [
      stackControls(store, choose),
      layerRows(store, choose),
      pairMatrix(store, choose),
      pairControls(choose),
      growthSteps(),
    ];
    const box = element(
      "div",
      {},
      parts.map((part) => part.element),
    );

    function update() {
      const view = reachView(store);
      message.hidden = !view.message;
      message.textContent = view.message ?? "";
      box.hidden = Boolean(view.message);
      if (!view.message) parts.forEach((part) => part.update(view));
    }
    return { element: element("div", { className: "workbench panel-layers" }, message, box), update };
  },
};

/** How many layers, of what kind, played one after the other. */
function stackControls(store, choose) {
  const stack = element("p", { className: "note" });
  const layers = slider("Layers", { min: 1, max: MAX_LAYERS }, (value) => choose({ layers: value }));
  const player = play(store, choose);
  const residual = checkbox("residual edge: a layer keeps what a position has", (value) =>
    choose({ residual: value }),
  );
  const direction = choice("Show", DIRECTIONS, (value) => choose({ direction: value }));
  const row = element(
    "div",
    { className: "controls" },
    layers.element,
    player,
    direction.element,
    residual.element,
  );

  function update(view) {
    layers.show(view.options.layers);
    residual.show(view.options.residual);
    direction.show(view.options.direction);
    stack.textContent = stackText(store.state, view.names);
  }
  return { element: element("div", {}, row, stack), update };
}

function stackText(state, names) {
  const parts = state.kind === "head" ? "heads" : "branches";
  if (!isStacked(state))
    return `Each layer has all of its ${parts}: a position hears what any of them hears.`;
  if (names.length === 1) return `Every layer is ${names[0]}.`;
  return `Layers from below, round and round: ${names.join(", then ")}.`;
}

/** A button that adds a layer at each beat until nothing is added; with reduced motion, all at once. */
function play(store, choose) {
  const made = button("Play", () => (timer ? stop() : start()));
  let timer = null;
  let last = MAX_LAYERS; // the layers after which nothing grows

  function stop() {
    clearInterval(timer);
    timer = null;
    show();
  }
  function start() {
    last = lastGrowth(reachView(store));
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return choose({ layers: last });
    timer = setInterval(beat, BEAT);
    const isAtEnd = layerOptions(store.state).layers >= last;
    choose({ layers: isAtEnd ? 1 : layerOptions(store.state).layers });
    return show();
  }
  function beat() {
    const { layers } = layerOptions(store.state);
    if (layers >= last || store.state.panel !== "layers") return stop();
    return choose({ layers: layers + 1 });
  }
  function show() {
    made.textContent = timer ? "Stop" : "Play";
  }
  return made;
}

/** The layers after which nothing grows, at most those that can be drawn. */
function lastGrowth(view) {
  if (view.focus === null) return MAX_LAYERS;
  const { counts } = growthOf({ ...view, options: { ...view.options, layers: MAX_LAYERS } });
  return Math.max(1, counts.indexOf(Math.max(...counts)));
}

/** The drawing: a row of positions for the input and for each layer. */
function layerRows(store, choose) {
  const picture = canvas("layers", "");
  const sentence = element("p", { className: "growth" });
  const subject = element("p", { className: "note" });
  const box = element("div", {}, sentence, subject, picture.element);
  const colour = palette(box);
  let shown = null;

  const placeOf = ({ offsetX, offsetY }) =>
    geometry(shown.n, shown.sets.length, picture.element.clientWidth).at(offsetX, offsetY);
  picture.element.addEventListener("pointermove", (event) => {
    const place = placeOf(event);
    if (place) {
      store.set(shown.options.direction === "hears" ? { query: place.position } : { key: place.position });
    }
  });
  picture.element.addEventListener("click", (event) => {
    const place = placeOf(event);
    if (place) choose(place.row === 0 ? { start: place.position } : { end: place.position });
  });

  function update(view) {
    shown = view;
    const growth = growthOf(view);
    const thing = view.options.direction === "hears" ? "query" : "key";
    sentence.textContent = growth ? growth.text : `Point at a ${thing}.`;
    subject.textContent = pairSubject(view);
    picture.element.setAttribute(
      "aria-label",
      `Layers from the input at the bottom. ${sentence.textContent}`,
    );
    picture.draw(drawingHeight(view.sets.length), (context, width) => {
      colour.forget();
      drawLayers(context, width, { ...view, ...view.pair, ends: endsOf(view), colour });
    });
  }
  return { element: box, update };
}

/** How many positions are reached after each layer. It is last, since its length changes with the pointer. */
function growthSteps() {
  const steps = element("p", {});

  function update(view) {
    const growth = growthOf(view);
    steps.textContent = growth ? `${growth.counts.join(", ")} of ${plural(growth.total, "position")}.` : "";
  }
  return { element: element("div", {}, element("h3", {}, "Layer by layer"), steps), update };
}

/** What is drawn if a pair is chosen. */
function pairSubject({ pair, options: { start, end } }) {
  if (!pair) return "";
  if (pair.why) return `Drawn: the set that separates ${start} from ${end}.`;
  return `Drawn: every path from ${start} to ${end} of as few layers, one of them lit.`;
}

/** The positions that are named below the drawing and above it. */
function endsOf({ pair, focus, options: { start, end, direction } }) {
  if (pair) return [start, end];
  return direction === "hears" ? [start, focus] : [focus, end];
}

/** Two positions, and the path that joins them or the set that separates them. */
function pairControls(choose) {
  const start = numberBox("From j", (value) => choose({ start: value }));
  const end = numberBox("to i", (value) => choose({ end: value }));
  const clear = button("Clear", () => choose({ start: null, end: null }));
  const answer = element("div", { className: "answer", role: "status" });
  const row = element("div", { className: "controls" }, start.element, end.element, clear);
  const hint = element(
    "p",
    { className: "note" },
    "Click the input for j and a layer for i, or a cell of the matrix for both.",
  );

  function update(view) {
    start.show(view.options.start, view.n - 1);
    end.show(view.options.end, view.n - 1);
    clear.disabled = view.options.start === null && view.options.end === null;
    const sentences = pairSentences(view);
    hint.hidden = sentences.length > 0;
    if (answer.textContent !== sentences.join("")) {
      fill(
        answer,
        sentences.map((text) => element("p", {}, text)),
      );
    }
  }
  return { element: element("div", {}, element("h3", {}, "A path"), row, hint, answer), update };
}

/** The matrix of pairs after the layers that are shown. */
function pairMatrix(store, choose) {
  const picture = element("canvas", { className: "reach", role: "img" });
  const sentence = element("p", {});
  const colours = legend([
    ["member", "reached"],
    ["part-2", "new in this layer"],
    ["waste", "reached by fewer layers only"],
  ]);
  const box = element("div", {}, element("h3", {}, "All pairs"), sentence, picture, colours);
  const colour = palette(box);
  let last = "";

  followPairs(store, picture, choose);

  function update(view) {
    const reach = matrixOf(view);
    picture.hidden = colours.hidden = !reach;
    if (!reach) return fill(sentence, `The matrix of all pairs is drawn up to n = ${MAX_MATRIX}.`);
    const [, reached, fresh] = reach.totals;
    const after = `After ${plural(view.options.layers, "layer")}`;
    const label = `${after} ${plural(reached + fresh, "pair")} are reached, ${count(fresh)} of them new.`;
    fill(sentence, `${label} ${reach.text}`);
    colours.lastChild.hidden = view.options.residual;
    picture.setAttribute("aria-label", `Matrix of reach. ${sentence.textContent}`);
    const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
    const shown = `${isDark} ${store.state.theme} ${view.options.layers} ${view.key}`;
    if (shown === last) return null;
    last = shown;
    colour.forget();
    return drawKinds(picture, reach.kinds, view.n, colour);
  }
  return { element: box, update };
}

/** Make the pair that is pointed at query and key, and the one that is clicked the ends of a path. */
function followPairs(store, picture, choose) {
  const pairAt = ({ offsetX, offsetY }) => {
    const n = picture.width;
    const place = (offset, length) => Math.max(0, Math.min(n - 1, Math.floor((offset / length) * n)));
    return { i: place(offsetY, picture.clientHeight), j: place(offsetX, picture.clientWidth) };
  };
  picture.addEventListener("pointermove", (event) => {
    const { i, j } = pairAt(event);
    store.set({ query: i, key: j });
  });
  picture.addEventListener("click", (event) => {
    const { i, j } = pairAt(event);
    choose({ start: j, end: i });
  });
}
