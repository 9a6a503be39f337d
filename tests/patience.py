"""How long a test waits for a program: only a hang lasts longer, however busy the machine is."""

HANG_S = 1500.0
"""Below pytest's own limit, so that the test that waits is the one that says who hangs."""
