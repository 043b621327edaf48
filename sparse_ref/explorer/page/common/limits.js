// Limits that several modules share.

export const MAX_LENGTH = 4096; // of queries and of keys
export const MAX_PINS = 4; // queries
export const MAX_COLOURS = 5; // of clauses and of tabs

/** Whether a value is a number of queries or keys that a page may have. */
export const isLength = (value) => Number.isInteger(value) && value >= 1 && value <= MAX_LENGTH;
