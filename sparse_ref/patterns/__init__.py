"""Definitions, one paper family per file: each set with its source and its picture."""

from .bigbird import bigbird
from .bigbird_codes import bigbird_google, bigbird_hf
from .block_diffusion import block_diffusion
from .butterfly import Flip, butterfly
from .deepspeed import deepspeed_bslongformer, deepspeed_dense, deepspeed_sliding
from .deepspeed_fixed import deepspeed_fixed
from .deepspeed_random import deepspeed_bigbird, deepspeed_variable
from .divided import Chunk, Dilated
from .elementary import Band, Causal, Full, Lookback, Window
from .etc import etc, longt5_local, longt5_tglobal
from .globals import Global, GlobalAt, Prefix, Sinks
from .gpt_neo import gpt_neo
from .grid import axial, swin
from .image import MemoryBlock, image_local, image_local_2d
from .llama4 import llama4, llama4_chunked
from .logsparse import LogSparse, LogSparseRestart, logsparse_code, logsparse_local
from .longformer import longformer, longformer_causal, longformer_no_overlap
from .longnet import DilatedSegment, longnet
from .lucidrains import local_attention
from .minference import Slashes, Verticals, a_shape, vertical_slash
from .natten import CausalNeighborhood, Neighborhood, natten, natten_nd
from .openai import SubBlock, openai_fixed
from .pools import Complete, Started
from .prefix_lm import prefix_lm
from .random import Random
from .reformer import Circular, reformer_local, reformer_local_hf
from .sparse_transformer import Block, Local, Strided, Summary, fixed, strided
from .star import star
from .streaming import streaming

__all__ = [
    "Band",
    "Block",
    "Causal",
    "CausalNeighborhood",
    "Chunk",
    "Circular",
    "Complete",
    "Dilated",
    "DilatedSegment",
    "Flip",
    "Full",
    "Global",
    "GlobalAt",
    "Local",
    "LogSparse",
    "LogSparseRestart",
    "Lookback",
    "MemoryBlock",
    "Neighborhood",
    "Prefix",
    "Random",
    "Sinks",
    "Slashes",
    "Started",
    "Strided",
    "SubBlock",
    "Summary",
    "Verticals",
    "Window",
    "a_shape",
    "axial",
    "bigbird",
    "bigbird_google",
    "bigbird_hf",
    "block_diffusion",
    "butterfly",
    "deepspeed_bigbird",
    "deepspeed_bslongformer",
    "deepspeed_dense",
    "deepspeed_fixed",
    "deepspeed_sliding",
    "deepspeed_variable",
    "etc",
    "fixed",
    "gpt_neo",
    "image_local",
    "image_local_2d",
    "llama4",
    "llama4_chunked",
    "local_attention",
    "logsparse_code",
    "logsparse_local",
    "longformer",
    "longformer_causal",
    "longformer_no_overlap",
    "longnet",
    "longt5_local",
    "longt5_tglobal",
    "natten",
    "natten_nd",
    "openai_fixed",
    "prefix_lm",
    "reformer_local",
    "reformer_local_hf",
    "star",
    "streaming",
    "strided",
    "swin",
    "vertical_slash",
]
