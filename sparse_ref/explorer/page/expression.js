// Expressions of patterns: text to tree and back. A node is { kind, column, end } and what its kind needs:
//   rule { name, values }                      a rule of data.rules, its parameters in order
//   union, intersection, difference { parts }  two parts or more
//   complement { pattern }
//   shifted { pattern, offset }   blockwise { pattern, block: [b_q, b_k] }   pooled { pattern, length, stride }
//   documents { lengths, inner }  grid { shape, patterns }   listed { name }  rows of data.listed

import { ExpressionError, syntax } from "./syntax.js";
import { nearest } from "./words.js";

const KINDS = { "|": "union", "&": "intersection", "-": "difference" };
const SIGNS = { union: " | ", intersection: " & ", difference: " - " };
const PRECEDENCE = { union: 1, intersection: 2, difference: 3, complement: 4 };
const MAX_PARAMETER = 10n ** 18n;

/** The names that an expression may use. */
export const names = (data) => [...Object.keys(data.rules), ...Object.keys(COMBINATORS), ...Object.keys(data.listed)];

/** The tree of a text. Throws ExpressionError. `data` has the page's rules and listed sets. */
export const parse = (text, data) => pattern(syntax(text), data, text);

function pattern(tree, data, text) {
  const { column, end } = tree;
  switch (tree.kind) {
    case "chain": {
      const parts = tree.parts.map((part) => pattern(part, data, text));
      return { kind: KINDS[tree.sign], parts, column, end };
    }
    case "complement":
      return { kind: "complement", pattern: pattern(tree.operand, data, text), column, end };
    case "call":
      return { ...call(tree, data, text), column, end };
    case "name":
      if (data.listed[tree.name]) return { kind: "listed", name: tree.name, column, end };
      if (names(data).includes(tree.name)) {
        throw new ExpressionError(`${tree.name} needs its parameters in parentheses`, tree, `${tree.name}()`);
      }
      throw unknownName(tree, data);
  }
  throw new ExpressionError("a pattern is expected here, such as Lookback(8)", tree);
}

function call(tree, data, text) {
  const { name } = tree;
  const listed = Object.keys(data.listed).find((key) => key.replaceAll(" ", "") === canonical(tree, text));
  if (listed) return { kind: "listed", name: listed };
  if (Object.hasOwn(data.rules, name)) return rule(tree, data.rules[name], text);
  if (Object.hasOwn(COMBINATORS, name)) return COMBINATORS[name](tree, data, text);
  if (data.constructors?.includes(name)) {
    const known = Object.keys(data.listed).filter((key) => key.startsWith(`${name}(`));
    const hint = known.length ? `: this page has ${known.join(", ")}` : `: sr.explore("${canonical(tree, text)}", n) writes a page of it`;
    throw new ExpressionError(`${name} is built by Python${hint}`, tree, known[0] ?? "");
  }
  throw unknownName(tree, data);
}

const canonical = (tree, text) => text.slice(tree.column, tree.end).replace(/\s/g, "");

function unknownName(tree, data) {
  const mend = nearest(tree.name, names(data));
  const hint = mend ? `; did you mean ${mend}?` : "";
  const place = { column: tree.column, end: tree.column + tree.name.length };
  return new ExpressionError(`no pattern is called ${tree.name}${hint}`, place, mend);
}

function rule(tree, { parameters, defaults }, text) {
  const given = bind(tree, parameters.map(({ name }) => name), defaults, text);
  const values = parameters.map((parameter) => {
    const value = given[parameter.name];
    return value?.kind ? parameterValue(value, parameter, tree.name) : value;
  });
  return { kind: "rule", name: tree.name, values };
}

function parameterValue(tree, { name, isSet, least }, owner) {
  if (!isSet) return integer(tree, `${owner}: ${name}`, least);
  const values = integers(tree, `${owner}: ${name}`, least);
  return [...new Set(values)].sort((a, b) => Number(a - b));
}

/** Arguments by the names of parameters; a default stands for one that is missing. */
function bind(tree, parameters, defaults) {
  const signature = `${tree.name}(${parameters.join(", ")})`;
  const given = { ...defaults };
  const isGiven = {};
  tree.parts.forEach((argument, place) => {
    const name = argument.parameter ?? parameters[place];
    if (name === undefined) throw new ExpressionError(`too many parameters; it is ${signature}`, argument);
    if (!parameters.includes(name)) {
      throw new ExpressionError(`${tree.name} has no parameter ${name}; it is ${signature}`, argument, nearest(name, parameters));
    }
    if (isGiven[name]) throw new ExpressionError(`the parameter ${name} is given twice`, argument);
    isGiven[name] = true;
    given[name] = argument;
  });
  const missing = parameters.find((name) => !(name in given));
  if (missing) throw new ExpressionError(`the parameter ${missing} is missing; it is ${signature}`, { column: tree.end - 1 });
  return given;
}

function integer(tree, name, least) {
  if (tree.kind !== "integer") throw new ExpressionError(`${name} must be an integer`, tree);
  if (least !== null && tree.value < least) {
    throw new ExpressionError(`${name} must be at least ${least}, got ${tree.value}`, tree, `${least}`);
  }
  const size = BigInt(tree.value) < 0n ? -BigInt(tree.value) : BigInt(tree.value);
  if (size > MAX_PARAMETER) throw new ExpressionError(`${name} must be at most 10^18, got ${tree.value}`, tree);
  return tree.value;
}

function integers(tree, name, least) {
  if (tree.kind !== "tuple") throw new ExpressionError(`${name} must be integers in parentheses, such as (0, 4)`, tree);
  return tree.parts.map((part) => integer(part, name, least));
}

const COMBINATORS = {
  Shifted(tree, data, text) {
    const given = bind(tree, ["pattern", "offset"], {});
    return { kind: "shifted", pattern: pattern(given.pattern, data, text), offset: integer(given.offset, "Shifted: offset", null) };
  },
  Blockwise(tree, data, text) {
    const given = bind(tree, ["pattern", "block"], {});
    const pair = given.block.kind === "tuple" ? integers(given.block, "Blockwise: block", 1) : Array(2).fill(integer(given.block, "Blockwise: block", 1));
    if (pair.length !== 2) throw new ExpressionError("Blockwise: block must be an integer or a pair (b_q, b_k)", given.block);
    return { kind: "blockwise", pattern: pattern(given.pattern, data, text), block: pair };
  },
  Pooled(tree, data, text) {
    const given = bind(tree, ["pattern", "length", "stride"], { stride: null });
    const length = integer(given.length, "Pooled: length", 1);
    const stride = given.stride === null || given.stride.kind === "name" ? length : integer(given.stride, "Pooled: stride", 1);
    return { kind: "pooled", pattern: pattern(given.pattern, data, text), length, stride };
  },
  Documents(tree, data, text) {
    const given = bind(tree, ["lengths", "inner"], { inner: null });
    const inner = given.inner && pattern(given.inner, data, text);
    return { kind: "documents", lengths: integers(given.lengths, "Documents: lengths", 0), inner };
  },
  Grid(tree, data, text) {
    const given = bind(tree, ["shape", "patterns"], {});
    const shape = integers(given.shape, "Grid: shape", 1);
    const trees = given.patterns.kind === "tuple" ? given.patterns.parts : [given.patterns];
    if (trees.length !== shape.length) {
      throw new ExpressionError(`Grid: patterns must be one for each of the ${shape.length} axes, got ${trees.length}`, given.patterns);
    }
    return { kind: "grid", shape, patterns: trees.map((part) => pattern(part, data, text)) };
  },
};

/** The notation of a tree. */
export function notation(node) {
  switch (node.kind) {
    case "rule":
      return `${node.name}(${node.values.map(valueText).join(", ")})`;
    case "listed":
      return node.name;
    case "complement":
      return `~${operandText(node, node.pattern)}`;
    case "shifted":
      return `Shifted(${notation(node.pattern)}, ${node.offset})`;
    case "blockwise":
      return `Blockwise(${notation(node.pattern)}, ${node.block[0] === node.block[1] ? node.block[0] : valueText(node.block)})`;
    case "pooled":
      return `Pooled(${notation(node.pattern)}, ${node.length}${node.stride === node.length ? "" : `, ${node.stride}`})`;
    case "documents":
      return `Documents(${valueText(node.lengths)}${node.inner ? `, ${notation(node.inner)}` : ""})`;
    case "grid":
      return `Grid(${valueText(node.shape)}, (${node.patterns.map(notation).join(", ")}${node.patterns.length === 1 ? "," : ""}))`;
  }
  return node.parts.map((part) => operandText(node, part)).join(SIGNS[node.kind]);
}

function operandText(node, part) {
  const text = notation(part);
  return (PRECEDENCE[part.kind] ?? 9) > PRECEDENCE[node.kind] ? text : `(${text})`;
}

/** An integer or a tuple of them, as Python writes it. */
export function valueText(value) {
  if (!Array.isArray(value)) return `${value}`;
  return `(${value.map(valueText).join(", ")}${value.length === 1 ? "," : ""})`;
}

/** The patterns directly inside a node. */
export const children = (node) => node.parts ?? node.patterns ?? [node.pattern ?? node.inner].filter(Boolean);

/** The tree with `change` applied to each node, from the leaves up. */
export function transform(node, change) {
  const copy = { ...node };
  const inside = (part) => transform(part, change);
  if (node.parts) copy.parts = node.parts.map(inside);
  if (node.patterns) copy.patterns = node.patterns.map(inside);
  if (node.pattern) copy.pattern = inside(node.pattern);
  if (node.inner) copy.inner = inside(node.inner);
  return change(copy);
}

/** The number of keys that a pattern is stated for; null if it is stated for every number. */
export function ownLength(node, data) {
  if (node.kind === "rule") return data.rules[node.name].isSized ? Number(node.values[0]) : null;
  if (node.kind === "listed") return data.listed[node.name].length;
  if (node.kind === "documents") return node.lengths.reduce((a, b) => a + b, 0);
  if (node.kind === "grid") return node.shape.reduce((a, b) => a * b, 1);
  if (node.kind === "pooled") return null;
  const lengths = children(node).map((child) => ownLength(child, data));
  const length = lengths.find((length) => length !== null) ?? null;
  return node.kind === "blockwise" && length !== null ? length * node.block[1] : length;
}
