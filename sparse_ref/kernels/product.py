"""out += a b for small matrices: a tile of 4 rows by 64 bytes of columns is held in registers along the whole sum.

The tile is written in LLVM's own vectors, since a loop that keeps its sums in memory reaches half of what the machine can do.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic

from ..jit import compiled

ROWS, BYTES = 4, 64


@compiled
def add_product(a, b, out):
    """out += a b;  a (m, k), b (k, w), out (m, w), contiguous, k >= 1, m a multiple of 4 and w of `lanes`.

    Each sum runs along k in order, fused, whatever stands in the other rows and columns.
    """
    for r in range(0, out.shape[0], ROWS):
        for c in range(0, out.shape[1], lanes(out)):
            add_tile(a, b, out, r, c)  # type: ignore[call-arg]


@compiled
def lanes(array):
    """How many numbers of the array's dtype one row of a tile holds."""
    return BYTES // array.itemsize


@intrinsic
def add_tile(typingctx, a, b, out, r, c):
    """out[r:r + 4, c:c + lanes] += a[r:r + 4] b[:, c:c + lanes]"""
    signature = types.void(a, b, out, types.intp, types.intp)
    return signature, _tile


def _tile(context, builder, signature, args):
    """Four vectors of sums, loaded from out, carried around a loop over k, stored again."""
    (a, b, out), (r, c) = ([context.make_array(kind)(context, builder, x) for kind, x in zip(signature.args[:3], args)], args[3:])
    number = context.get_value_type(signature.args[0].dtype)
    size = context.get_abi_sizeof(number)
    vector, index = ir.VectorType(number, BYTES // size), context.get_value_type(types.intp)
    depth = builder.extract_value(a.shape, 1)
    fma = get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{BYTES // size}f{8 * size}")

    def at(array, row, column, kind):
        """Where array[row, column] lies, as the place of a number or of a vector."""
        place = builder.gep(array.data, [builder.add(builder.mul(row, builder.extract_value(array.shape, 1)), column)])
        return builder.bitcast(place, kind.as_pointer())

    rows = [builder.add(r, ir.Constant(index, t)) for t in range(ROWS)]
    places = [at(out, row, c, vector) for row in rows]
    before = [builder.load(place, align=size) for place in places]
    entry, loop, done = builder.block, builder.append_basic_block("sum"), builder.append_basic_block("done")
    builder.branch(loop)
    builder.position_at_end(loop)
    x, sums = builder.phi(index), [builder.phi(vector) for _ in rows]
    keys = builder.load(at(b, x, c, vector), align=size)
    after = [builder.call(fma, [_spread(builder, builder.load(at(a, row, x, number)), vector), keys, total])
             for row, total in zip(rows, sums)]
    following = builder.add(x, ir.Constant(index, 1))
    x.add_incoming(ir.Constant(index, 0), entry)
    x.add_incoming(following, loop)
    for total, first, last in zip(sums, before, after):
        total.add_incoming(first, entry)
        total.add_incoming(last, loop)
    builder.cbranch(builder.icmp_signed("<", following, depth), loop, done)
    builder.position_at_end(done)
    for place, last in zip(places, after):
        builder.store(last, place, align=size)
    return context.get_dummy_value()


def _spread(builder, number, vector):
    """A vector with this number in every lane."""
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), lanes)
