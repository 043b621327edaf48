// Colours of the page as numbers, for canvases: the values of CSS variables in the theme that is shown.

import { element } from "../common/dom.js";

/** colour(name) -> [red, green, blue] of the variable --name, as seen inside `root`. */
export function palette(root) {
  const probe = element("span", { hidden: true });
  root.append(probe);
  const values = {};
  const colour = (name) => (values[name] ??= read(probe, name));
  return Object.assign(colour, { forget: () => Object.keys(values).forEach((name) => delete values[name]) });
}

function read(probe, name) {
  probe.style.color = `var(--${name})`;
  const numbers = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  return numbers.slice(0, 3);
}

/** A colour between two: `share` of the second. */
export function mix(first, second, share) {
  return first.map((value, place) => value + (second[place] - value) * share);
}

/** A colour as CSS reads it. */
export const css = ([red, green, blue], alpha = 1) => `rgb(${red} ${green} ${blue} / ${alpha})`;
