// Derived data, remembered by a text that names what it follows from; the state holds none of it.

/** A function (key, compute): the value that `compute` gave for this key, kept while at most `most` newer
 * keys were asked for. */
export function memory(most = 8) {
  const values = new Map();
  return (key, compute) => {
    const value = values.has(key) ? values.get(key) : compute();
    values.delete(key);
    values.set(key, value);
    if (values.size > most) values.delete(values.keys().next().value);
    return value;
  };
}

const numbers = new WeakMap();
let last = 0;

/** A number that is this object's own. */
function numberOf(object) {
  if (!numbers.has(object)) numbers.set(object, ++last);
  return numbers.get(object);
}

/** The shape and the listed sets of a store, as a key: a name may be given to other rows. */
export const dataKey = ({ state, context }) =>
  `${state.shape} ${Object.values(context.data.listed).map(numberOf)}`;
