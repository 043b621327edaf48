// Atoms chosen by their scores as sparse_ref.selection chooses them: the best k, the best of a share p, or those above a threshold.
// `scores` of a row are -Infinity where an atom is hidden, `forced` is 1 where a visible atom must be taken. Ties go to the smallest
// atom; a score of -Infinity is never chosen.

/** The best k; forced atoms are among the k if they are in the budget. Returns bytes, 1 where an atom is chosen or forced. */
export function topK(scores, forced, k, inBudget) {
  const taken = inBudget ? total(forced) : 0;
  return union(forced, largest(withoutForced(scores, forced), Math.max(k - taken, 0)));
}

/** The fewest best atoms that with the forced ones have a share p of the softmax; at least one if none is forced. */
export function topP(scores, forced, p) {
  const mass = softmax(scores);
  const forcedShares = mass.shares.map((share, e) => (forced[e] ? share : 0));
  const rest = withoutForced(scores, forced);
  const count = countToReach(rest, mass, p - pairwiseSum(forcedShares), p);
  const least = total(forced) ? 0 : 1;
  return union(forced, largest(rest, Math.max(count, least)));
}

/** All that reach the threshold. */
export const atLeast = (scores, forced, threshold) =>
  Uint8Array.from(scores, (score, e) => (forced[e] || (score >= threshold && score > -Infinity) ? 1 : 0));

const total = (bytes) => bytes.reduce((sum, byte) => sum + byte, 0);
const union = (a, b) => a.map((byte, e) => byte | b[e]);

/** The scores of atoms that are not forced. */
export const withoutForced = (scores, forced) => scores.map((score, e) => (forced[e] ? -Infinity : score));

/** The `count` greatest scores above -Infinity, ties to the smallest atom. */
export function largest(scores, count) {
  const finite = scores.filter((score) => score > -Infinity);
  const chosen = new Uint8Array(scores.length);
  if (count <= 0 || !finite.length) return chosen;
  const least = finite.length <= count ? -Infinity : nthLargest(finite, count);
  let room = count - finite.reduce((above, score) => above + (score > least ? 1 : 0), 0);
  for (let e = 0; e < scores.length; e++) {
    const isTied = scores[e] === least && least > -Infinity && room > 0;
    if (scores[e] > least || isTied) chosen[e] = 1;
    if (isTied) room--;
  }
  return chosen;
}

/** The count-th greatest number, from 1, found by parting the numbers around one of them; their order is lost. */
function nthLargest(numbers, count) {
  let low = 0;
  let high = numbers.length - 1;
  const place = count - 1;
  while (low < high) {
    const pivot = numbers[(low + high) >> 1];
    let left = low;
    let right = high;
    while (left <= right) {
      while (numbers[left] > pivot) left++;
      while (numbers[right] < pivot) right--;
      if (left > right) break;
      [numbers[left], numbers[right]] = [numbers[right], numbers[left]];
      left++;
      right--;
    }
    if (place <= right) high = right;
    else if (place >= left) low = left;
    else return numbers[place];
  }
  return numbers[place];
}

/** { top, sum, shares }: the greatest score, the sum of the weights below it, and the softmax: 0 everywhere if no score is finite. */
export function softmax(scores) {
  const top = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = scores.map((score) => (score > -Infinity ? Math.exp(score - top) : 0));
  const sum = pairwiseSum(weights) || 1;
  return { top, sum, shares: weights.map((weight) => weight / sum) };
}

const SURELY = 1e-9; // far more than rounding can add to a sum of shares

/** How many of the best add up to the missing share; all of them for p = 1. Shares are added as NumPy adds them, best first. */
function countToReach(rest, { top, sum }, missing, p) {
  const finite = rest.filter((score) => score > -Infinity).sort();
  if (p === 1) return finite.length;
  let reached = 0;
  let count = 0;
  for (let place = finite.length - 1; place >= 0; place--) {
    const share = Math.exp(finite[place] - top) / sum;
    reached += share;
    const before = reached - share;
    if (before < missing) count++;
    else if (before > missing + SURELY) break;
  }
  return count;
}

const MAX_BLOCK = 128;

/** The sum in the order in which NumPy adds a row: eight sums side by side in blocks of up to 128, and halves of longer rows. */
export function pairwiseSum(numbers) {
  const n = numbers.length;
  if (n < 8) return numbers.reduce((sum, x) => sum + x, 0);
  if (n > MAX_BLOCK) {
    const half = Math.floor(n / 2);
    const middle = half - (half % 8);
    return pairwiseSum(numbers.subarray(0, middle)) + pairwiseSum(numbers.subarray(middle));
  }
  const sums = numbers.slice(0, 8);
  const whole = n - (n % 8);
  for (let start = 8; start < whole; start += 8) for (let x = 0; x < 8; x++) sums[x] += numbers[start + x];
  let sum = sums[0] + sums[1] + (sums[2] + sums[3]) + (sums[4] + sums[5] + (sums[6] + sums[7]));
  for (let x = whole; x < n; x++) sum += numbers[x];
  return sum;
}
