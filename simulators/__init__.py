"""Simulated hardware: device servers driven by one shared world of sky, optics and detector physics."""
