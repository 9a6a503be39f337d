"""What the durations of a run are kept by: one name for each kind of step."""

from __future__ import annotations

PRESET = "preset"
"""From the last exposure of one illumination level to the end of the preset to the next, the light stop included."""

FILTER_CHANGE = "filter change"
"""From one filter's last exposure (or the preset's end) to the next filter's first, the light stop included."""

OFFSET = "offset"
"""A move of a tracking telescope between two frames of a series, the light stop included."""


def step(device: str, cmd: str) -> str:
    """One command of one device, as the journal names them: `telescope preset`."""
    return f"{device} {cmd}"


def read_out(camera: str, mode: str) -> str:
    """What an exposure takes beside its integration: read-out, transfer, a durable file."""
    return f"read-out {camera} {mode}"


def opening(template: str, *, first: bool) -> str:
    """From the start of a template to its first exposure, waits apart; of the block's `first`, or of a later one."""
    return f"opening {template}{' at the start' if first else ''}"


def closing(template: str) -> str:
    """What a template does after its last exposure of the kind it began with: hand-over, set-up for darks."""
    return f"closing {template}"


def reduction(template: str) -> str:
    """From the end of a template to the start of the next."""
    return f"reduction {template}"
