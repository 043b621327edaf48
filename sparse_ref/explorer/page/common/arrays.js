// Arrays of numbers: whether two are equal, sums, and counts.

/** Whether two arrays of numbers are equal. */
export function areEqual(a, b) {
  if (a.length !== b.length) return false;
  for (let x = 0; x < a.length; x++) if (a[x] !== b[x]) return false;
  return true;
}

/** The sum of the numbers [from, to). */
export function sum(numbers, from = 0, to = numbers.length) {
  let total = 0;
  for (let x = from; x < to; x++) total += numbers[x];
  return total;
}

/** How many pairs there are of each of four kinds, in the order of the kinds. */
export function countsOf(kinds) {
  const counts = [0, 0, 0, 0];
  for (let x = 0; x < kinds.length; x++) counts[kinds[x]]++;
  return counts;
}
