// Patterns made of patterns, by calls: their parameters, and the node of each. `node(given, read)` takes the
// arguments' trees and readers of them: read.pattern(tree), read.integer(name, least),
// read.integers(name, least), read.ownLength(node).

import { ExpressionError } from "./syntax.js";

const MAX_OVERLAP = 1024; // pools that share a token

export const COMBINATORS = {
  Shifted: {
    parameters: ["pattern", "offset"],
    defaults: {},
    node: (given, read) => ({
      kind: "shifted",
      pattern: read.pattern(given.pattern),
      offset: read.integer("offset", null),
    }),
  },

  Blockwise: {
    parameters: ["pattern", "block"],
    defaults: {},
    node(given, read) {
      const block =
        given.block.kind === "tuple" ? read.integers("block", 1) : Array(2).fill(read.integer("block", 1));
      if (block.length !== 2)
        throw new ExpressionError("Blockwise: block must be an integer or a pair (b_q, b_k)", given.block);
      return { kind: "blockwise", pattern: read.pattern(given.pattern), block };
    },
  },

  Pooled: {
    parameters: ["pattern", "length", "stride"],
    defaults: { stride: "length" },
    node(given, read) {
      const [length, stride] = [read.integer("length", 1), read.integer("stride", 1)];
      const pattern = read.pattern(given.pattern);
      const own = read.ownLength(pattern);
      if (own !== null)
        throw new ExpressionError(
          `Pooled: pattern must be stated for every length, not for n = ${own}`,
          given.pattern,
        );
      if (Math.ceil(Number(length) / Number(stride)) > MAX_OVERLAP) {
        throw new ExpressionError(`Pooled: length must be at most ${MAX_OVERLAP} strides`, given.length);
      }
      return { kind: "pooled", pattern, length, stride };
    },
  },

  Documents: {
    parameters: ["lengths", "inner"],
    defaults: { inner: null },
    node(given, read) {
      const lengths = read.integers("lengths", 0);
      const inner = given.inner && read.pattern(given.inner);
      const own = inner && read.ownLength(inner);
      const isOther = own !== null && lengths.some((length) => length !== 0 && length !== own);
      if (isOther)
        throw new ExpressionError(`Documents: lengths must all be that of inner, ${own}`, given.lengths);
      return { kind: "documents", lengths, inner };
    },
  },

  Grid: {
    parameters: ["shape", "patterns"],
    defaults: {},
    node(given, read) {
      const shape = read.integers("shape", 1);
      if (!shape.length)
        throw new ExpressionError("Grid: shape must have at least 1 axis, got ()", given.shape);
      const trees = given.patterns.kind === "tuple" ? given.patterns.parts : [given.patterns];
      if (trees.length !== shape.length) {
        throw new ExpressionError(
          `Grid: patterns must be one for each of the ${shape.length} axes, got ${trees.length}`,
          given.patterns,
        );
      }
      const patterns = trees.map(read.pattern);
      patterns.forEach((pattern, axis) => checkAxis(read.ownLength(pattern), shape[axis], trees[axis]));
      return { kind: "grid", shape, patterns };
    },
  },
};

function checkAxis(own, side, tree) {
  if (own === null || own === side) return;
  throw new ExpressionError(
    `Grid: a pattern must be stated for the length of its axis, ${side}, got ${own}`,
    tree,
  );
}
