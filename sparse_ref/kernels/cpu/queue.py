"""Pieces of work that threads take one after the other, each when it is done with the last.

A thread that is held up, by the machine or by a long piece, holds up no other. Which thread takes a piece moves no bit of
what comes out.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def take(typingctx, queue):
    """The next piece: queue[0], which is one more from then on, for all threads at once. A queue begins as int64 [0]."""

    def build(context, builder, signature, args):
        counter = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw("add", counter, ir.Constant(ir.IntType(64), 1), "monotonic")

    return types.int64(queue), build
