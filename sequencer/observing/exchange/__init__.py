"""Observing blocks from and for the world outside: Phase-2 JSON, `.obd` and `.tsf` text. See `formats`."""
