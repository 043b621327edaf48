// Expressions of patterns: text to tree and back. A node is { kind, column, end } and what its kind needs:
//   rule { name, values }                      a rule of data.rules, its parameters in order
//   union, intersection, difference { parts }  two parts or more
//   complement { pattern }
//   shifted { pattern, offset }   blockwise { pattern, block: [b_q, b_k] }   pooled { pattern, length,
//     stride }
//   documents { lengths, inner }  grid { shape, patterns }   listed { name }  rows of data.listed

import { bind, integer, integers, sourceOf } from "./arguments.js";
import { COMBINATORS } from "./combinators.js";
import { conditionError, expand, holds } from "./constructors.js";
import { ExpressionError, syntax, syntaxes } from "./syntax.js";
import { nearest } from "../common/words.js";

const KINDS = { "|": "union", "&": "intersection", "-": "difference" };
const SIGNS = { union: " | ", intersection: " & ", difference: " - " };
const PRECEDENCE = { union: 1, intersection: 2, difference: 3, complement: 4 };
const FIRST = { step: 1, head: 0, branch: 0, layer: 0 };

/** The names that an expression may use. */
export const names = (data) => [
  ...Object.keys(data.rules),
  ...Object.keys(COMBINATORS),
  ...Object.keys(data.templates),
  ...Object.keys(data.listed),
];

/** The parameters of a name that is called; null if it has none, or no such name is known. */
export function parametersOf(name, data) {
  if (Object.hasOwn(data.rules, name)) return data.rules[name].parameters.map((parameter) => parameter.name);
  if (Object.hasOwn(COMBINATORS, name)) return COMBINATORS[name].parameters;
  if (Object.hasOwn(data.templates, name))
    return data.templates[name].parameters.map(([parameter]) => parameter);
  return null;
}

/** The tree of a text. Throws ExpressionError. `data` has the page's rules, templates and listed sets. */
export const parse = (text, data) => pattern(syntax(text), data, text);

/** { kind, nodes } of a text: a pattern; or steps, if commas separate several; or what a constructor
 * builds. Throws ExpressionError. */
export function read(text, data) {
  const trees = syntaxes(text);
  if (trees.length > 1) return { kind: "step", nodes: trees.map((tree) => pattern(tree, data, text)) };
  return valueOf(trees[0], data, text);
}

/** The label of a view: "step 1", "head 0". */
export const viewLabel = (kind, place) => `${kind} ${place + FIRST[kind]}`;

function valueOf(tree, data, text) {
  if (isTraced(tree, data)) {
    const { kind, texts } = expand(tree, data.templates[tree.name], text);
    return { kind, nodes: texts.map((view) => parsedFor(tree, view, data)) };
  }
  if (tree.kind === "chain" && tree.sign === "&" && isTraced(tree.parts[0], data)) {
    const [first, ...others] = tree.parts;
    const { kind, nodes } = valueOf(first, data, text);
    const cuts = others.map((part) => pattern(part, data, text));
    if (kind === "branch")
      return { kind, nodes: nodes.map((node) => chainOf("&", [node, ...cuts], tree, data)) };
  }
  return { kind: "pattern", nodes: [pattern(tree, data, text)] };
}

/** The tree of a text that a call stands for; its errors are the call's. */
function parsedFor(call, text, data) {
  try {
    return parse(text, data);
  } catch (error) {
    throw error instanceof ExpressionError
      ? new ExpressionError(`${call.name}: ${error.message}`, call)
      : error;
  }
}

const isTraced = (tree, data) =>
  tree.kind === "call" &&
  Object.hasOwn(data.templates, tree.name) &&
  data.templates[tree.name].cases.length > 0 &&
  !listedName(tree, data);

function pattern(tree, data, text) {
  const { column, end } = tree;
  switch (tree.kind) {
    case "chain":
      return chainOf(
        tree.sign,
        tree.parts.map((part) => pattern(part, data, text)),
        tree,
        data,
      );
    case "complement":
      return { kind: "complement", pattern: pattern(tree.operand, data, text), column, end };
    case "call":
      return { ...call(tree, data, text), column, end };
    case "name":
      if (Object.hasOwn(data.listed, tree.name)) return { kind: "listed", name: tree.name, column, end };
      if (names(data).includes(tree.name)) {
        throw new ExpressionError(
          `${tree.name} needs its parameters in parentheses`,
          tree,
          exampleCall(tree.name, data),
        );
      }
      throw unknownName(tree, data);
  }
  throw new ExpressionError(
    `a pattern is expected here, such as Lookback(8), got ${sourceOf(tree, text)}`,
    tree,
  );
}

/** a | b | c from the left: parentheses around the first parts change nothing. */
function chainOf(sign, parts, { column, end }, data) {
  const stated = parts.map((part) => [part, ownLength(part, data)]).filter(([, length]) => length !== null);
  const other = stated.find(([, length]) => length !== stated[0][1]);
  if (other) {
    const lengths = `${stated[0][1]} and ${other[1]}`;
    throw new ExpressionError(
      `both sides of ${sign} must be stated for one length, got ${lengths}`,
      other[0],
    );
  }
  const kind = KINDS[sign];
  const [first, ...others] = parts;
  const opened = first.kind === kind ? first.parts : [first];
  return { kind, parts: [...opened, ...others], column, end };
}

/** A call of a name, with numbers for the parameters that it cannot do without. */
function exampleCall(name, data) {
  const { parameters = [], defaults = {} } = data.rules[name] ?? {};
  const missing = parameters.filter((parameter) => !(parameter.name in defaults));
  const values = missing.map(({ isSet, least }, place) =>
    isSet ? "(0, 4)" : Math.max(least ?? 0, place ? 1 : 8),
  );
  return `${name}(${values.join(", ")})`;
}

function call(tree, data, text) {
  const { name } = tree;
  const listed = listedName(tree, data);
  if (listed) return { kind: "listed", name: listed };
  if (Object.hasOwn(data.rules, name)) return rule(tree, data.rules[name], text);
  if (Object.hasOwn(COMBINATORS, name)) return combinatorNode(tree, data, text);
  if (!Object.hasOwn(data.templates, name)) throw unknownName(tree, data);
  if (isTraced(tree, data)) {
    const { kind, nodes } = valueOf(tree, data, text);
    if (kind === "pattern") return nodes[0];
    const parts = { step: "steps", head: "heads", branch: "branches" }[kind];
    throw new ExpressionError(`${name} is ${nodes.length} ${parts}, not one pattern`, tree);
  }
  const known = Object.keys(data.listed).filter((key) => key.startsWith(`${name}(`));
  const written = text.slice(tree.column, tree.end).replaceAll('"', "'");
  const hint = known.length
    ? `this page has ${known.join(", ")}`
    : `sr.explore("${written}", n) writes a page of it`;
  throw new ExpressionError(`${name} is built by Python: ${hint}`, tree, known[0] ?? null);
}

/** The name of the listed set that a call stands for; undefined if there is none. */
function listedName(tree, data) {
  const parameters = parametersOf(tree.name, data) ?? [];
  const written = tree.parts.every(({ parameter }, place) => !parameter || parameter === parameters[place]);
  const values = written && tree.parts.map((part) => plain(part));
  const text = values && `${tree.name}(${values.join(",")})`;
  return Object.keys(data.listed).find((key) => key.replaceAll(" ", "") === text);
}

function plain(tree) {
  if (tree.kind === "tuple")
    return `(${tree.parts.map(plain).join(",")}${tree.parts.length === 1 ? "," : ""})`;
  if (tree.kind === "constant") return { true: "True", false: "False", null: "None" }[tree.value];
  if (tree.kind === "call") return `${tree.name}(${tree.parts.map(plain).join(",")})`;
  return tree.kind === "integer" ? `${tree.value}` : tree.kind === "quoted" ? `'${tree.value}'` : "?";
}

function unknownName(tree, data) {
  const mend = nearest(tree.name, names(data));
  const hint = mend ? `; did you mean ${mend}?` : "";
  const place = { column: tree.column, end: tree.column + tree.name.length };
  return new ExpressionError(`no pattern is called ${tree.name}${hint}`, place, mend || null);
}

function rule(tree, { parameters, defaults, conditions = [] }, text) {
  const given = bind(
    tree,
    parameters.map(({ name }) => name),
    defaults,
  );
  const values = parameters.map((parameter) => {
    const value = given[parameter.name];
    return value?.kind ? parameterValue(value, parameter, tree.name, text) : value;
  });
  const named = Object.fromEntries(parameters.map(({ name }, place) => [name, values[place]]));
  const broken = conditions.find((condition) => !holds(condition, named));
  if (broken) throw conditionError(tree, broken, named);
  return { kind: "rule", name: tree.name, values };
}

function parameterValue(tree, { name, isSet, least }, owner, text) {
  if (!isSet) return integer(tree, `${owner}: ${name}`, least, text);
  const values = integers(tree, `${owner}: ${name}`, least, text);
  return [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
}

function combinatorNode(tree, data, text) {
  const { parameters, defaults, node } = COMBINATORS[tree.name];
  const given = bind(tree, parameters, defaults);
  const label = (name) => `${tree.name}: ${name}`;
  return node(given, {
    pattern: (part) => pattern(part, data, text),
    integer: (name, least) => integer(given[name], label(name), least, text),
    integers: (name, least) => integers(given[name], label(name), least, text),
    ownLength: (node) => ownLength(node, data),
  });
}

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
      return `Blockwise(${notation(node.pattern)}, ${pairText(node.block)})`;
    case "pooled":
      return `Pooled(${[notation(node.pattern), ...new Set([node.length, node.stride])].join(", ")})`;
    case "documents":
      return `Documents(${valueText(node.lengths)}${node.inner ? `, ${notation(node.inner)}` : ""})`;
    case "grid":
      return `Grid(${valueText(node.shape)}, ${tupleText(node.patterns.map(notation))})`;
  }
  return node.parts.map((part) => operandText(node, part)).join(SIGNS[node.kind]);
}

function operandText(node, part) {
  const text = notation(part);
  const isTwice = node.kind === "complement" && part.kind === "complement";
  return isTwice || (PRECEDENCE[part.kind] ?? 9) > PRECEDENCE[node.kind] ? text : `(${text})`;
}

/** An integer or a tuple of them, as Python writes it. */
export const valueText = (value) => (Array.isArray(value) ? tupleText(value.map(valueText)) : `${value}`);

const tupleText = (parts) => `(${parts.join(", ")}${parts.length === 1 ? "," : ""})`;
const pairText = ([first, second]) => (first === second ? `${first}` : `(${first}, ${second})`);

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
  if (node.kind === "documents") return node.lengths.reduce((a, b) => a + Number(b), 0);
  if (node.kind === "grid") return node.shape.reduce((a, b) => a * Number(b), 1);
  if (node.kind === "pooled") return null;
  const lengths = children(node).map((child) => ownLength(child, data));
  const length = lengths.find((length) => length !== null) ?? null;
  return node.kind === "blockwise" && length !== null ? length * Number(node.block[1]) : length;
}
