// Clauses: the parts of a union, each of which admits pairs. They have colours, five at most.

import { notation } from "./expression.js";

export const MAX_COLOURS = 5;

/** The texts of the parts of a union, unions inside it opened; one text if the node is none. */
export function clausesOf(node) {
  return node.kind === "union" ? node.parts.flatMap(clausesOf) : [notation(node)];
}

/** Whether each clause of a state is lit: those that are not named are. */
export function litClauses(clauses, colours) {
  return clauses.map((_, place) => place < MAX_COLOURS && (colours?.[place] ?? true));
}
