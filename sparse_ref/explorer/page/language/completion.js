// What may stand at the caret: names of patterns that begin as the word there does, and parameters inside
// a call.

import { names, parametersOf } from "./expression.js";
import { nearest } from "../common/words.js";

const MAX_OPTIONS = 40;
const SETS = {
  Shifted: "A_i = P_{i + offset}: queries that come after others",
  Blockwise: "the pattern over blocks of queries and keys",
  Pooled: "the tokens of the pools that the pattern contains",
  Documents: "each document sees itself, by the inner pattern",
  Grid: "a pattern along each axis of a grid",
};

/** { from, to, options } at a caret: the word there, and what may replace it, { text, label, detail },
 * best first. */
export function completions(text, caret, data) {
  const from = caret - text.slice(0, caret).match(/[A-Za-z_]?\w*$/)[0].length;
  const to = caret + text.slice(caret).match(/^\w*/)[0].length;
  const word = text.slice(from, caret);
  if (/^\d/.test(word)) return { from, to, options: [] };
  const owner = ownerAt(text, from);
  const parameters = owner ? (parametersOf(owner, data) ?? []) : [];
  const options = [
    ...parameters.map((name) => parameterOption(name, owner)),
    ...names(data).map((name) => nameOption(name, data)),
  ];
  return { from, to, options: matchesOf(options, word).slice(0, MAX_OPTIONS) };
}

/** The name of the call whose argument begins at a place; "" if none does. */
function ownerAt(text, place) {
  if (!/[(,]\s*$/.test(text.slice(0, place))) return "";
  const open = [];
  for (const { 0: word, index } of text.slice(0, place).matchAll(/[()]/g)) {
    if (word === ")") open.pop();
    else open.push(text.slice(0, index).match(/(\w*)\s*$/)[1]);
  }
  return open.at(-1) ?? "";
}

const parameterOption = (name, owner) => ({
  text: `${name}=`,
  label: `${name}=`,
  detail: `parameter of ${owner}`,
});

function nameOption(name, data) {
  if (Object.hasOwn(data.listed, name)) return { text: name, label: name, detail: "listed in this page" };
  const parameters = parametersOf(name, data);
  const detail = data.rules[name]?.set ?? data.templates[name]?.set ?? SETS[name];
  return {
    text: parameters.length ? `${name}(` : `${name}()`,
    label: `${name}(${parameters.join(", ")})`,
    detail,
  };
}

/** The options that begin with a word, in any case of letters, then those that contain it; else the
 * nearest. */
function matchesOf(options, word) {
  const lower = word.toLowerCase();
  const isAt = ({ label }, test) => test(label.split("(")[0].toLowerCase().indexOf(lower));
  const found = [
    ...options.filter((option) => isAt(option, (at) => at === 0)),
    ...options.filter((option) => isAt(option, (at) => at > 0)),
  ];
  if (found.length || word.length < 3) return found;
  const name = nearest(
    word,
    options.map(({ label }) => label.split("(")[0]),
  );
  return options.filter(({ label }) => label.split("(")[0] === name);
}
