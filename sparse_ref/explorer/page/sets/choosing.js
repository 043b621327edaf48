// Atoms chosen by their scores as sparse_ref.selection chooses them: the best k, the best of a share p, or
// those above a threshold. `scores` of a row are -Infinity where an atom is hidden; `forced` is 1 where a
// visible atom must be taken. Ties go to the smallest atom; a score of -Infinity is never chosen. Each
// function returns bytes, 1 where an atom is chosen or forced. A page chooses in thousands of rows at a time,
// hence plain loops.

import { sum } from "../common/arrays.js";

/** The best k; forced atoms are among the k if they are in the budget. */
export function topK(scores, forced, k, inBudget) {
  const taken = inBudget ? sum(forced) : 0;
  return withForced(largest(withoutForced(scores, forced), Math.max(k - taken, 0)), forced);
}

/** The fewest best atoms that with the forced ones have a share p of the softmax; at least one if none is
 * forced. */
export function topP(scores, forced, p) {
  const mass = softmax(scores);
  const taken = sum(forced);
  const forcedShare = taken ? pairwiseSum(mass.shares.map((share, e) => (forced[e] ? share : 0))) : 0;
  const rest = withoutForced(scores, forced);
  const count = countToReach(finiteOf(rest), mass, p - forcedShare, p);
  return withForced(largest(rest, Math.max(count, taken ? 0 : 1)), forced);
}

/** All that reach the threshold. */
export function atLeast(scores, forced, threshold) {
  const chosen = forced.slice();
  for (let e = 0; e < scores.length; e++) if (scores[e] >= threshold && scores[e] > -Infinity) chosen[e] = 1;
  return chosen;
}

/** The scores of atoms that are not forced. */
export function withoutForced(scores, forced) {
  const rest = scores.slice();
  for (let e = 0; e < rest.length; e++) if (forced[e]) rest[e] = -Infinity;
  return rest;
}

function withForced(chosen, forced) {
  for (let e = 0; e < chosen.length; e++) chosen[e] |= forced[e];
  return chosen;
}

/** The scores above -Infinity. */
function finiteOf(scores) {
  const finite = new Float64Array(scores.length);
  let count = 0;
  for (let e = 0; e < scores.length; e++) if (scores[e] > -Infinity) finite[count++] = scores[e];
  return finite.subarray(0, count);
}

/** The `count` greatest scores above -Infinity, ties to the smallest atom. */
function largest(scores, count) {
  const chosen = new Uint8Array(scores.length);
  const finite = finiteOf(scores);
  if (count <= 0 || !finite.length) return chosen;
  const least = finite.length <= count ? -Infinity : nthLargest(finite, count);
  let room = count;
  for (let x = 0; x < finite.length; x++) if (finite[x] > least) room--;
  for (let e = 0; e < scores.length; e++) {
    if (scores[e] > least) chosen[e] = 1;
    else if (scores[e] === least && room > 0 && least > -Infinity) room -= chosen[e] = 1;
  }
  return chosen;
}

/** The count-th greatest number, from 1. The numbers are parted around some of them until the greatest
 * `count` are in front. */
function nthLargest(numbers, count) {
  const place = count - 1;
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const pivot = numbers[(low + high) >> 1];
    let left = low;
    let right = high;
    while (left <= right) {
      while (numbers[left] > pivot) left++;
      while (numbers[right] < pivot) right--;
      if (left > right) break;
      const moved = numbers[left];
      numbers[left++] = numbers[right];
      numbers[right--] = moved;
    }
    if (place <= right) high = right;
    else if (place >= left) low = left;
    else return numbers[place];
  }
  return numbers[place];
}

/** { top, sum, shares }: the greatest score, the sum of the weights, and the softmax: 0 everywhere if no
 * score is finite. */
export function softmax(scores) {
  let top = -Infinity;
  for (let e = 0; e < scores.length; e++) if (scores[e] > top) top = scores[e];
  const shares = new Float64Array(scores.length);
  for (let e = 0; e < scores.length; e++) if (scores[e] > -Infinity) shares[e] = Math.exp(scores[e] - top);
  const sum = pairwiseSum(shares) || 1;
  for (let e = 0; e < shares.length; e++) shares[e] /= sum;
  return { top, sum, shares };
}

const SURELY = 1e-9; // far more than rounding can add to a sum of shares
const FEW = 128;

/** How many of the best add up to the missing share; all of them for p = 1. Shares are added as NumPy adds
 * them, best first. */
function countToReach(finite, mass, missing, p) {
  if (p === 1) return finite.length;
  for (let most = FEW; most < finite.length; most *= 4) {
    nthLargest(finite, most);
    const count = countAmong(finite.slice(0, most), mass, missing);
    if (count !== null) return count;
  }
  return countAmong(finite, mass, missing) ?? finite.length;
}

/** The same of the best few; null if more may be needed. */
function countAmong(best, { top, sum }, missing) {
  best.sort();
  let reached = 0;
  let count = 0;
  for (let place = best.length - 1; place >= 0; place--) {
    const share = Math.exp(best[place] - top) / sum;
    reached += share;
    const before = reached - share;
    if (before < missing) count++;
    else if (before > missing + SURELY) return count;
  }
  return null;
}

const MAX_BLOCK = 128;

/** The sum in the order in which NumPy adds a row: eight sums side by side in blocks of up to 128, and halves
 * of longer rows. */
export function pairwiseSum(numbers) {
  const n = numbers.length;
  if (n > MAX_BLOCK) {
    const half = n >> 1;
    const middle = half - (half % 8);
    return pairwiseSum(numbers.subarray(0, middle)) + pairwiseSum(numbers.subarray(middle));
  }
  const whole = n - (n % 8);
  let sum = whole ? sumOfEights(numbers, whole) : 0;
  for (let x = whole; x < n; x++) sum += numbers[x];
  return sum;
}

function sumOfEights(numbers, whole) {
  const sums = numbers.slice(0, 8);
  for (let start = 8; start < whole; start += 8) for (let x = 0; x < 8; x++) sums[x] += numbers[start + x];
  const [a, b, c, d, e, f, g, h] = sums;
  return a + b + (c + d) + (e + f + (g + h));
}
