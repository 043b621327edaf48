// Words: the nearest of several, numbers and plurals.

/** The least number of letters to insert, delete or replace to make b of a. */
function distance(a, b) {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = previous[column - 1] + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(previous[column] + 1, current[column - 1] + 1, replaced));
    }
    previous = current;
  }
  return previous[b.length];
}

/** The word that is most like this one, in any case of letters; "" if none is like it. */
export function nearest(word, words) {
  const lower = word.toLowerCase();
  const far = Math.max(2, Math.floor(word.length / 2));
  let best = "";
  let least = far + 1;
  for (const candidate of words) {
    const edits = distance(lower, candidate.toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

/** 1,234 */
export const count = (number) => number.toLocaleString("en-US");

/** "1 key", "2 keys" */
export const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
