"""Device servers to copy from."""
