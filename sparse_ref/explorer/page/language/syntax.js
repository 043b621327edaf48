// The syntax of the notation: text to a tree of calls, numbers, tuples and signs, each with its columns.
// expression.js gives the names their meanings.

import { integerFrom } from "../common/integers.js";

const TOKEN =
  /\s*(?:(\d[\d_]*\.[\d.]*|\.\d+)|(\d[\d_]*)|([A-Za-z_]\w*)|(&&|\|\||[|&~(),=-])|("[^"]*"|'[^']*')|(\S))/y;
const KINDS = ["decimal", "digits", "name", "sign", "quoted", "other"];
const MAX_DEPTH = 200;
const MAX_TEXT = 2000;
const CONSTANTS = { True: true, False: false, None: null };
const OTHER_SIGNS = {
  or: "|",
  and: "&",
  "||": "|",
  "&&": "&",
  "+": "|",
  not: "~",
  "!": "~",
  "[": "(",
  "]": ")",
  "{": "(",
  "}": ")",
  "–": "-",
};
const USES = {
  "|": "joins two patterns",
  "&": "intersects two patterns",
  "~": "complements a pattern",
  "-": "subtracts a pattern",
};

/** What is wrong with an expression, and where; `mend` is null or { text, column, end }: the text to put
 * there instead. */
export class ExpressionError extends Error {
  constructor(message, { column, end = column + 1 }, mend = null) {
    super(message);
    const isText = typeof mend === "string";
    Object.assign(this, { column, end, mend: isText ? { text: mend, column, end } : mend });
  }
}

/** The words of a text, with their columns. */
function tokens(text) {
  if (text.length > MAX_TEXT) {
    throw new ExpressionError(`an expression has at most ${MAX_TEXT} characters, this has ${text.length}`, {
      column: MAX_TEXT,
    });
  }
  const words = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const group = match.slice(1).findIndex((part) => part !== undefined);
    const word = match[group + 1];
    const column = match.index + match[0].length - word.length;
    words.push({ kind: KINDS[group], text: word, column, end: column + word.length });
  }
  const last = text.trimEnd().length;
  words.push({ kind: "end", text: "the end", column: last, end: last + 1 });
  return words;
}

/** The syntax trees of a text, one for each of the expressions that commas separate. Throws
 * ExpressionError. */
export function syntaxes(text) {
  const reader = new Reader(tokens(text));
  if (reader.token.kind === "end")
    throw new ExpressionError("a pattern is expected, such as Lookback(8)", reader.token);
  const { parts } = reader.list(() => reader.union(), "end");
  if (reader.token.kind !== "end") throw reader.surplus();
  return parts;
}

/** The syntax tree of one expression. Throws ExpressionError. */
export function syntax(text) {
  const trees = syntaxes(text);
  if (trees.length > 1)
    throw new ExpressionError(`one pattern is expected here, not ${trees.length}`, trees[1]);
  return trees[0];
}

class Reader {
  constructor(words) {
    this.words = words;
    this.at = 0;
    this.depth = 0;
    this.open = [];
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

  /** The error for a word after which nothing that follows is read. */
  surplus() {
    const { kind, text, column } = this.token;
    const before = (sign) => ({ text: sign, column, end: column });
    const sign = OTHER_SIGNS[text];
    if (USES[sign] && sign !== "~")
      return new ExpressionError(`${text} is not read here: ${sign} ${USES[sign]}`, this.token, sign);
    if (text === ")") return new ExpressionError(") closes no parenthesis", this.token, "");
    if (kind === "other" || kind === "decimal") return this.unreadable();
    const isInside = this.open.length > 0;
    const mend = before(isInside ? ", " : "| ");
    if (kind === "sign") return new ExpressionError(`${text} is not expected here`, this.token);
    return new ExpressionError(
      `${isInside ? "a comma" : "| & or -"} is expected before ${text}`,
      this.token,
      mend,
    );
  }

  /** The error for what is no word of the notation. */
  unreadable() {
    const { kind, text, column } = this.token;
    const sign = OTHER_SIGNS[text];
    if (kind === "decimal")
      return new ExpressionError(
        `parameters are integers, got ${text}`,
        this.token,
        `${Math.round(Number(text)) || 1}`,
      );
    if (sign && USES[sign])
      return new ExpressionError(`${text} is not read here: ${sign} ${USES[sign]}`, this.token, sign);
    if (sign)
      return new ExpressionError(`${text} is not read here: parameters stand in ( )`, this.token, sign);
    if (text === '"' || text === "'") return new ExpressionError("this quotation has no end", { column });
    if (text > "~") return new ExpressionError(`only ASCII is read here, got ${text}`, this.token);
    return new ExpressionError(
      `${text} is not read here: names, integers and | & - ~ ( ) , = are`,
      this.token,
    );
  }

  close() {
    const start = this.open.at(-1);
    if (this.token.kind === "end") {
      const mend = { text: ")", column: this.token.column, end: this.token.column };
      throw new ExpressionError("this parenthesis is never closed", start, mend);
    }
    if (!this.is(")")) throw this.surplus();
    this.open.pop();
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
    if (kind === "digits") return this.constant("integer", this.digits(""));
    if (kind === "quoted") return this.constant("quoted", text.slice(1, -1));
    if (kind === "name" && !(text in OTHER_SIGNS)) return this.name();
    if (kind === "other" || kind === "decimal" || text === "not") throw this.unreadable();
    const before = this.words[this.at - 1]?.text;
    if (kind === "end" && this.open.length && (before === "(" || before === ",")) this.close();
    throw new ExpressionError(
      `a pattern such as Lookback(8) is expected ${kind === "end" ? "at" : "before"} ${text}`,
      this.token,
    );
  }

  /** The integer of the digits at hand, as Python reads them. */
  digits(sign) {
    const { text } = this.token;
    if (/__|_$/.test(text))
      throw new ExpressionError(
        `${text} is no integer: _ stands between two digits`,
        this.token,
        text.replace(/_/g, ""),
      );
    const plain = text.replaceAll("_", "");
    if (/^0+[1-9]/.test(plain))
      throw new ExpressionError(
        `${text} is no integer: it begins with 0`,
        this.token,
        plain.replace(/^0+/, ""),
      );
    return integerFrom(sign + plain);
  }

  constant(kind, value) {
    const { column, end } = this.take();
    return { kind, value, column, end };
  }

  negative() {
    const minus = this.take();
    if (this.token.kind !== "digits") throw new ExpressionError("a pattern is expected before -", minus);
    const node = this.constant("integer", this.digits("-"));
    return { ...node, column: minus.column };
  }

  parenthesis() {
    const start = this.take();
    this.open.push(start);
    const { parts, hasComma } = this.list(() => this.union());
    const { end } = this.close();
    if (parts.length === 1 && !hasComma)
      return { ...parts[0], column: start.column, end, isInParentheses: true };
    return { kind: "tuple", parts, column: start.column, end };
  }

  name() {
    const name = this.take();
    const place = { column: name.column, end: name.end };
    if (Object.hasOwn(CONSTANTS, name.text))
      return { kind: "constant", value: CONSTANTS[name.text], ...place };
    if (!this.is("(")) return { kind: "name", name: name.text, ...place };
    this.open.push(this.take());
    const { parts } = this.list(() => this.argument());
    const misplaced = parts.find(
      (part, t) => !part.parameter && parts.slice(0, t).some((other) => other.parameter),
    );
    if (misplaced)
      throw new ExpressionError("this parameter needs its name, as the ones before it have", misplaced);
    const { end } = this.close();
    return { kind: "call", name: name.text, nameEnd: name.end, parts, column: name.column, end };
  }

  argument() {
    const isNamed = this.token.kind === "name" && this.words[this.at + 1].text === "=";
    if (!isNamed) return this.union();
    const { text, column, end } = this.take();
    this.take();
    return { ...this.union(), parameter: text, column, parameterEnd: end };
  }

  list(item, last = ")") {
    const parts = [];
    let hasComma = false;
    while (!this.is(last) && this.token.kind !== last) {
      parts.push(item());
      if (!this.is(",")) break;
      hasComma = true;
      this.take();
    }
    return { parts, hasComma };
  }
}
