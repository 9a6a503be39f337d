"""Device servers that act on the simulated world instead of hardware, one module a kind."""
