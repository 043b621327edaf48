// Positions as ranges: 3-10, 16, 32.

const MAX_RANGES = 100;

/** The positions that are not 0 in a row of cells, rising. */
export function positionsOf(cells) {
  const positions = [];
  for (let x = 0; x < cells.length; x++) if (cells[x]) positions.push(x);
  return positions;
}

/** The runs of rising positions: [first, last] each. */
export function rangesOf(positions) {
  const ranges = [];
  for (const x of positions) {
    const last = ranges.at(-1);
    if (last && last[1] === x - 1) last[1] = x;
    else ranges.push([x, x]);
  }
  return ranges;
}

/** Rising positions in words: "3-10, 16, 32", "none"; beyond a hundred ranges, how many more there are. */
export function rangeText(positions) {
  const ranges = rangesOf(positions);
  const shown = ranges
    .slice(0, MAX_RANGES)
    .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  if (ranges.length > MAX_RANGES)
    shown.push(`and ${ranges.length - MAX_RANGES} more ranges to ${positions.at(-1)}`);
  return shown.join(", ") || "none";
}
