// Formulas with numbers in them: the text of a rule's formula, its names replaced by what they are, and its
// value. Integers are exact, for they are BigInts; conditions are true or false; positions are lists.

import { valueText } from "./expression.js";
import { COMPARISONS, PRODUCTS, SUMS } from "../common/integers.js";

const WORD = /\s*(\d+|[A-Za-z_][\w.]*|\/\/|[<>=!]=|[-+*%<>()&|^,])/y;
const NAME = /[A-Za-z_]\w*/g;
const MAX_POSITIONS = 8; // a list with more keeps its name

const LEVELS = [
  COMPARISONS,
  { "|": (a, b) => a || b },
  { "^": (a, b) => a !== b },
  { "&": (a, b) => a && b },
  SUMS,
  PRODUCTS,
];

/** The value of a formula's text; `values` has a BigInt, a condition or a list of BigInts by name. */
export function evaluate(text, values) {
  const reader = new FormulaReader(text, values);
  return reader.level(0);
}

class FormulaReader {
  constructor(text, values) {
    this.words = [];
    this.values = values;
    this.place = 0;
    WORD.lastIndex = 0;
    for (let match = WORD.exec(text); match; match = WORD.exec(text)) this.words.push(match[1]);
  }

  take() {
    return this.words[this.place++];
  }

  level(height) {
    if (height === LEVELS.length) return this.operand();
    let value = this.level(height + 1);
    while (LEVELS[height][this.words[this.place]]) {
      const operation = LEVELS[height][this.take()];
      value = operation(value, this.level(height + 1));
    }
    return value;
  }

  operand() {
    const word = this.take();
    if (word === "-") return -this.operand();
    if (word === "(") {
      const value = this.level(0);
      this.take();
      return value;
    }
    if (/^\d/.test(word)) return BigInt(word);
    if (this.words[this.place] === "(") return this.membership();
    if (word === "True" || word === "False") return word === "True";
    if (Object.hasOwn(this.values, word)) return this.values[word];
    throw new RangeError(`${word} has no value here`);
  }

  /** isin(x, positions), after its name. */
  membership() {
    this.take();
    const x = this.level(0);
    this.take();
    const positions = this.level(0);
    this.take();
    return positions.includes(x);
  }
}

/** The text with its names replaced by their values; negative numbers are in parentheses, long lists keep
 * their name. */
export function substitute(text, values) {
  return text.replace(NAME, (name) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined || (Array.isArray(value) && value.length > MAX_POSITIONS)) return name;
    return numberText(value);
  });
}

/** A value as Python writes it, a negative number in parentheses. */
export function numberText(value) {
  if (typeof value === "boolean") return value ? "True" : "False";
  return !Array.isArray(value) && value < 0 ? `(${value})` : valueText(value);
}
