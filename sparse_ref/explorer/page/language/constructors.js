// Constructors, such as strided(8): built from the templates that Python traced, if one states what it
// builds at these parameters.
// A template is { parameters: [[name, default]], cases: [{ forms, bounds, when, kind, views }] }: `forms`
// of the parameters that are
// no integers, `bounds` and `when` the conditions [sign, x, y] of the case, `views` texts with expressions
// in braces. An expression is
// a number, the path of a parameter ("shape.0", "globals.*" for the least of all), or [sign, x, y].

import { bind, literal, sourceOf } from "./arguments.js";
import { COMPARISONS, PRODUCTS, SUMS } from "../common/integers.js";
import { ExpressionError } from "./syntax.js";

const HOLE = /\{([^}]*)\}/g;
const ARITHMETIC = { ...SUMS, ...PRODUCTS };
const BOUNDS = {
  "<": "below",
  "<=": "at most",
  ">": "above",
  ">=": "at least",
  "==": "equal to",
  "!=": "other than",
};
const LOOSE = { "*": 2, "//": 2, "%": 2, "+": 1, "-": 1 };

/** { kind, texts } of a constructor's call. Throws ExpressionError. */
export function expand(tree, { parameters, cases }, text) {
  const names = parameters.map(([name]) => name);
  const defaults = Object.fromEntries(parameters.filter((pair) => pair.length > 1));
  const values = valuesOf(tree, names, defaults, text);
  const ofForm = cases.filter(({ forms }) =>
    names.every((name) => matches(forms[name] ?? "i", values[name])),
  );
  const fitting = ofForm.find(({ bounds, when }) =>
    [...bounds, ...when].every((condition) => holds(condition, values)),
  );
  if (fitting) return { kind: fitting.kind, texts: fitting.views.map((view) => fillHoles(view, values)) };
  const texts = ofForm.map(({ bounds }) => bounds.map(String));
  const broken = ofForm[0]?.bounds.find(
    (bound) => !holds(bound, values) && texts.every((bounds) => bounds.includes(`${bound}`)),
  );
  if (broken) throw conditionError(tree, broken, values);
  const hint = `sr.explore("${source(tree, text)}", n) writes a page of it`;
  throw new ExpressionError(`${tree.name} is built by Python at these parameters: ${hint}`, tree);
}

const source = (tree, text) => text.slice(tree.column, tree.end).replaceAll('"', "'");

function valuesOf(tree, names, defaults, text) {
  const given = bind(tree, names, defaults);
  const values = {};
  for (const name of names) {
    const argument = given[name];
    values[name] = argument?.kind ? literal(argument) : argument;
    if (values[name] === undefined) {
      throw new ExpressionError(
        `${tree.name}: ${name} must be integers, got ${sourceOf(argument, text)}`,
        argument,
      );
    }
  }
  return values;
}

const isInteger = (value) => typeof value === "number" || typeof value === "bigint";

function matches(form, value) {
  if (form === "i") return isInteger(value);
  if (form === "positions") return Array.isArray(value) && value.length > 0 && value.every(isInteger);
  if (Array.isArray(form))
    return (
      Array.isArray(value) && value.length === form.length && form.every((part, t) => matches(part, value[t]))
    );
  return value === form.is;
}

function fillHoles(view, values) {
  return view.replace(HOLE, (_, hole) => {
    const value = hole.startsWith("[")
      ? evaluate(JSON.parse(hole), values)
      : hole.split(".").reduce((part, name) => part[name], values);
    return Array.isArray(value) ? `(${value.join(", ")},)` : `${value}`;
  });
}

/** An expression at these values of parameters, a BigInt. */
function evaluate(term, values) {
  if (Array.isArray(term)) {
    const [sign, x, y] = term;
    return ARITHMETIC[sign](evaluate(x, values), evaluate(y, values));
  }
  if (typeof term !== "string") return BigInt(term);
  if (term.endsWith(".*")) return values[term.slice(0, -2)].map(BigInt).reduce((a, b) => (a < b ? a : b));
  return BigInt(term.split(".").reduce((part, name) => part[name], values));
}

/** Whether a condition is true at these values of parameters. */
export function holds([sign, x, y], values) {
  return COMPARISONS[sign](evaluate(x, values), evaluate(y, values));
}

/** The error for a condition that a call's parameters break. */
export function conditionError(tree, [sign, x, y], values) {
  const [isPath] = `${x}`.match(/^[a-z_]\w*/i) ?? [];
  const argument = tree.parts.find((part) => part.parameter === isPath) ?? tree;
  const bound = typeof y === "number" ? y : `${wording(y)} = ${evaluate(y, values)}`;
  return new ExpressionError(
    `${tree.name}: ${wording(x)} must be ${BOUNDS[sign]} ${bound}, got ${evaluate(x, values)}`,
    argument,
  );
}

/** An expression as it is written. */
function wording(term, tightness = 0) {
  if (!Array.isArray(term)) return `${term}`.replace(".*", "").replace(/\.(\d+)/g, "[$1]");
  const [sign, x, y] = term;
  const text = `${wording(x, LOOSE[sign])} ${sign} ${wording(y, LOOSE[sign] + 1)}`;
  return LOOSE[sign] < tightness ? `(${text})` : text;
}
