// The syntax of the notation: text to a tree of calls, numbers, tuples and signs, each with its columns. What the names mean is
// for expression.js to say.

import { integerFrom } from "./integers.js";

const TOKEN = /\s*(?:(\d[\d_]*)|([A-Za-z_]\w*)|([|&~(),=-])|("[^"]*"|'[^']*')|(\S))/y;
const KINDS = ["digits", "name", "sign", "quoted", "other"];
const MAX_DEPTH = 200;
const MAX_TEXT = 2000;

/** What is wrong with an expression, and where; `mend` is the text to put there instead, or "". */
export class ExpressionError extends Error {
  constructor(message, { column, end = column + 1 }, mend = "") {
    super(message);
    Object.assign(this, { column, end, mend });
  }
}

/** The words of a text, with their columns. */
export function tokens(text) {
  if (text.length > MAX_TEXT) {
    throw new ExpressionError(`an expression has at most ${MAX_TEXT} characters, this has ${text.length}`, { column: MAX_TEXT });
  }
  const found = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const group = match.slice(1).findIndex((part) => part !== undefined);
    const word = match[group + 1];
    const column = match.index + match[0].length - word.length;
    found.push({ kind: KINDS[group], text: word, column, end: column + word.length });
  }
  found.push({ kind: "end", text: "the end", column: text.length, end: text.length + 1 });
  return found;
}

/** The syntax tree of a text. Throws ExpressionError. */
export function syntax(text) {
  const reader = new Reader(tokens(text));
  const tree = reader.union();
  if (reader.token.kind !== "end") {
    throw new ExpressionError(`| & or - is expected before ${reader.token.text}`, reader.token);
  }
  return tree;
}

class Reader {
  constructor(words) {
    this.words = words;
    this.at = 0;
    this.depth = 0;
  }

  get token() {
    return this.words[this.at];
  }

  take() {
    return this.words[this.at++];
  }

  is(sign) {
    return this.token.kind === "sign" && this.token.text === sign;
  }

  expect(sign) {
    if (!this.is(sign)) throw new ExpressionError(`${sign} is expected before ${this.token.text}`, this.token, sign);
    return this.take();
  }

  union() {
    return this.chain("|", () => this.chain("&", () => this.chain("-", () => this.operand())));
  }

  chain(sign, operand) {
    const parts = [operand()];
    while (this.is(sign)) {
      this.take();
      parts.push(operand());
    }
    if (parts.length === 1) return parts[0];
    return { kind: "chain", sign, parts, column: parts[0].column, end: parts.at(-1).end };
  }

  operand() {
    this.depth++;
    if (this.depth > MAX_DEPTH) throw new ExpressionError("this is nested too deeply", this.token);
    const node = this.unary();
    this.depth--;
    return node;
  }

  unary() {
    const { kind, text, column } = this.token;
    if (this.is("~")) {
      this.take();
      const operand = this.operand();
      return { kind: "complement", operand, column, end: operand.end };
    }
    if (this.is("-")) return this.negative();
    if (this.is("(")) return this.parenthesis();
    if (kind === "digits") return this.constant("integer", integerFrom(text.replaceAll("_", "")));
    if (kind === "quoted") return this.constant("quoted", text.slice(1, -1));
    if (kind === "name") return this.name();
    if (kind === "other") throw new ExpressionError(`${text} is not read here: names, numbers and | & - ~ ( ) , = are`, this.token);
    throw new ExpressionError(`a pattern such as Lookback(8) is expected before ${text}`, this.token);
  }

  constant(kind, value) {
    const { column, end } = this.take();
    return { kind, value, column, end };
  }

  negative() {
    const minus = this.take();
    if (this.token.kind !== "digits") throw new ExpressionError("a pattern is expected before -", minus);
    const node = this.constant("integer", integerFrom(`-${this.token.text.replaceAll("_", "")}`));
    return { ...node, column: minus.column };
  }

  parenthesis() {
    const { column } = this.take();
    const { parts, hasComma } = this.list(() => this.union());
    const { end } = this.expect(")");
    if (parts.length === 1 && !hasComma) return { ...parts[0], column, end };
    return { kind: "tuple", parts, column, end };
  }

  name() {
    const name = this.take();
    if (!this.is("(")) return { kind: "name", name: name.text, column: name.column, end: name.end };
    this.take();
    const { parts } = this.list(() => this.argument());
    const { end } = this.expect(")");
    return { kind: "call", name: name.text, nameEnd: name.end, parts, column: name.column, end };
  }

  argument() {
    const isNamed = this.token.kind === "name" && this.words[this.at + 1].text === "=";
    if (!isNamed) return this.union();
    const { text, column } = this.take();
    this.take();
    return { ...this.union(), parameter: text, column };
  }

  list(item) {
    const parts = [];
    let hasComma = false;
    while (!this.is(")")) {
      parts.push(item());
      if (!this.is(",")) break;
      hasComma = true;
      this.take();
    }
    return { parts, hasComma };
  }
}
