// The page's functions that know nothing of its elements, in one table: tests and notebooks call them by `explorer.logic`.

import { clauseOfCells, compareRows, keysByClause } from "./clauses.js";
import { reason } from "./reasons.js";

export const logic = {
  clauseOfCells,
  compareRows,
  keysByClause,
  reason,
};
