// The page's functions that know nothing of its elements, in one table: tests and notebooks call them by
// `explorer.logic`.

import { clauseOfCells, compareRows, keysByClause } from "./clauses.js";
import { countsOf, differingRows, kindsOf } from "./comparison.js";
import { completions } from "./completion.js";
import { explanations } from "./differences.js";
import { notation, parse, read } from "./expression.js";
import { ruleNames } from "./names.js";
import { packRows, readPaste, unpackRows } from "./paste.js";
import { reason } from "./reasons.js";
import { namesOf } from "./unions.js";

export const logic = {
  clauseOfCells,
  compareRows,
  completions,
  countsOf,
  differingRows,
  explanations,
  keysByClause,
  kindsOf,
  namesOf,
  notation,
  packRows,
  parse,
  read,
  readPaste,
  reason,
  ruleNames,
  unpackRows,
};
