// The page's functions that know nothing of its elements, in one table: tests and notebooks call them by
// `explorer.logic`.

import { describePositions, extent, hops, products, shortest, sourceCounts, sourcesOf } from "./reach.js";
import { targetCounts, targetsOf, whyNot } from "./reach.js";
import { cornerOf, orderedMask, orderOf, pictureLayout, pictureTabs, readShape, tileOrder } from "./grids.js";
import { tilesOf } from "./tiles.js";
import { growthOf, matrixOf, pairSentences, reachView } from "./reach_view.js";
import { pairwiseSum } from "./choosing.js";
import { kindsOfRow, rowOfSelection, selectedRows, selection, selectionOptions } from "./selections.js";
import { layersOf } from "./stacks.js";
import { members } from "./bitsets.js";

export const logic = {
  cornerOf,
  orderOf,
  orderedMask,
  pictureLayout,
  pictureTabs,
  readShape,
  tileOrder,
  tilesOf,
  pairwiseSum,
  kindsOfRow,
  rowOfSelection,
  selectedRows,
  selection,
  selectionOptions,
  members,
  layersOf,
  describePositions,
  extent,
  hops,
  products,
  shortest,
  sourceCounts,
  sourcesOf,
  targetCounts,
  targetsOf,
  reachView,
  growthOf,
  matrixOf,
  pairSentences,
  whyNot,
};
