// A pattern as the `mask_mod` of FlexAttention: Python, written from the formulas of its rules with the
// numbers put in.

import { numberText } from "./evaluation.js";
import { children, notation, valueText } from "./expression.js";

const MAX_CONSTANT = 2n ** 31n; // positions of kernels are int32
const SIGNS = { union: " | ", intersection: " & ", difference: " & ~" };
const RESERVED =
  " and as assert break class continue def del elif else except finally for from global if import in is " +
  "isin lambda mask_mod not or pass raise return try while with yield ";
const ISIN = `def isin(x, positions):
    member = x != x
    for position in positions:
        member = member | (x == position)
    return member`;

/** The names of the listed sets in a tree: these have no formula. */
function listedIn(node) {
  const inside = children(node).flatMap(listedIn);
  return node.kind === "listed" ? [node.name, ...inside] : inside;
}

/** The text of a tree, or a comment if it has sets without a formula. */
export function maskMod(node, data) {
  const listed = listedIn(node);
  if (listed.length) {
    const names = [...new Set(listed)].join(", ");
    return `# ${names}: listed row by row, so there is no formula to write.\n# Copy the rows instead.\n`;
  }
  const writer = new Writer(data);
  const result = writer.term(node, "q_idx", "kv_idx");
  const head = `# ${notation(node)}`;
  const last = `def mask_mod(b, h, q_idx, kv_idx):\n    return ${unparenthesize(result)}`;
  return `${[head, ...writer.functions, last].join("\n\n\n")}\n`;
}

class Writer {
  constructor(data) {
    this.data = data;
    this.functions = [];
    this.known = new Map();
  }

  /** The name of a function with these lines; the same lines are one function. */
  define(stem, parameters, lines) {
    const body = lines.map((line) => `    ${line}`).join("\n");
    const key = `${stem}(${parameters})${body}`;
    if (!this.known.has(key)) {
      const count = [...this.known.keys()].filter((other) => other.startsWith(`${stem}(`)).length;
      const name = count ? `${stem}_${count + 1}` : stem;
      this.known.set(key, name);
      this.functions.push(`def ${name}(${parameters}):\n${body}`);
    }
    return this.known.get(key);
  }

  /** [j in A_i] for the texts of i and j, in parentheses unless it is one call. */
  term(node, i, j) {
    return WRITERS[node.kind](node, i, j, this);
  }
}

const WRITERS = {
  rule(node, i, j, writer) {
    const {
      arguments: [query, key, ...parameters],
      parts,
      result,
      constants,
    } = writer.data.rules[node.name];
    const values = new Map(parameters.map((name, place) => [name, numberText(node.values[place])]));
    for (const [name, numbers] of Object.entries(constants)) {
      values.set(name, valueText(numbers.map(BigInt).filter((number) => number < MAX_CONSTANT)));
    }
    const filled = (text) => text.replace(/[A-Za-z_]\w*/g, (name) => values.get(name) ?? name);
    const lines = [...parts.map(([name, text]) => `${name} = ${filled(text)}`), `return ${filled(result)}`];
    if (lines.some((line) => line.includes("isin(")) && writer.functions[0] !== ISIN)
      writer.functions.unshift(ISIN);
    return `${writer.define(snake(node.name), `${query}, ${key}`, lines)}(${i}, ${j})`;
  },

  union: joinTerms,
  intersection: joinTerms,
  difference: joinTerms,
  complement: (node, i, j, writer) => `~${writer.term(node.pattern, i, j)}`,

  shifted: (node, i, j, writer) =>
    writer.term(node.pattern, `${i} ${node.offset < 0 ? "-" : "+"} ${`${node.offset}`.replace("-", "")}`, j),

  blockwise: ({ pattern, block }, i, j, writer) =>
    writer.term(pattern, `${parenthesize(i)} // ${block[0]}`, `${parenthesize(j)} // ${block[1]}`),

  pooled({ pattern, length, stride }, i, j, writer) {
    const overlap = Math.ceil(Number(length) / Number(stride));
    const lines = [
      "member = j != j",
      `for back in range(${overlap}):`,
      `    pool = j // ${stride} - back`,
      `    near = (pool >= 0) & (j - pool * ${stride} < ${length})`,
      `    member = member | near & ${writer.term(pattern, "i", "pool")}`,
      "return member",
    ];
    return `${writer.define("pooled", "i, j", lines)}(${i}, ${j})`;
  },

  documents({ lengths, inner }, i, j, writer) {
    const ends = lengths.map((_, d) => lengths.slice(0, d + 1).reduce((a, b) => a + b, 0));
    const before = (x) => ends.map((end) => `(x >= ${end})`.replace("x", x));
    const document = writer.define("document", "x", [
      `return ${["1 * (x >= 0)", ...before("x").map((part) => `1 * ${part}`)].join(" + ")}`,
    ]);
    const same = `(${document}(${i}) == ${document}(${j}))`;
    if (!inner) return same;
    const start = writer.define("start", "x", [
      `return ${["0 * x", ...before("x").map((part, d) => `${lengths[d]} * ${part}`)].join(" + ")}`,
    ]);
    return `(${same} & ${writer.term(inner, `${i} - ${start}(${i})`, `${j} - ${start}(${j})`)})`;
  },

  grid({ shape, patterns }, i, j, writer) {
    const terms = patterns.map((pattern, axis) => {
      const step = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      const quotient = step === 1 ? "" : ` // ${step}`;
      const coordinate = (x) => `${parenthesize(x)}${quotient} % ${shape[axis]}`;
      return writer.term(pattern, coordinate(i), coordinate(j));
    });
    return terms.length === 1 ? terms[0] : `(${terms.join(" & ")})`;
  },
};

function joinTerms(node, i, j, writer) {
  return `(${node.parts.map((part) => writer.term(part, i, j)).join(SIGNS[node.kind])})`;
}

const parenthesize = (text) => (/^\w+$/.test(text) ? text : `(${text})`);

/** The text without parentheses that hold all of it. */
function unparenthesize(text) {
  if (!text.startsWith("(")) return text;
  let depth = 0;
  const end = [...text].findIndex((letter) => (depth += { "(": 1, ")": -1 }[letter] ?? 0) === 0);
  return end === text.length - 1 ? text.slice(1, -1) : text;
}

/** "CausalNeighborhood" as a function is called: causal_neighborhood. */
function snake(name) {
  const words = name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toLowerCase();
  return RESERVED.includes(` ${words} `) ? `${words}_` : words;
}
