// Positions on an axis: which are labelled, and which part of them is seen.

/** Positions from `first`, at most `most`, by a power of two that divides n, else by 1, 2, 5, 10, 20... */
export function ticks(first, count, n, most = count <= 64 ? 8 : 5) {
  const least = Math.ceil(count / most);
  let space = 2 ** Math.ceil(Math.log2(least));
  if (n % space) space = roundNumber(least);
  const start = Math.ceil(first / space) * space;
  const positions = [];
  for (let x = start; x < first + count; x += space) positions.push(x);
  return positions;
}

function roundNumber(least) {
  for (let power = 1; ; power *= 10) {
    for (const digit of [1, 2, 5]) if (digit * power >= least) return digit * power;
  }
}

/** The part of the matrix that is seen: { query, key, rows, columns }. */
export function windowOf({ shape: [queries, keys], zoom }) {
  if (!zoom) return { query: 0, key: 0, rows: queries, columns: keys };
  const rows = Math.min(zoom.side, queries);
  const columns = Math.min(zoom.side, keys);
  const query = clamp(zoom.query, 0, queries - rows);
  const key = clamp(zoom.key, 0, keys - columns);
  return { query, key, rows, columns };
}

export const clamp = (x, least, most) => Math.max(least, Math.min(most, x));

export const MIN_SIDE = 8;

/** How many positions a side of the part that is seen has. */
export const sideOf = ({ shape, zoom }) => zoom?.side ?? Math.max(...shape);

/** The zoom of `side` positions from (query, key), moved into the matrix. */
export function zoomInside(shape, zoom) {
  const { query, key } = windowOf({ shape, zoom });
  return { query, key, side: zoom.side };
}

/** The zoom of `side` positions in which (query, key) is at the place (across, down), each from 0 to 1. */
export function zoomAround({ shape }, side, query, key, across = 0.5, down = 0.5) {
  const longest = Math.max(...shape);
  const size = Math.round(Math.max(side, Math.min(MIN_SIDE, longest)));
  if (size >= longest) return null;
  const first = (position, share) => Math.round(position + 0.5 - share * size);
  return zoomInside(shape, { query: first(query, down), key: first(key, across), side: size });
}

/** The zoom moved as little as needed so that (query, key) is seen. */
export function zoomThatShows(state, query, key) {
  if (!state.zoom) return null;
  const seen = windowOf(state);
  return {
    query: clamp(seen.query, query - seen.rows + 1, query),
    key: clamp(seen.key, key - seen.columns + 1, key),
    side: state.zoom.side,
  };
}
