"""Detector: what it is told and tells, and the limits of its read-out modes."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from sequencer.config.models import DetectorConfig, ReadoutMode
from sequencer.devices.client import DeviceClient, OnProgress
from sequencer.devices.commands import COMMON, Arguments, CommandSpec
from sequencer.devices.state import DeviceState
from sequencer.figures import apart

Phase = Literal["IDLE", "INTEGRATING", "READING", "TRANSFERRING"]
Dit = Annotated[float, msgspec.Meta(ge=0.0)]
Ndit = Annotated[int, msgspec.Meta(ge=1)]
Window = tuple[int, int]

BAD_FRAME = "bad_frame"
"""Code of the error of a server whose hardware gave pixels that make no frame: it delivers none."""


class Configure(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Set-up without exposing; `window_px` (nx, ny) about the centre of the detector, None: as it is."""

    mode: str
    dit_s: Dit
    ndit: Ndit
    window_px: Window | None = None


class Expose(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One exposure of `ndit` integrations of `dit_s`, known by its id.

    `settle` exposures of the same set-up are read before it and not delivered. `deliver` False: read,
    not sent.
    """

    exposure: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    dit_s: Dit
    ndit: Ndit
    mode: str | None = None
    settle: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    deliver: bool = True


class Abort(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """End the exposure now; with an id, only if that is the one running."""

    exposure: str = ""


COMMANDS = {
    **COMMON,
    "configure": CommandSpec(Configure, own="configure"),
    "expose": CommandSpec(Expose, own="expose"),
    "abort": CommandSpec(Abort, trigger="stop", own="abort", interrupts=True, open_to_anyone=True),
}


class DetectorState(DeviceState, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`exposure` is the id of the one running or last run; `unsent` counts frames not acknowledged yet.

    `temperature_k` is None where it is not measured.
    """

    camera: str = ""
    phase: Phase = "IDLE"
    mode: str = ""
    dit_s: float = 0.0
    ndit: int = 1
    window_px: Window = (0, 0)
    exposure: str = ""
    unsent: int = 0
    temperature_k: float | None = None

    @property
    def harmless(self) -> bool:
        """Idle, that is in continuous reset."""
        return self.phase == "IDLE"


class Exposed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Result of an exposure; `start_s` and `end_s` are of the delivered one, UTC, settling left out."""

    exposure: str
    start_s: float
    end_s: float
    dit_s: float
    ndit: int
    mode: str
    settled: int


class DetectorClient(DeviceClient[DetectorState]):
    """Commands one detector."""

    kind = "detector"
    state_type = DetectorState

    @property
    def camera(self) -> str:
        """Name templates use for this detector."""
        return self.state.camera

    @property
    def frames_endpoint(self) -> str:
        """Where frames are to be read (`wire.frames.FrameReader`)."""
        return self.hello.frames_endpoint

    async def configure(self, mode: str, dit_s: float, ndit: int, window_px: Window | None = None) -> None:
        """Set up read-out mode, DIT, NDIT and window."""
        await self.command("configure", Configure(mode=mode, dit_s=dit_s, ndit=ndit, window_px=window_px))

    async def expose(
        self,
        exposure: str,
        dit_s: float,
        ndit: int,
        mode: str | None = None,
        settle: int = 0,
        deliver: bool = True,
        on_progress: OnProgress | None = None,
    ) -> Exposed:
        """Expose and read out; returns when the frame is on its way to the acquisition."""
        args = Expose(exposure=exposure, dit_s=dit_s, ndit=ndit, mode=mode, settle=settle, deliver=deliver)
        result = await self.command("expose", args, exposure=exposure, on_progress=on_progress)
        return msgspec.convert(result, Exposed, strict=True)

    async def abort(self, exposure: str = "") -> None:
        """End the exposure now; its frame is lost."""
        await self.command("abort", Abort(exposure=exposure), exposure=exposure)


def set_up_problems(
    config: DetectorConfig, mode: str, dit_s: float, ndit: int, window_px: Window
) -> list[str]:
    """All that keeps the detector from exposing like this; empty when nothing does."""
    limits = config.modes.get(mode)
    if limits is None:
        return [f"no read-out mode {mode}; there are {', '.join(config.modes)}"]
    problems = dit_problems(limits, mode, dit_s) + ndit_problems(limits, mode, ndit)
    if not all(1 <= size <= largest for size, largest in zip(window_px, config.size_px, strict=True)):
        problems.append(f"window {window_px} px does not fit the detector's {config.size_px} px")
    return problems


def ndit_problems(limits: ReadoutMode, mode: str, ndit: int) -> list[str]:
    """What is wrong with an NDIT in a read-out mode."""
    if 1 <= ndit <= limits.ndit_max:
        return []
    return [f"NDIT {ndit} is not within 1 and {limits.ndit_max}, what read-out mode {mode} averages"]


def dit_problems(limits: ReadoutMode, mode: str, dit_s: float) -> list[str]:
    """What is wrong with a DIT in a read-out mode: below, above, or off the grid."""
    if dit_s < limits.min_dit_s:
        asked, least = apart(dit_s, limits.min_dit_s)
        return [f"{asked} s is below the minimum DIT {least} s of read-out mode {mode}"]
    if dit_s > limits.max_dit_s:
        asked, most = apart(dit_s, limits.max_dit_s)
        return [f"{asked} s is above the maximum DIT {most} s of read-out mode {mode}"]
    if not limits.on_grid(dit_s):
        asked, nearest = apart(dit_s, round(dit_s / limits.dit_grid_s) * limits.dit_grid_s)
        grid = f"off the grid of {limits.dit_grid_s:g} s (nearest: {nearest} s)"
        return [f"{asked} s is {grid} of read-out mode {mode}"]
    return []
