// Tiles: the blocks of queries and keys that a kernel visits, as FlexAttention's BlockMask counts them. One
// is full if each of its block^2 pairs attends, partial if some do, and skipped if none does; one that the
// length cuts off is partial at most.

import { blockCounts } from "./blocks.js";

export const BLOCKS = [4, 8, 16, 32, 64, 128, 256];
export const SKIPPED = 0;
const PARTIAL = 1;
const FULL = 2;
const remembered = new WeakMap();

/** { rows, columns, kinds, full, partial, skipped, visited, pairs }; `pairs` is block^2 a visited tile. */
export function tilesOf(mask, block) {
  if (!remembered.has(mask)) remembered.set(mask, new Map());
  const sizes = remembered.get(mask);
  if (!sizes.has(block)) sizes.set(block, countTiles(mask, block));
  return sizes.get(block);
}

function countTiles(mask, block) {
  const { rows, columns, counts } = blockCounts(mask, [block, block]);
  const kinds = new Uint8Array(counts.length);
  const numbers = [0, 0, 0];
  for (let x = 0; x < counts.length; x++) {
    kinds[x] = counts[x] === 0 ? SKIPPED : counts[x] === block * block ? FULL : PARTIAL;
    numbers[kinds[x]]++;
  }
  const [skipped, partial, full] = numbers;
  const visited = partial + full;
  return { rows, columns, kinds, full, partial, skipped, visited, pairs: visited * block * block };
}
