"""What the wire promises of every device, and the proof of it: one function a promise, whose first line says it.

`sequencer prove` tries them on a running server, the tests on every base class over every transport.
"""

from __future__ import annotations

from sequencer.devices.contract import answering, ending, exposing, refusing
from sequencer.devices.contract.proof import Promise

ALWAYS: tuple[Promise, ...] = (
    answering.says_who_it_is, answering.snapshot_then_updates, answering.life_cycle, answering.survives_rubbish,
    refusing.wrong_version_refused, refusing.unknown_command_refused,
    ending.safe_open_to_anyone, ending.safe_in_every_state,
)  # fmt: skip
"""Promises about every device."""

WORKING: tuple[Promise, ...] = (
    answering.exactly_one_final, answering.effect_before_final, answering.repeated_id_runs_once,
    refusing.expired_deadline_refused, refusing.wrong_boot_refused, refusing.one_owner_fenced,
    refusing.illegal_state_refused, refusing.bad_arguments_refused, refusing.busy_refused,
    ending.stop_interrupts, ending.safe_interrupts, ending.safe_is_shared, ending.silent_owner_makes_safe,
)  # fmt: skip
"""Promises about a device that can be given work."""

DETECTOR: tuple[Promise, ...] = (exposing.abort_ends_exposure, exposing.frames_kept_until_acknowledged)
"""Promises about detectors."""


def promises_for(kind: str) -> dict[str, Promise]:
    """What the wire promises of a kind of device: name -> promise."""
    promises = (*ALWAYS, *(() if kind == "site" else WORKING), *(DETECTOR if kind == "detector" else ()))
    return {promise.__name__.replace("_", " "): promise for promise in promises}
