// What can be copied out of the page, as text: notation, Python, SVG, CSR as JSON. `mask_mod` has a module
// of its own.

import { COMBINATORS } from "./combinators.js";
import { children, valueText } from "./expression.js";

const MAX_RUNS = 200000;
const MAX_LISTED = 50000;
const MAX_PAIRS = 4000000;

/** Why something cannot be copied out. */
export class ExportError extends Error {}

/** The state's pattern, steps, branches or heads in the notation: the text that the editor takes back. */
export const notationText = (state) => `${state.views.map(({ text }) => text).join(", ")}\n`;

/** Python that builds what is shown, and writes a page of it. */
export function pythonText(state, nodes, data) {
  const texts = state.views.map(({ text }) => text);
  const used = [...new Set(nodes.flatMap(namesIn))].sort();
  const listed = used.filter((name) => Object.hasOwn(data.listed, name));
  const own = used.filter((name) => data.ownRules.includes(name));
  const imported = used.filter((name) => !listed.includes(name) && !own.includes(name));
  const n = state.shape[0] === state.shape[1] ? state.shape[0] : valueText(state.shape);
  return [
    "import sparse_ref as sr",
    ...(imported.length ? [`from sparse_ref import ${imported.join(", ")}`] : []),
    ...own.map((name) => `# ${name} is a rule of yours: import it`),
    "",
    ...listed.map((name) => listedText(name, data.listed[name])),
    `p = ${valueOf(state.kind, texts)}`,
    `page = sr.explore(p, ${n})`,
    'page.save("pattern.html")\n',
  ].join("\n");
}

function listedText(name, { starts, indices }) {
  if (indices.length > MAX_LISTED) {
    const hint = "copy the rows as JSON, for sr.Listed(indptr, indices)";
    return `# ${name} is a list of ${indices.length} keys: ${hint}`;
  }
  return `${name} = sr.Listed([${starts.join(", ")}], [${indices.join(", ")}])`;
}

function valueOf(kind, texts) {
  if (kind === "pattern") return texts[0];
  const parts = `(${texts.join(", ")},)`;
  return { step: `sr.Factorized(${parts})`, branch: `sr.Branches(${parts})` }[kind] ?? parts;
}

/** A listed set is called by its name, or by a constructor of the library. */
const listedName = ({ name = "" }) => (/^[a-z_]\w*$/i.test(name) ? name : name.split("(")[0]);

/** The names that the notation of a tree uses. */
function namesIn(node) {
  const own = { rule: node.name, listed: listedName(node) }[node.kind];
  const call = node.kind[0].toUpperCase() + node.kind.slice(1); // as the combinators are called
  const names = own ? [own] : Object.keys(COMBINATORS).filter((name) => name === call);
  return [...names, ...children(node).flatMap(namesIn)];
}

/** The runs of keys of a mask: { query, first, count }, row by row. */
function runsOf({ queries, keys, cells }) {
  const runs = [];
  for (let query = 0; query < queries; query++) {
    const row = query * keys;
    for (let key = 0; key < keys; key++) {
      if (!cells[row + key]) continue;
      const first = key;
      while (key < keys && cells[row + key]) key++;
      runs.push({ query, first, count: key - first });
    }
  }
  return runs;
}

const ESCAPES = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" };
const escapeMarkup = (text) => text.replace(/[<>&"]/g, (letter) => ESCAPES[letter]);

/** A picture of a mask, one rectangle for each run of keys. Throws ExportError if there are too many. */
export function svgText(mask, title) {
  const { queries, keys } = mask;
  const runs = runsOf(mask);
  if (runs.length > MAX_RUNS)
    throw new ExportError(`an SVG would have ${runs.length} rectangles, more than ${MAX_RUNS}: copy the PNG`);
  const side = 640 / Math.max(queries, keys);
  const rectangles = runs.map(
    ({ query, first, count }) => `<rect x="${first}" y="${query}" width="${count}" height="1"/>`,
  );
  const size = `width="${keys * side}" height="${queries * side}" viewBox="0 0 ${keys} ${queries}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} shape-rendering="crispEdges" role="img">`,
    `<title>${escapeMarkup(title)}, ${queries} queries and ${keys} keys</title>`,
    `<g fill="#0b62b0">`,
    ...rectangles,
    "</g>",
    "</svg>\n",
  ].join("\n");
}

/** The mask in compressed rows, as JSON: row i has the keys indices[indptr[i]:indptr[i + 1]]. */
export function csrText({ queries, keys, cells }) {
  const indptr = [0];
  const indices = [];
  for (let query = 0; query < queries; query++) {
    for (let key = 0; key < keys; key++) if (cells[query * keys + key]) indices.push(key);
    indptr.push(indices.length);
    if (indices.length > MAX_PAIRS)
      throw new ExportError(`there are more than ${MAX_PAIRS} pairs: choose a shorter n`);
  }
  return `${JSON.stringify({ shape: [queries, keys], indptr, indices })}\n`;
}
