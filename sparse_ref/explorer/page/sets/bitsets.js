// Sets of positions as bits, 32 in a word: a table has one set a row. With them a union of many rows of a
// long mask takes little time.

/** How many words hold n bits. */
export const wordCount = (n) => (n + 31) >>> 5;

export const hasBit = (bits, x) => (bits[x >>> 5] >>> (x & 31)) & 1;

export function addBit(bits, x) {
  bits[x >>> 5] |= 1 << (x & 31);
}

/** The set of some positions below n. */
export function bitsOf(n, positions) {
  const bits = new Uint32Array(wordCount(n));
  for (const x of positions) addBit(bits, x);
  return bits;
}

/** Row x of a table whose rows have so many words: a view, not a copy. */
export const rowBits = (table, x, words) => table.subarray(x * words, (x + 1) * words);

/** Call `act` with each member, in ascending order. */
export function forEachBit(bits, act) {
  for (let word = 0; word < bits.length; word++) {
    let rest = bits[word];
    while (rest) {
      const low = 31 - Math.clz32(rest & -rest);
      act(word * 32 + low);
      rest &= rest - 1;
    }
  }
}

/** The members, ascending. */
export function members(bits) {
  const list = [];
  forEachBit(bits, (x) => list.push(x));
  return list;
}

/** How many members there are. */
export function bitCount(bits) {
  let total = 0;
  for (const word of bits) {
    const pairs = word - ((word >>> 1) & 0x55555555);
    const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
    total += Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return total;
}

export function isEmpty(bits) {
  for (let word = 0; word < bits.length; word++) if (bits[word]) return false;
  return true;
}

export function include(bits, others) {
  for (let word = 0; word < bits.length; word++) bits[word] |= others[word];
}

export function exclude(bits, others) {
  for (let word = 0; word < bits.length; word++) bits[word] &= ~others[word];
}

/** The least member of both sets, -1 if there is none. */
export function leastCommon(a, b) {
  for (let word = 0; word < a.length; word++) {
    const both = a[word] & b[word];
    if (both) return word * 32 + 31 - Math.clz32(both & -both);
  }
  return -1;
}

/** The union of a table's rows that a set names. */
export function unionOfRows(table, set) {
  const words = set.length;
  const union = new Uint32Array(words);
  forEachBit(set, (x) => {
    const start = x * words;
    for (let word = 0; word < words; word++) union[word] |= table[start + word];
  });
  return union;
}

/** The rows of a mask of one byte a pair, n x n, put into a table. */
export function packBits(table, cells, n) {
  const words = wordCount(n);
  for (let i = 0; i < n; i++) {
    const row = rowBits(table, i, words);
    for (let j = 0; j < n; j++) if (cells[i * n + j]) addBit(row, j);
  }
}

/** The table of columns: bit i of row j is bit j of row i. */
export function transpose(table, n) {
  const words = wordCount(n);
  const columns = new Uint32Array(table.length);
  for (let i = 0; i < n; i++) {
    const place = i >>> 5;
    const bit = 1 << (i & 31);
    forEachBit(rowBits(table, i, words), (j) => {
      columns[j * words + place] |= bit;
    });
  }
  return columns;
}
