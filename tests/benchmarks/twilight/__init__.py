"""Exposure controllers on the same simulated twilights: ours, the bounds, and other programs as installed."""
