"""Layers of small packages: local attention, hierarchies, Sinkhorn, axes, windows on grids, LongNet, LogSparse."""

from wild.case import Case
from wild.layers import (
    axial,
    dilated,
    hierarchical,
    local,
    log_sparse_attention,
    shifted_windows,
    sinkhorn_attention,
    sliding_branch,
)

CASES = dict(
    local_attention_exact=Case(
        "local-attention", "LocalAttention(4, causal=True, exact_windowsize=True)", "4 keys, its window, and no more",
        "Lookback(4)", 12, local.LocalAttention(4, causal=True, exact_windowsize=True), "local_attention/local_attention.py",
        finds=("extra",), at=(0, 4, 0), called="Lookback(5)"),
    local_attention_autopad=Case(
        "local-attention", "LocalAttention(4, autopad=True)", "windows of 4 and their neighbours, at any length",
        "local_attention(4)", 10, local.LocalAttention(4, autopad=True), "local_attention/local_attention.py",
        finds=("ghost",), at=(0, 4)),
    local_attention=Case(
        "local-attention", "LocalAttention(4, causal=True)", "the own window of 4 and the one before, causal",
        "local_attention(4, causal=True)", 12, local.LocalAttention(4, causal=True), "local_attention/local_attention.py"),
    nsa_window=Case(
        "native-sparse-attention-pytorch", "SparseAttention(sliding_window_size=4, causal=True).sliding_window",
        "a window of 4 keys", "Lookback(4)", 12, sliding_branch(4, True), "Yuan et al. 2025, sec. 3.3.3",
        finds=("extra",), at=(0, 4, 0), called="Lookback(5)"),
    nsa_window_of_both_sides=Case(
        "native-sparse-attention-pytorch", "SparseAttention(sliding_window_size=4).sliding_window",
        "a window of 4 keys to each side, at any length", "Window(4)", 10, sliding_branch(4, False),
        "native_sparse_attention_pytorch/native_sparse_attention.py", finds=("ghost",), at=(0, 6)),
    h_transformer=Case(
        "h-transformer-1d", "HAttention1D(block_size=4)", "every key, the far ones averaged", "Full()", 32, hierarchical(4, False),
        "Zhu and Soricut 2021", finds=("missing", "row sum"), at=(0, 0, 16), called="Chunk(16, 0)"),
    h_transformer_causal=Case(
        "h-transformer-1d", "CausalHAttention1D(block_size=4)", "every earlier key, the far ones averaged", "Causal()", 32,
        hierarchical(4, True), "Zhu and Soricut 2021", finds=("missing", "row sum"), at=(0, 4, 0)),
    sinkhorn=Case(
        "sinkhorn-transformer", "SinkhornAttention(bucket_size=4)", "a weighted mean of values, of the own bucket and a sorted one",
        "Full()", 16, sinkhorn_attention(4), "Tay et al. 2020", finds=("not linear",), at=(0, 0)),
    axial=Case(
        "axial-attention", "AxialAttention(num_dimensions=2)", "one softmax over the row and the column of each pixel",
        "axial((3, 3), 0) | axial((3, 3), 1)", 9, axial((3, 3)), "differs.md, sum_axial_out",
        finds=("multiplicity", "row sum"), at=(0, 0, 0)),
    swin_transformer_pytorch=Case(
        "swin-transformer-pytorch", "WindowAttention(shifted=True, window_size=2)", "windows of 2 by 2, shifted by 1",
        "swin((4, 4), 2, 1)", 16, shifted_windows((4, 4), 2, True), "Liu et al. 2021, sec. 3.2"),
    longnet_rows=Case(
        "longnet", "DilatedAttention(dilation_rate=2, segment_size=4)", "an output for each position",
        "longnet((4,), (2,), 0, 1)", 8, dilated(4, 2), "Ding et al. 2023, sec. 2.2", finds=("shape",)),
    longnet_causal=Case(
        "longnet", "DilatedAttention(dilation_rate=1, segment_size=4, causal=True)", "segments of 4, causal", "Block(4)", 8,
        dilated(4, 1, causal=True), "long_net/attention.py", finds=("error",)),
    longnet_heads=Case(
        "longnet", "DilatedAttention(heads=2, dilation_rate=1, segment_size=4)", "2 heads over segments of 4",
        "Blockwise(Window(0), 4)", 8, dilated(4, 1), "Ding et al. 2023, sec. 2.3",
        finds=("numerics", "scale"), at=(0, 0), options=dict(heads=2)),
    longnet_segments=Case(
        "longnet", "DilatedAttention(heads=1, dilation_rate=1, segment_size=4)", "segments of 4", "Blockwise(Window(0), 4)", 12,
        dilated(4, 1), "Ding et al. 2023, sec. 2.2"),
    log_sparse_restart=Case(
        "flood-forecast", "Attention(win_len=18, sub_len=8, sparse=True)",
        "LogSparse, begun again every 8 cells, with windows of 3", "Prefix(12) & Block(12) | LogSparseRestart(8, 3)", 18,
        log_sparse_attention(8), "Li et al. 2019, sec. 4.2",
        finds=("missing",), at=(0, 16, 0)),
    log_sparse_default=Case(
        "flood-forecast", "Attention(sub_len=1, sparse=True)", "cells of the past", "Causal()", 8, log_sparse_attention(1),
        "Li et al. 2019, sec. 4.2", finds=("extra", "numerics", "scale"), at=(0, 0, 1), called="Full()"),
)
