// The page's functions that know nothing of its elements, in one table: tests and notebooks call them by
// `explorer.logic`.

import { members } from "./bitsets.js";
import { causalPairs, summaryOf } from "./blocks.js";
import { pairwiseSum } from "./choosing.js";
import { clauseOfCells, clausesOf, compareRows, keysByClause } from "./clauses.js";
import { countsOf, differingRows, kindsOf } from "./comparison.js";
import { completions } from "./completion.js";
import { explanations } from "./differences.js";
import { notation, parse, read } from "./expression.js";
import { cornerOf, orderedMask, orderOf, pictureLayout, pictureTabs, readShape, tileOrder } from "./grids.js";
import { changeOf } from "./keyboard.js";
import { ruleNames } from "./names.js";
import { cellColours } from "./painters.js";
import { packRows, readPaste, unpackRows } from "./paste.js";
import { describePositions, extent, hops, products, shortest } from "./reach.js";
import { sourceCounts, sourcesOf, targetCounts, targetsOf, whyNot } from "./reach.js";
import { growthOf, matrixOf, pairSentences, reachView } from "./reach_view.js";
import { reason } from "./reasons.js";
import { kindsOfRow, restoreSelections, rowOfSelection, selectedMask, selection } from "./selections.js";
import { selectionOptions } from "./selections.js";
import { positionsText, sentence } from "./speech.js";
import { layersOf } from "./stacks.js";
import { ticks } from "./ticks.js";
import { tilesOf } from "./tiles.js";
import { namesOf } from "./unions.js";

const pages = { causalPairs, cellColours, changeOf, clausesOf, positionsText, sentence, summaryOf, ticks };
const texts = { completions, explanations, notation, parse, read, reason, ruleNames };
const rows = { clauseOfCells, compareRows, countsOf, differingRows, keysByClause, kindsOf };
const paths = { describePositions, extent, hops, layersOf, members, products, shortest, sourceCounts };
const reach = { growthOf, matrixOf, pairSentences, reachView, sourcesOf, targetCounts, targetsOf, whyNot };
const grids = { cornerOf, orderedMask, orderOf, pictureLayout, pictureTabs, readShape, tileOrder, tilesOf };
const choices = { kindsOfRow, pairwiseSum, restoreSelections, rowOfSelection, selectedMask, selection };
const pasted = { namesOf, packRows, readPaste, selectionOptions, unpackRows };

export const logic = { ...pages, ...texts, ...rows, ...paths, ...reach, ...grids, ...choices, ...pasted };
