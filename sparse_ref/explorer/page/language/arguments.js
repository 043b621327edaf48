// The arguments of a call: bound to its parameters by name or place, and read as numbers.

import { ExpressionError } from "./syntax.js";
import { nearest } from "../common/words.js";

const MAX_PARAMETER = 10n ** 18n;

/** What to write for a call: "Summary(l, c)". */
const signature = (name, parameters) => `${name}(${parameters.join(", ")})`;

/** Arguments by the names of parameters; a default stands for one that is missing, and may be the name of
 * another parameter. */
export function bind(tree, parameters, defaults) {
  const call = signature(tree.name, parameters);
  const given = {};
  tree.parts.forEach((argument, place) => {
    const name = argument.parameter ?? parameters[place];
    if (name === undefined) throw new ExpressionError(`too many parameters; it is ${call}`, argument);
    if (!parameters.includes(name)) {
      const { column, parameterEnd: end } = argument;
      throw new ExpressionError(
        `${tree.name} has no parameter ${name}; it is ${call}`,
        { column, end },
        nearest(name, parameters) || null,
      );
    }
    if (given[name]) throw new ExpressionError(`the parameter ${name} is given twice`, argument);
    given[name] = argument;
  });
  const standsIn = (name) => defaults[name] === null || parameters.includes(defaults[name]);
  for (const name of parameters) {
    if (given[name]?.kind === "constant" && given[name].value === null && standsIn(name)) delete given[name];
  }
  const missing = parameters.find((name) => !(name in given) && !(name in defaults));
  if (missing)
    throw new ExpressionError(`the parameter ${missing} is missing; it is ${call}`, { column: tree.end - 1 });
  for (const name of parameters) {
    const other = defaults[name];
    given[name] ??= given[other] ?? other;
  }
  return given;
}

/** The integer of a tree. Throws ExpressionError for what is none, or beyond its bounds. */
export function integer(tree, name, least, text) {
  if (tree?.kind !== "integer")
    throw new ExpressionError(`${name} must be an integer, got ${sourceOf(tree, text)}`, tree);
  if (least !== null && tree.value < least) {
    throw new ExpressionError(
      `${name} must be at least ${least}, got ${tree.value}`,
      place(tree),
      `${least}`,
    );
  }
  const size = BigInt(tree.value) < 0n ? -BigInt(tree.value) : BigInt(tree.value);
  if (size > MAX_PARAMETER)
    throw new ExpressionError(`${name} must be at most 10^18, got ${tree.value}`, tree);
  return tree.value;
}

/** The integers of a tree that is a tuple. */
export function integers(tree, name, least, text) {
  if (tree.kind !== "tuple") {
    const value = sourceOf(tree, text);
    const mend = tree.kind === "integer" ? { text: `(${value},)`, ...place(tree) } : null;
    throw new ExpressionError(
      `${name} must be integers in parentheses, such as (0, 4), got ${value}`,
      tree,
      mend,
    );
  }
  return tree.parts.map((part) => integer(part, name, least, text));
}

/** The value of a tree that is no pattern: integers, tuples of them, True, False, None, words; undefined
 * for others. */
export function literal(tree) {
  if (tree.kind === "tuple") {
    const parts = tree.parts.map(literal);
    return parts.includes(undefined) ? undefined : parts;
  }
  return ["integer", "constant", "quoted"].includes(tree.kind) ? tree.value : undefined;
}

/** The text of an argument, without its parameter's name. */
export function sourceOf(tree, text) {
  const { column, end } = place(tree);
  return text.slice(column, end).replace(/^\w+\s*=(?!=)\s*/, "");
}

/** Where an argument's value is: behind its parameter's name, if it has one. */
function place(tree) {
  const digits = tree.kind === "integer" && tree.parameter ? `${tree.value}`.length : 0;
  return { column: digits ? tree.end - digits : tree.column, end: tree.end };
}
