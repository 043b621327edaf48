"""Every registration with Numba: what compiled code makes of functions that plain Python runs too.

`overload` gives Numba another loop for a function; `codegen` gives it the function's LLVM
instructions, for a Vector: a row of a panel, 64 bytes, held in registers.
"""

from __future__ import annotations

import operator
from inspect import Parameter, Signature
from inspect import signature as signature_of

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.core.datamodel import PrimitiveModel
from numba.core.typing.templates import infer, infer_global, make_intrinsic_template
from numba.extending import overload, register_model

from ..sets.positions import isin, rank
from . import llvm_exp, vectors
from .llvm_square import store_transpose
from .llvm_types import INDEX, constant, float_type, place, vector_type
from .sixteen_bits import widen_bfloat16, widen_float16


class Vector(types.Type):
    """The Numba type of a row of lanes of one dtype."""

    def __init__(self, dtype):
        super().__init__(name=f"Vector({dtype})")
        self.dtype = dtype


@register_model(Vector)
class VectorModel(PrimitiveModel):
    """A Vector is LLVM's own vector."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, vector_type(kind.dtype))


def codegen(function):
    """Compiled code runs these instructions for the function, as Numba's `intrinsic` does.

    The decorated definition takes the types of the arguments and returns a signature and a builder
    of (context, builder, signature, values).
    """

    def register(definition):
        def define(typing, *kinds):
            return definition(*kinds)

        first = Parameter("typing", Parameter.POSITIONAL_OR_KEYWORD)
        parameters = signature_of(function).parameters.values()
        define.__signature__ = Signature([first, *parameters])  # type: ignore[attr-defined]
        template = make_intrinsic_template(function, define, function.__name__)
        infer(template)
        infer_global(function, types.Function(template))
        return definition

    return register


def lanewise(function, arguments):
    """Lower a function of Vectors to a Vector, lane by lane: build(builder, *values)."""

    def register(build):
        @codegen(function)
        def _(*kinds):
            signature = kinds[-1](*kinds)
            return signature, lambda context, builder, _, values: build(builder, *values)

        assert build.__code__.co_argcount == arguments + 1
        return build

    return register


@overload(isin)
def _(x, positions):
    """Compiled code reads `isin` as a loop."""

    def loop(x, positions):
        inside = False
        for position in positions:
            inside |= x == position
        return inside

    return loop


@overload(rank)
def _(x, positions):
    """Compiled code reads `rank` as a loop."""

    def loop(x, positions):
        count = 0
        for position in positions:
            count += position <= x
        return count

    return loop


@overload(vectors.lanes)
def _(panel):
    """A constant, so that loops over lanes become vector code."""
    width = vector_type(panel.dtype).count
    return lambda panel: width


@overload(vectors.unit)
def _(array):
    """A constant."""
    one = vectors.unit(np.zeros(0, str(array.dtype)))
    return lambda array: one


@overload(vectors.widen)
def _(bits):
    """By type: a number as it is, or 16 bits."""
    if bits == types.int16:
        return widen_bfloat16
    return widen_float16 if bits == types.uint16 else lambda bits: bits


@overload(vectors.needs_copy)
def _(array, copy):
    """A constant."""
    differs = array.dtype != copy.dtype
    return (lambda array, copy: True) if differs else (lambda array, copy: False)


@overload(vectors.array_or_copy)
def _(array, copy, direct):
    """Only one of them if their dtypes differ."""
    if array.dtype == copy.dtype:
        return lambda array, copy, direct: array if direct else copy
    return lambda array, copy, direct: copy


def row_pointer(context, builder, kind, panel, r):
    """Where row r of a panel lies."""
    vector = vector_type(kind.dtype)
    number = builder.mul(r, ir.Constant(r.type, vector.count))
    first = place(context, builder, kind, panel, number)
    return builder.bitcast(first, vector.as_pointer())


@codegen(vectors.load)
def _(panel, r):
    def build(context, builder, signature, values):
        pointer = row_pointer(context, builder, panel, *values)
        return builder.load(pointer, align=panel.dtype.bitwidth // 8)

    return Vector(panel.dtype)(panel, types.intp), build


@codegen(vectors.store)
def _(panel, r, x):
    def build(context, builder, signature, values):
        pointer = row_pointer(context, builder, panel, *values[:2])
        builder.store(values[2], pointer, align=panel.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(panel, types.intp, Vector(panel.dtype)), build


@codegen(vectors.broadcast)
def _(array, at):
    def build(context, builder, signature, values):
        pointer = place(context, builder, array, *values)
        number = builder.load(pointer, align=array.dtype.bitwidth // 8)
        return spread(builder, number, vector_type(array.dtype))

    return Vector(array.dtype)(array, types.intp), build


def spread(builder, number, vector):
    """A vector with this number in every lane."""
    undefined = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(INDEX, 0))
    lane_0 = constant(ir.VectorType(INDEX, vector.count), 0)
    return builder.shuffle_vector(first, undefined, lane_0)


def lower_constant(function, x):
    """Lower a function of an array to x in every lane."""

    @codegen(function)
    def _(array):
        kind = Vector(array.dtype)
        return kind(array), lambda *_: constant(vector_type(array.dtype), x)


lower_constant(vectors.zero, 0.0)
lower_constant(vectors.one, 1.0)


def lower_unless(function, otherwise):
    """Lower a function of bits and x to the lanes of x whose bits are set, else this number."""

    @codegen(function)
    def _(bits, x):
        def build(context, builder, signature, values):
            vector = values[1].type
            words = ir.VectorType(INDEX, vector.count)
            every_word = spread(builder, builder.trunc(values[0], INDEX), words)
            lane_bits = [ir.Constant(INDEX, 1 << u) for u in range(vector.count)]
            masks = ir.Constant(words, lane_bits)
            members = builder.and_(every_word, masks)
            is_set = builder.icmp_unsigned("!=", members, constant(words, 0))
            return builder.select(is_set, values[1], constant(vector, otherwise))

        return x(types.uint64, x), build


lower_unless(vectors.lowest_unless, float("-inf"))
lower_unless(vectors.zero_unless, 0.0)


@lanewise(vectors.fma, 3)
def _(builder, x, y, z):
    element = "f32" if x.type.element == ir.FloatType() else "f64"
    name = f"llvm.fma.v{x.type.count}{element}"
    kind = ir.FunctionType(x.type, [x.type] * 3)
    return builder.call(get_or_insert_function(builder.module, kind, name), [x, y, z])


@lanewise(vectors.greater, 2)
def _(builder, x, y):
    return builder.select(builder.fcmp_ordered(">", x, y), x, y)


@lanewise(vectors.lower, 2)
def _(builder, x, y):
    return builder.select(builder.fcmp_ordered(">", x, y), y, x)


def lower_replacement(function, number, by):
    """Lower a function of a Vector that puts one number in place of another."""

    @lanewise(function, 1)
    def _(builder, x):
        is_number = builder.fcmp_ordered("==", x, constant(x.type, number))
        return builder.select(is_number, constant(x.type, by), x)


lower_replacement(vectors.zero_for_lowest, float("-inf"), 0.0)
lower_replacement(vectors.one_for_zero, 0.0, 1.0)
lanewise(vectors.exp, 1)(llvm_exp.build)
lanewise(vectors.unit_exp, 1)(llvm_exp.build_unit)


@codegen(vectors.transpose_square)
def _(a, first, a_step, b, to, b_step):
    index = types.intp
    return types.void(a, index, index, b, index, index), store_transpose


@codegen(vectors.next_item)
def _(queue):
    def build(context, builder, signature, values):
        array = context.make_array(signature.args[0])(context, builder, values[0])
        one = ir.Constant(ir.IntType(64), 1)
        return builder.atomic_rmw("add", array.data, one, "monotonic")

    return types.int64(queue), build


def register_operator(symbol, instruction):
    """`symbol` between Vectors is LLVM's instruction of that name."""

    def combine(x, y):
        return symbol(x, y)

    @lanewise(combine, 2)
    def _(builder, x, y):
        return getattr(builder, instruction)(x, y)

    @overload(symbol)
    def _(x, y):
        if isinstance(x, Vector) and x == y:
            return lambda x, y: combine(x, y)
        return None


for symbol, instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    register_operator(symbol, instruction)

__all__ = ["Vector", "float_type"]
