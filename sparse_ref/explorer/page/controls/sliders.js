// Sliders: the length, and each parameter of the expressions in all tabs.

import { element, fill, uniqueId } from "../common/dom.js";
import { lengthAt, parametersIn, placeOf } from "../language/parameters.js";
import { rangeOf, reasonForLength, withParameter } from "../language/parameters.js";
import { MAX_LENGTH } from "../common/limits.js";

/** The sliders of a page. */
export function sliders(store) {
  const { data } = store.context;
  const lengths = element("div", { className: "slider-group" });
  const parameters = element("div", { className: "slider-group" });
  const reason = element("p", { className: "reason", hidden: true });
  const problem = element("p", { className: "problem", role: "alert", hidden: true });
  const box = element(
    "div",
    { className: "sliders", role: "group", "aria-label": "Length and parameters" },
    lengths,
    parameters,
    reason,
    problem,
  );
  const controls = { length: [], parameter: [] };
  let active = null; // the group of places that a hand is on: its places stay together though values meet
  let shown = "";

  const soon = onceAFrame();
  const textsOf = (state) => state.views.map(({ text }) => text);

  function resizeTo(axis, length) {
    const shape = store.state.shape;
    const isOne = controls.length.length === 1;
    store.resize(isOne ? [length, length] : shape.map((old, other) => (other === axis ? length : old)));
  }

  function rewrite(group, value) {
    active ??= group;
    store.rewrite(withParameter(textsOf(store.state), group.places, value, data));
  }

  function release() {
    active = null;
    update(store.state);
  }

  function drawLengths({ shape }) {
    const names = shape[0] === shape[1] ? ["n"] : ["queries", "keys"];
    if (controls.length.map(({ name }) => name).join() === names.join()) return;
    controls.length = names.map((name, axis) =>
      numberControl({
        name,
        range: [0, 1000],
        bounds: [1, MAX_LENGTH],
        toPlace: (length) => placeOf(length, MAX_LENGTH),
        fromPlace: (place) => lengthAt(place, MAX_LENGTH),
        change: (length) => soon(() => resizeTo(axis, length)),
        release: () => {},
      }),
    );
    fill(
      lengths,
      controls.length.map((control) => control.element),
    );
  }

  function drawParameters(groups, n) {
    controls.parameter = groups.map((group) => {
      if (group.isSet) return setControl(group, (value) => rewrite(group, value));
      const range = rangeOf(group, data.ranges, n);
      const change = (value) => soon(() => rewrite(group, value));
      return numberControl({
        name: group.name,
        owner: group.owner,
        range,
        bounds: [group.least, null],
        toPlace: Number,
        fromPlace: Number,
        change,
        release,
      });
    });
    fill(
      parameters,
      controls.parameter.map((control) => control.element),
    );
  }

  function update(state, previous) {
    if (previous && ["views", "shape", "drafts"].every((part) => previous[part] === state[part])) return;
    const labels = state.views.map(({ label }) => label);
    const groups = parametersIn(textsOf(state), data, labels);
    const structure = JSON.stringify(
      groups.map(({ name, owner, isSet, places }) => [name, isSet, places, owner]),
    );
    drawLengths(state);
    if (!active && structure !== shown) {
      shown = structure;
      drawParameters(groups, state.shape[1]);
    }
    const valueAt = new Map(groups.flatMap(({ places, value }) => places.map((place) => [place, value])));
    const places = JSON.parse(shown);
    controls.parameter.forEach((control, t) => control.show(valueAt.get(places[t][2][0])));
    controls.length.forEach((control, axis) =>
      control.show(state.shape[controls.length.length === 1 ? 1 : axis]),
    );
    showReason(state);
    const draft = state.drafts.shape ?? state.drafts.parameters;
    problem.hidden = !draft;
    if (problem.textContent !== (draft?.message ?? "")) problem.textContent = draft?.message ?? "";
  }

  function showReason(state) {
    const labels = state.views.map(({ label }) => label);
    const text = reasonForLength(textsOf(state), labels, data);
    reason.hidden = !text;
    reason.textContent = text && `n = ${state.shape[1]}: ${text}.`;
    controls.length.forEach((control, axis) =>
      control.disable(Boolean(text) && (controls.length.length === 1 || axis === 1)),
    );
  }
  return { element: box, update };
}

/** A parameter's name, and whose it is if others have it too. */
const labelOf = (id, name, owner) =>
  element("label", { for: id }, name, owner && element("span", { className: "owner" }, ` ${owner}`));

/** A slider and a box for one number. */
function numberControl({
  name,
  owner = "",
  range: [first, last],
  bounds: [least, most],
  toPlace,
  fromPlace,
  change,
  release,
}) {
  const id = uniqueId("slider");
  const label = labelOf(id, name, owner);
  const number = element("input", { id, type: "number", step: 1 });
  if (least !== null) number.min = least;
  if (most !== null) number.max = most;
  const slider = element("input", {
    type: "range",
    min: first,
    max: last,
    step: 1,
    "aria-label": `${owner ? `${name} of ${owner}` : name}, slider`,
  });
  slider.addEventListener("input", () => {
    const value = fromPlace(Number(slider.value));
    number.value = value;
    slider.setAttribute("aria-valuetext", `${name} = ${value}`);
    change(value);
  });
  number.addEventListener("change", () => {
    if (number.value !== "" && Number.isInteger(Number(number.value))) change(Number(number.value));
  });
  slider.addEventListener("blur", release);
  number.addEventListener("blur", release);

  function show(value) {
    if (value === undefined) return;
    if (document.activeElement !== number || Number(number.value) === Number(value))
      number.value = `${value}`;
    if (fromPlace(Number(slider.value)) !== Number(value)) slider.value = toPlace(Number(value));
    slider.setAttribute("aria-valuetext", `${name} = ${value}`);
  }

  function disable(isDisabled) {
    slider.disabled = number.disabled = isDisabled;
  }
  return { name, element: element("div", { className: "slider" }, label, slider, number), show, disable };
}

/** A box for a set of positions. */
function setControl({ name, owner }, change) {
  const id = uniqueId("positions");
  const input = element("input", { id, type: "text", inputMode: "numeric", className: "positions" });
  input.addEventListener("change", () => {
    const words = input.value.split(/[\s,]+/).filter(Boolean);
    const isNumbers = words.every((word) => /^\d{1,15}$/.test(word));
    input.toggleAttribute("aria-invalid", !isNumbers);
    if (isNumbers) change([...new Set(words.map(Number))]);
  });
  const show = (value) => {
    if (value !== undefined && document.activeElement !== input) input.value = value.join(", ");
  };
  return {
    name,
    element: element("div", { className: "slider" }, labelOf(id, name, owner), input),
    show,
    disable() {},
  };
}

/** Runs the last of the acts that it is given once the browser draws the next frame. */
function onceAFrame() {
  let next = null;
  return (act) => {
    if (next === null) {
      requestAnimationFrame(() => {
        const last = next;
        next = null;
        last();
      });
    }
    next = act;
  };
}
