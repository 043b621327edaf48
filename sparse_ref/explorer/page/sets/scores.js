// Scores from a seed, the same on every machine: score(i, e) depends on nothing but the seed, the query i and
// the atom e.
//
// A word of 32 bits is mixed from (seed, i, e) by the last steps of MurmurHash3 (Appleby, public domain),
// once for each of the three. Its four bytes add up to a number u from 0 to 1020, about normal. The score is
// (u - 510) / 128, from -4 to 4, rounded to multiples of a step if ties are wanted; if not, a number below
// 1/128 that is different for each atom is added. All are exact in float64.

const STEPS = [0, 1 / 8, 1 / 4, 1 / 2, 1, 2];

export const COARSEST = STEPS.length - 1;

/** What scores are rounded to at a level from 0 to COARSEST; 0 is no rounding. */
export const stepOf = (coarse) => STEPS[coarse];

function mix(word) {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** The scores of a query for `atoms` atoms, at most 4096 if they are not to tie; -Infinity where `visible`,
 * if given, is 0. */
export function scoresOf(seed, i, atoms, coarse, visible = null) {
  const step = STEPS[coarse];
  const query = mix(mix(seed + 0x9e3779b9) ^ i);
  const shift = query & 4095;
  const scores = new Float64Array(atoms).fill(-Infinity);
  for (let e = 0; e < atoms; e++) {
    if (visible && !visible[e]) continue;
    const word = mix(query + Math.imul(e + 1, 0x9e3779b9));
    const sum = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24);
    const score = (sum - 510) / 128;
    const last = (e * 1597 + shift) & 4095; // 1597 is odd: each atom has another
    scores[e] = step ? Math.round(score / step) * step + 0 : score + last / 524288;
  }
  return scores;
}
