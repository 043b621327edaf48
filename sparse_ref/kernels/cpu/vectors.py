"""Vectors as values in compiled code: one row of a panel, 64 bytes, held in registers.

A panel is an array (rows, lanes), 16 lanes of float32 or 8 of float64. `load(panel, r)` is its row r, arithmetic runs lane by
lane, `store(panel, r, x)` puts a row back. Loops written with these stay in registers, which the compiler does not do
of itself with arrays, since any two of them might overlap.

These functions exist in compiled code alone: NumPy's own arithmetic on rows says the same in plain Python.
"""

from __future__ import annotations

import operator

from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.core.datamodel import PrimitiveModel
from numba.extending import intrinsic, overload, register_model

BYTES = 64
BITS = ir.IntType(32)


class Vector(types.Type):
    """The Numba type of a row of lanes of one dtype."""

    def __init__(self, dtype):
        super().__init__(name=f"Vector({dtype})")
        self.dtype, self.lanes = dtype, BYTES * 8 // dtype.bitwidth


@register_model(Vector)
class VectorModel(PrimitiveModel):
    """Held as LLVM's own vector."""

    def __init__(self, dmm, kind):
        super().__init__(dmm, kind, _llvm(kind))


def _llvm(kind):
    """The LLVM type of a Vector."""
    return ir.VectorType(number_type(kind.dtype), kind.lanes)


def number_type(dtype):
    """The LLVM type of a number."""
    return ir.FloatType() if dtype == types.float32 else ir.DoubleType()


def every(vector, x):
    """The constant x in every lane."""
    return ir.Constant(vector, [ir.Constant(vector.element, x)] * vector.count)


def lanes(panel):
    """How many numbers of the panel's dtype one row holds."""
    return BYTES // panel.itemsize


@overload(lanes)
def _lanes(panel):
    """A constant, so that loops over lanes become vector code."""
    width = BYTES * 8 // panel.dtype.bitwidth
    return lambda panel: width


def place(context, builder, kind, array, at):
    """Where number `at` of an array lies, counted in its memory's order."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [at])


def _row(context, builder, kind, panel, r):
    """Where row r of a panel lies."""
    vector = _llvm(Vector(kind.dtype))
    first = place(context, builder, kind, panel, builder.mul(r, ir.Constant(r.type, vector.count)))
    return builder.bitcast(first, vector.as_pointer())


@intrinsic
def load(typingctx, panel, r):
    """Row r of a panel."""

    def build(context, builder, signature, args):
        return builder.load(_row(context, builder, panel, *args), align=panel.dtype.bitwidth // 8)

    return Vector(panel.dtype)(panel, types.intp), build


@intrinsic
def store(typingctx, panel, r, x):
    """Row r of a panel becomes x."""

    def build(context, builder, signature, args):
        builder.store(
            args[2], _row(context, builder, panel, *args[:2]), align=panel.dtype.bitwidth // 8
        )
        return context.get_dummy_value()

    return types.void(panel, types.intp, Vector(panel.dtype)), build


@intrinsic
def spread(typingctx, array, at):
    """Number `at` of a contiguous array, counted in its memory's order, in every lane."""

    def build(context, builder, signature, args):
        number = builder.load(
            place(context, builder, array, *args), align=array.dtype.bitwidth // 8
        )
        return _spread(builder, number, _llvm(signature.return_type))

    return Vector(array.dtype)(array, types.intp), build


def _spread(builder, number, vector):
    """A vector with this number in every lane."""
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.Constant(BITS, 0))
    return builder.shuffle_vector(
        first, ir.Constant(vector, ir.Undefined), every(ir.VectorType(BITS, vector.count), 0)
    )


def _constant(x):
    """An intrinsic that gives a vector of this number, in the dtype of an array."""

    @intrinsic
    def constant(typingctx, array):
        kind = Vector(array.dtype)
        return kind(array), lambda context, builder, signature, args: every(_llvm(kind), x)

    return constant


def _selected(otherwise):
    """An intrinsic that gives lane u of x where bit u is set, and this number elsewhere."""

    @intrinsic
    def selected(typingctx, bits, x):
        def build(context, builder, signature, args):
            vector = args[1].type
            words = ir.VectorType(BITS, vector.count)
            held = builder.and_(
                _spread(builder, builder.trunc(args[0], BITS), words),
                ir.Constant(words, [ir.Constant(BITS, 1 << u) for u in range(vector.count)]),
            )
            return builder.select(
                builder.icmp_unsigned("!=", held, every(words, 0)),
                args[1],
                every(vector, otherwise),
            )

        return x(types.uint64, x), build

    return selected


zero, one = _constant(0.0), _constant(1.0)
where, where_zero = _selected(float("-inf")), _selected(0.0)


@intrinsic
def fma(typingctx, x, y, z):
    """x y + z, rounded once."""

    def build(context, builder, signature, args):
        vector = args[0].type
        name = f"llvm.fma.v{vector.count}f{x.dtype.bitwidth}"
        return builder.call(
            get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name),
            args,
        )

    return x(x, x, x), build


@intrinsic
def greater(typingctx, x, y):
    """x where x > y, y elsewhere: y where either is NaN."""
    return x(x, x), lambda context, builder, signature, args: builder.select(
        builder.fcmp_ordered(">", *args), *args
    )


@intrinsic
def lower(typingctx, x, y):
    """y where x > y, x elsewhere: x where either is NaN."""
    return x(x, x), lambda context, builder, signature, args: builder.select(
        builder.fcmp_ordered(">", *args), args[1], args[0]
    )


def _replaced(this, by):
    """An intrinsic that puts one number in place of another."""

    @intrinsic
    def replaced(typingctx, x):
        def build(context, builder, signature, args):
            vector = args[0].type
            return builder.select(
                builder.fcmp_ordered("==", args[0], every(vector, this)), every(vector, by), args[0]
            )

        return x(x), build

    return replaced


zero_for_lowest, one_for_zero = _replaced(float("-inf"), 0.0), _replaced(0.0, 1.0)


def _operator(symbol, name):
    """`symbol` between vectors is LLVM's instruction of that name."""

    @intrinsic
    def act(typingctx, x, y):
        return x(x, x), lambda context, builder, signature, args: getattr(builder, name)(*args)

    @overload(symbol)
    def _(x, y):
        return (lambda x, y: act(x, y)) if isinstance(x, Vector) and x == y else None


for symbol, name in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _operator(symbol, name)
