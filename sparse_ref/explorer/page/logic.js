// The page's functions that touch no element, in one table: tests and notebooks call them as
// `explorer.logic`.

import { members } from "./sets/bitsets.js";
import { causalPairs, summaryOf } from "./sets/blocks.js";
import { pairwiseSum } from "./sets/choosing.js";
import { clauseOfCells, clausesOf, compareRows, keysByClause } from "./sets/clauses.js";
import { countsOf } from "./common/arrays.js";
import { differingRows, kindsOf } from "./comparisons/comparison.js";
import { completions } from "./language/completion.js";
import { explanations } from "./comparisons/differences.js";
import { notation, parse, read } from "./language/expression.js";
import { cornerOf, orderedMask, orderOf, pictureLayout } from "./sets/grids.js";
import { pictureTabs, readShape, tileOrder } from "./sets/grids.js";
import { changeOf } from "./matrix/keyboard.js";
import { ruleNames } from "./comparisons/names.js";
import { cellColours } from "./matrix/painters.js";
import { packRows, readPaste, unpackRows } from "./sets/paste.js";
import { describePositions, extent, hops, products, shortest } from "./sets/reach.js";
import { sourceCounts, sourcesOf, targetCounts, targetsOf, whyNot } from "./sets/reach.js";
import { growthOf, matrixOf, pairSentences, reachView } from "./sets/reach_view.js";
import { reason } from "./sets/reasons.js";
import { kindsOfRow, restoreSelections, rowOfSelection, selectedMask, selection } from "./sets/selections.js";
import { selectionOptions } from "./sets/selections.js";
import { positionsText, sentence } from "./matrix/speech.js";
import { layersOf } from "./sets/stacks.js";
import { ticks } from "./matrix/ticks.js";
import { tilesOf } from "./sets/tiles.js";
import { namesOf } from "./comparisons/unions.js";

const pages = { causalPairs, cellColours, changeOf, clausesOf, positionsText, sentence, summaryOf, ticks };
const texts = { completions, explanations, notation, parse, read, reason, ruleNames };
const rows = { clauseOfCells, compareRows, countsOf, differingRows, keysByClause, kindsOf };
const paths = { describePositions, extent, hops, layersOf, members, products, shortest, sourceCounts };
const reach = { growthOf, matrixOf, pairSentences, reachView, sourcesOf, targetCounts, targetsOf, whyNot };
const grids = { cornerOf, orderedMask, orderOf, pictureLayout, pictureTabs, readShape, tileOrder, tilesOf };
const choices = { kindsOfRow, pairwiseSum, restoreSelections, rowOfSelection, selectedMask, selection };
const pasted = { namesOf, packRows, readPaste, selectionOptions, unpackRows };

export const logic = { ...pages, ...texts, ...rows, ...paths, ...reach, ...grids, ...choices, ...pasted };
