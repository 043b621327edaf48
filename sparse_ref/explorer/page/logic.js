// The page's functions that know nothing of its elements, in one table: tests and notebooks call them by
// `explorer.logic`.

import { members } from "./bitsets.js";
import { causalPairs, summaryOf } from "./blocks.js";
import { pairwiseSum } from "./choosing.js";
import { clausesOf } from "./clauses.js";
import { cornerOf, orderedMask, orderOf, pictureLayout, pictureTabs, readShape, tileOrder } from "./grids.js";
import { changeOf } from "./keyboard.js";
import { cellColours } from "./painters.js";
import { describePositions, extent, hops, products, shortest, sourceCounts, sourcesOf } from "./reach.js";
import { targetCounts, targetsOf, whyNot } from "./reach.js";
import { growthOf, matrixOf, pairSentences, reachView } from "./reach_view.js";
import { kindsOfRow, restoreSelections, rowOfSelection, selectedMask, selection } from "./selections.js";
import { selectionOptions } from "./selections.js";
import { positionsText, sentence } from "./speech.js";
import { layersOf } from "./stacks.js";
import { ticks } from "./ticks.js";
import { tilesOf } from "./tiles.js";

const pages = { causalPairs, cellColours, changeOf, clausesOf, positionsText, sentence, summaryOf };
const paths = { describePositions, extent, hops, layersOf, members, products, shortest, sourceCounts };
const reach = { growthOf, matrixOf, pairSentences, reachView, sourcesOf, targetCounts, targetsOf, whyNot };
const grids = {
  cornerOf,
  orderedMask,
  orderOf,
  pictureLayout,
  pictureTabs,
  readShape,
  ticks,
  tileOrder,
  tilesOf,
};
const selections = {
  kindsOfRow,
  pairwiseSum,
  restoreSelections,
  rowOfSelection,
  selectedMask,
  selection,
  selectionOptions,
};

export const logic = { ...pages, ...paths, ...reach, ...grids, ...selections };
