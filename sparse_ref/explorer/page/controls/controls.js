// Controls with their labels, for panels.

import { element, swatch, uniqueId } from "../common/dom.js";
import { rangeText } from "../sets/ranges.js";

/** A labelled slider with its number: { element, input, show(value, text, most) }. */
export function slider(label, { min, max, step = 1 }, act) {
  const id = uniqueId("slider");
  const input = element("input", { id, type: "range", min, max, step });
  const output = element("output", { for: id });
  input.addEventListener("input", () => act(Number(input.value)));
  function show(value, text = `${value}`, most = max) {
    input.max = most;
    input.value = value;
    input.setAttribute("aria-valuetext", text);
    output.textContent = text;
  }
  return {
    element: element("div", { className: "control" }, element("label", { for: id }, label), input, output),
    input,
    show,
  };
}

/** A labelled box for an integer, empty for none; one out of bounds is refused: { element, input, show(value,
 * most) }. */
export function numberBox(label, act) {
  const id = uniqueId("number");
  const input = element("input", { id, type: "number", min: 0, step: 1, inputMode: "numeric" });
  const problem = faultOf(input);
  let last = null; // what was shown: what is being typed stays
  input.addEventListener("change", () => {
    const value = Number(input.value);
    const isRefused =
      input.validity.badInput || !Number.isInteger(value) || value < 0 || value > Number(input.max);
    problem.show(isRefused ? `an integer from 0 to ${input.max}` : "");
    if (isRefused) return;
    last = input.value;
    act(input.value === "" ? null : value);
  });
  function show(value, most) {
    const text = `${value ?? ""}`;
    input.max = most;
    if (text === last) return;
    input.value = last = text;
    problem.show("");
  }
  const name = element("label", { for: id }, label);
  return { element: element("div", { className: "control" }, name, input, problem.element), input, show };
}

/** A line that says what is wrong with a control: { element, show(text) }, "" for nothing. */
function faultOf(input) {
  const made = element("p", { className: "problem", id: `${input.id}-problem`, role: "alert", hidden: true });
  function show(text) {
    for (const [name, value] of [
      ["aria-invalid", "true"],
      ["aria-describedby", made.id],
    ]) {
      if (text) input.setAttribute(name, value);
      else input.removeAttribute(name);
    }
    made.hidden = !text;
    made.textContent = text;
  }
  return { element: made, show };
}

/** A labelled line of text with what is wrong with it: { element, input, show(text, problem) }. */
export function textBox(label, act) {
  const id = uniqueId("text");
  const input = element("input", { id, type: "text", spellcheck: false, autocomplete: "off" });
  const problem = faultOf(input);
  let last = null; // what was shown: what is being typed stays
  input.addEventListener("change", () => act(input.value));
  function show(text, fault) {
    if (text !== last) input.value = last = text;
    problem.show(fault);
  }
  const name = element("label", { for: id }, label);
  return { element: element("div", { className: "control" }, name, input, problem.element), input, show };
}

/** A box to tick: { element, input, show(value) }. */
export function checkbox(label, act) {
  const id = uniqueId("check");
  const input = element("input", { id, type: "checkbox" });
  const name = element("label", { for: id }, label);
  input.addEventListener("change", () => act(input.checked));
  const show = (value) => {
    input.checked = value;
  };
  return { element: element("div", { className: "control tick" }, input, name), input, show };
}

/** A list of choices [value, text]: { element, input, show(value) }. */
export function choice(label, choices, act) {
  const id = uniqueId("choice");
  const list = choices.map(([value, text]) => element("option", { value }, text));
  const input = element("select", { id }, list);
  input.addEventListener("change", () => act(input.value));
  const show = (value) => {
    input.value = value;
  };
  return {
    element: element("div", { className: "control" }, element("label", { for: id }, label), input),
    input,
    show,
  };
}

export function button(text, act) {
  const made = element("button", { type: "button" }, text);
  made.addEventListener("click", act);
  return made;
}

/** Sets of positions, each with its name: [name, positions]. */
export function positionLists(entries) {
  const items = entries.flatMap(([name, positions]) => [
    element("dt", {}, name),
    element("dd", { className: "positions" }, rangeText(positions)),
  ]);
  return element("dl", {}, items);
}

/** Colours with their meanings: [name of a CSS variable, text]. */
export function legend(entries) {
  const items = entries.map(([colour, text]) => element("li", {}, swatch(colour), text));
  return element("ul", { className: "legend" }, items);
}

/** A canvas that is drawn at the screen's resolution: { element, draw(height, paint(context, width, height)),
 * context }. */
export function canvas(className, label, properties = {}) {
  const made = element("canvas", { className, role: "img", "aria-label": label, ...properties });
  let last = null;
  function draw(height, paint) {
    last = [height, paint];
    const width = made.clientWidth || 360;
    const scale = window.devicePixelRatio || 1;
    made.width = Math.round(width * scale);
    made.height = Math.round(height * scale);
    made.style.height = `${height}px`;
    const context = made.getContext("2d");
    context.scale(scale, scale);
    paint(context, width, height);
  }
  const again = () => last && made.isConnected && draw(...last);
  let width = 0;
  new ResizeObserver(() => {
    if (made.clientWidth !== width) again();
    width = made.clientWidth;
  }).observe(made);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  return { element: made, draw };
}
