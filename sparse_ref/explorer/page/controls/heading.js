// The head of the page: its title, the sets of the expression's rules with their sources, light and dark.

import { element, fill } from "../common/dom.js";
import { children } from "../language/expression.js";
import { segments } from "../matrix/toolbar.js";

const THEMES = [["auto", "◐", "As the system"], ["light", "☀\uFE0E", "Light"], ["dark", "☾", "Dark"]];

export function heading(store, title) {
  const theme = segments("Colours of the page", THEMES, (value) => store.set({ theme: value }));
  const sets = element("dl", { className: "sets" });
  const name = element("h1", {}, title || "Sparse attention");
  const top = element("div", { className: "top" }, name, theme.element);
  let last = null;

  function update(state) {
    theme.update(state.theme);
    const rules = rulesOf(store.node);
    if (`${rules}` === last) return;
    last = `${rules}`;
    fill(sets, rules.map((name) => definition(name, store.context.data.rules[name])));
    sets.hidden = rules.length === 0;
  }
  return { element: element("header", { className: "heading" }, top, sets), update };
}

/** The names of the rules in a tree, each once. */
function rulesOf(node) {
  const names = node.kind === "rule" ? [node.name] : children(node).flatMap(rulesOf);
  return [...new Set(names)];
}

function definition(name, { parameters, set, source }) {
  const call = `${name}(${parameters.map((parameter) => parameter.name).join(", ")})`;
  return element("div", {}, element("dt", {}, element("code", {}, call)),
    element("dd", { className: "set" }, mathText(set)),
    element("dd", { className: "source" }, codeText(source)));
}

/** Text in which what stands between backquotes is code. */
function codeText(text) {
  return text.split("`").map((part, place) => (place % 2 ? element("code", {}, part) : part));
}

const SYMBOLS = { "<=": "≤", ">=": "≥", "!=": "≠", "...": "…", "-": "−", in: "∈" };
const WORD = /(\w+)_(\w)|(\w+)\^(\w+)|(<=|>=|!=|\.\.\.|-)|([A-Za-z]\w*)|(\s+)|(.)/gy;

/** A set as nodes: letters in italics, signs as they are printed, indices lowered. */
function mathText(text) {
  return floorBrackets(text).flatMap((part) => [...part.matchAll(WORD)].map(wordNode));
}

/** A text in parts, with floor(x) in the brackets of floors. */
function floorBrackets(text) {
  const open = text.indexOf("floor(");
  if (open < 0) return [text];
  let depth = 0;
  let close = open + 5;
  do {
    depth += { "(": 1, ")": -1 }[text[close]] ?? 0;
    close++;
  } while (depth > 0 && close < text.length);
  const inside = text.slice(open + 6, close - 1);
  return floorBrackets(`${text.slice(0, open)}⌊${inside}⌋${text.slice(close)}`);
}

function wordNode([all, base, index, power, exponent, sign, word]) {
  const letter = (name) => element("var", {}, name);
  if (index) return element("span", {}, letter(base), element("sub", {}, letter(index)));
  if (exponent) return element("span", {}, power, element("sup", {}, letter(exponent)));
  if (sign) return SYMBOLS[sign];
  if (word === "in") return SYMBOLS.in;
  if (word?.length === 1) return letter(word);
  return all;
}
