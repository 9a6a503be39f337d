"""Benchmarks: what the program reaches beside others on the same data, in one run."""
