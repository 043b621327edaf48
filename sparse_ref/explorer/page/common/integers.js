// Integers as Python has them: quotients and remainders are rounded down. Numbers are exact below 2^53,
// BigInts always.

export const numberQuotient = (a, b) => Math.floor(a / b);
export const numberRemainder = (a, b) => a - b * Math.floor(a / b);

export const bigQuotient = (a, b) => (a - bigRemainder(a, b)) / b;
export function bigRemainder(a, b) {
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

/** What the signs of conditions and of arithmetic do to BigInts. */
export const COMPARISONS = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};
export const SUMS = { "+": (a, b) => a + b, "-": (a, b) => a - b };
export const PRODUCTS = { "*": (a, b) => a * b, "//": bigQuotient, "%": bigRemainder };

/** An integer from its digits: a Number if it is exact as one, else a BigInt. */
export function integerFrom(digits) {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

/** A set of positions: `has(x)` for Numbers, by a table. */
export class Positions {
  constructor(values) {
    this.values = values;
    const small = values.filter((value) => value >= 0 && value < 65536).map(Number);
    this.table = new Uint8Array(Math.max(0, ...small) + 1);
    for (const value of small) this.table[value] = 1;
    this.others = new Set(values.filter((value) => value < 0 || value >= 65536).map(Number));
  }

  has(x) {
    if (x >= 0 && x < this.table.length) return this.table[x] === 1;
    return this.others.size > 0 && this.others.has(x);
  }
}
