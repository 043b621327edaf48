"""LLVM's types and constants for rows of a panel."""

from __future__ import annotations

from llvmlite import ir
from numba import types

from .vectors import BYTES

INDEX = ir.IntType(32)  # of lanes, and of words of a bit for each lane


def float_type(dtype):
    """The LLVM type of a number."""
    return ir.FloatType() if dtype == types.float32 else ir.DoubleType()


def vector_type(dtype, lanes=None):
    """The LLVM type of a row of a panel, or of this many lanes."""
    return ir.VectorType(float_type(dtype), lanes or BYTES * 8 // dtype.bitwidth)


def constant(vector, x):
    """The constant x in every lane."""
    return ir.Constant(vector, [ir.Constant(vector.element, x)] * vector.count)


def place(context, builder, kind, array, index):
    """Where a number of an array lies, counted in its memory's order."""
    structure = context.make_array(kind)(context, builder, array)
    return builder.gep(structure.data, [index])
