"""The same two kernels for an NVIDIA GPU."""
