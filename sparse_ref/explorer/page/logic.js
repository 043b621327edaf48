// The page's functions that know nothing of its elements, in one table: tests and notebooks call them by
// `explorer.logic`.

import { causalPairs, summaryOf } from "./blocks.js";
import { clauseOfCells, clausesOf, compareRows, keysByClause } from "./clauses.js";
import { countsOf, differingRows, kindsOf } from "./comparison.js";
import { completions } from "./completion.js";
import { explanations } from "./differences.js";
import { notation, parse, read } from "./expression.js";
import { changeOf } from "./keyboard.js";
import { ruleNames } from "./names.js";
import { cellColours } from "./painters.js";
import { reason } from "./reasons.js";
import { positionsText, sentence } from "./speech.js";
import { ticks } from "./ticks.js";
import { tilesOf } from "./tiles.js";

export const logic = {
  causalPairs,
  cellColours,
  changeOf,
  clauseOfCells,
  clausesOf,
  compareRows,
  completions,
  countsOf,
  differingRows,
  explanations,
  keysByClause,
  kindsOf,
  notation,
  parse,
  positionsText,
  read,
  reason,
  ruleNames,
  sentence,
  summaryOf,
  ticks,
  tilesOf,
};
