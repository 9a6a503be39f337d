"""Instruments, sites, deployments and example observing blocks: data the program reads, no code."""
