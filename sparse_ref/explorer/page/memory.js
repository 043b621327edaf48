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
