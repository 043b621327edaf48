// What colours the matrix. A painter is a function (store) -> null, or layers [{ label, colour, mask }]: the
// pairs of a mask get the colour, which is the name of a CSS variable without its dashes. The first painter
// that answers is used. Pairs in no layer stay muted; pairs in several have a colour of their own.

import { clausesOf, litClauses } from "../sets/clauses.js";
import { differenceLayers } from "../comparisons/difference_layers.js";
import { selectionLayers } from "./selection_colours.js";

/** The layers of the clauses that are lit, if clauses are coloured. */
function clauseLayers(store) {
  const { colours } = store.state;
  if (!colours) return null;
  const clauses = clausesOf(store.node);
  if (clauses.length < 2) return null;
  const isLit = litClauses(clauses, colours);
  const layers = clauses.map((label, place) => ({ label, colour: `part-${place + 1}` }));
  const lit = layers.filter((_, place) => isLit[place]);
  return lit.map((layer) => ({ ...layer, mask: store.maskOf(layer.label) }));
}

const PAINTERS = [selectionLayers, differenceLayers, clauseLayers];

/** The layers of the first painter that has any, or null. */
export function cellColours(store) {
  for (const paint of PAINTERS) {
    const layers = paint(store);
    if (layers) return layers;
  }
  return null;
}
