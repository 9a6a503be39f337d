"""Driving an instrument by hand: the devices of a run as a commissioning script or a notebook sees them."""

from sequencer.engine.scripting.connection import SessionEnded, connect, joined

__all__ = ["SessionEnded", "connect", "joined"]
