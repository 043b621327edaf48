// The store as the matrix sees it: queries and keys in the order of orderOf(state). Its positions are places
// in that order, its masks are permuted, and what is set through it is set in the store at the positions.

import { orderedMask, orderOf } from "../sets/grids.js";

const inverses = new WeakMap();

/** The place of each position. */
function inverseOf(order) {
  if (!inverses.has(order)) {
    const places = new Int32Array(order.length);
    order.forEach((position, place) => {
      places[position] = place;
    });
    inverses.set(order, places);
  }
  return inverses.get(order);
}

/** The positions in a patch of the state, exchanged for what a table has for them. */
function exchange(patch, table) {
  const change = (x) => (x === null ? null : table[x]);
  const changed = { ...patch };
  for (const name of ["query", "key"]) if (name in patch) changed[name] = change(patch[name]);
  if ("pins" in patch) changed.pins = patch.pins.map(change);
  return changed;
}

/** A store of places; `ordered(mask)` permutes a mask, `positionAt(place)` is what a place is called. */
export function inOrder(store) {
  const order = () => orderOf(store.state);
  return {
    get state() {
      const { state } = store;
      return order() ? exchange(state, inverseOf(order())) : state;
    },
    get mask() {
      return orderedMask(store.mask, order());
    },
    set: (patch) => store.set(order() ? exchange(patch, order()) : patch),
    ordered: (mask) => orderedMask(mask, order()),
    positionAt: (place) => (order() ? order()[place] : place),
  };
}
