// The page's functions that know nothing of its elements, in one table: tests and notebooks call them by
// `explorer.logic`.

import { clauseOfCells, compareRows, keysByClause } from "./clauses.js";
import { countsOf, differingRows, kindsOf } from "./comparison.js";
import { explanations } from "./differences.js";
import { parse } from "./expression.js";
import { ruleNames } from "./names.js";
import { reason } from "./reasons.js";

export const logic = {
  clauseOfCells,
  compareRows,
  countsOf,
  differingRows,
  explanations,
  keysByClause,
  kindsOf,
  parse,
  reason,
  ruleNames,
};
