"""Server base of a detector: settles, integrates, reads out, keeps each frame until acknowledged."""

from __future__ import annotations

import zlib
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, Unpack

import msgspec
import numpy as np
import numpy.typing as npt

from sequencer.clock import Clock
from sequencer.config.models import DetectorConfig
from sequencer.devices.charts import DETECTOR
from sequencer.devices.detector import (
    BAD_FRAME,
    COMMANDS,
    Abort,
    Configure,
    DetectorState,
    Expose,
    Exposed,
    Window,
    set_up_problems,
)
from sequencer.devices.server import DeviceServer, ServerOptions
from sequencer.wire.errors import DeviceError, Rejected
from sequencer.wire.frames import FrameSender
from sequencer.wire.messages import FrameHeader
from sequencer.wire.server import ProgressCall
from sequencer.wire.sockets import sibling

Pixels = npt.NDArray[Any]
DTYPES = {"extensions": "float32", "megara": "uint16"}
"""Pixel type of each layout of a raw file."""

KEEP_FRAMES = 8
"""Frames kept unacknowledged before the next exposure is refused (assumed; bounds memory)."""


class Shot(NamedTuple):
    """One exposure as the hardware is asked for it; `settling` n > 0: the n-th read before, not delivered."""

    exposure: str
    dit_s: float
    ndit: int
    mode: str
    window_px: Window
    settling: int = 0


class DetectorServer(DeviceServer[DetectorState]):
    """A detector: override `integrate` and `read_out`, `halt` to end an integration, `set_up` and
    `read_temperature` where the hardware has something to say. Between exposures it resets continuously.
    """

    kind: ClassVar[str] = "detector"
    commands = COMMANDS
    own_chart = DETECTOR
    own_field = "phase"

    def __init__(
        self,
        name: str,
        endpoint: str,
        clock: Clock,
        *,
        config: DetectorConfig,
        window_px: Window | None = None,
        **options: Unpack[ServerOptions],
    ) -> None:
        self.config = config
        state = DetectorState(
            camera=config.camera,
            mode=config.default_mode,
            dit_s=config.modes[config.default_mode].min_dit_s,
            window_px=window_px or config.size_px,
        )
        super().__init__(name, endpoint, clock, state=state, **options)
        self.sender = FrameSender(sibling(endpoint, "frames"), clock, context=options.get("context"))
        self.sender.on_acknowledged = lambda exposure: self.update(unsent=self.sender.waiting)
        self._delivered: set[str] = set()
        self._sequence = 0

    async def start(self) -> None:
        """Serve commands and frames."""
        await self.sender.start()
        self.server.frames_endpoint = self.sender.endpoint
        await super().start()

    async def stop(self) -> None:
        """End running commands and close the sockets."""
        await super().stop()
        await self.sender.stop()

    @abstractmethod
    async def integrate(self, shot: Shot, elapsed: Callable[[float], None]) -> None:
        """Integrate `shot.ndit` times `shot.dit_s`; call `elapsed(seconds)` now and then; return at the end.

        Cancelled when the exposure is aborted; `halt` is called then.
        """

    @abstractmethod
    async def read_out(self, shot: Shot) -> Sequence[Pixels]:
        """Mean over NDIT: one C-ordered array (ny, nx) a chip, in the type of the file."""

    async def set_up(self, mode: str, dit_s: float, ndit: int, window_px: Window) -> None:
        """Tell the hardware its read-out mode, DIT, NDIT and window; all are within the mode's limits."""

    async def read_temperature(self) -> float | None:
        """Temperature of the detector in kelvin; what measures none keeps what was last published."""
        return self.state.temperature_k

    async def read_back(self) -> None:
        """Publish the temperature and the frames still kept."""
        self.update(temperature_k=await self.read_temperature(), unsent=self.sender.waiting)

    def check_configure(self, args: Configure) -> None:
        """Refuse what the read-out mode does not allow."""
        self._refuse(args.mode, args.dit_s, args.ndit, args.window_px or self.state.window_px)

    def check_expose(self, args: Expose) -> None:
        """Refuse what the mode does not allow, an id used before, and frames that nobody takes."""
        self._refuse(args.mode or self.state.mode, args.dit_s, args.ndit, self.state.window_px)
        if args.exposure in self._delivered:
            raise Rejected("refused", f"exposure {args.exposure} was taken already")
        if self.sender.waiting >= KEEP_FRAMES:
            raise Rejected(
                "refused", f"{self.sender.waiting} frames wait to be acknowledged: no acquisition takes them"
            )

    def check_abort(self, args: Abort) -> None:
        """Refuse to end another exposure than the one meant."""
        if args.exposure and self.state.phase != "IDLE" and args.exposure != self.state.exposure:
            raise Rejected("refused", f"{self.state.exposure} is running, not {args.exposure}")

    async def do_configure(self, args: Configure, progress: ProgressCall) -> dict[str, Any]:
        """Set up."""
        window_px = args.window_px or self.state.window_px
        await self.set_up(args.mode, args.dit_s, args.ndit, window_px)
        self.update(mode=args.mode, dit_s=args.dit_s, ndit=args.ndit, window_px=window_px)
        return {}

    async def do_expose(self, args: Expose, progress: ProgressCall) -> dict[str, Any]:
        """Settle, integrate, read out, hand the frame over."""
        mode = args.mode or self.state.mode
        window_px = self.state.window_px
        await self.set_up(mode, args.dit_s, args.ndit, window_px)
        kelvin = await self.read_temperature()
        self.update(mode=mode, dit_s=args.dit_s, ndit=args.ndit, exposure=args.exposure, temperature_k=kelvin)
        shot = Shot(args.exposure, args.dit_s, args.ndit, mode, window_px)
        for settling in range(1, args.settle + 1):
            await self._take(shot._replace(settling=settling), progress, f"settling {settling}/{args.settle}")
            self.step("again")
        start_s, end_s, chips = await self._take(shot, progress, "exposing")
        if args.deliver:
            await self._deliver(shot, start_s, end_s, chips)
        self.step("done")
        taken = Exposed(args.exposure, start_s, end_s, args.dit_s, args.ndit, mode, args.settle)
        return dict(msgspec.to_builtins(taken))

    async def do_abort(self, args: Abort, progress: ProgressCall) -> dict[str, Any]:
        """What ran was interrupted before this began; make sure that the hardware is idle."""
        return await self.do_stop(args, progress)

    def _refuse(self, mode: str, dit_s: float, ndit: int, window_px: Window) -> None:
        problems = set_up_problems(self.config, mode, dit_s, ndit, window_px)
        if problems:
            raise Rejected("bad_arguments", "; ".join(problems))

    async def _take(
        self, shot: Shot, progress: ProgressCall, text: str
    ) -> tuple[float, float, Sequence[Pixels]]:
        total_s = shot.dit_s * shot.ndit

        def elapsed(seconds: float) -> None:
            progress(min(seconds, total_s), total_s, "s", text)

        if self.state.phase == "IDLE":
            self.step("expose")
        elapsed(0.0)
        start_s = self.clock.now()
        await self.integrate(shot, elapsed)
        end_s = self.clock.now()
        elapsed(total_s)
        self.step("read")
        return start_s, end_s, await self.read_out(shot)

    async def _deliver(self, shot: Shot, start_s: float, end_s: float, chips: Sequence[Pixels]) -> None:
        self._check_pixels(chips, shot.window_px)
        self.step("transfer")
        self._sequence += 1
        crc32 = await self.clock.thread(
            self.name, lambda: [zlib.crc32(chip.data.cast("B")) for chip in chips]
        )
        header = FrameHeader(
            exposure=shot.exposure,
            device=self.name,
            sequence=self._sequence,
            dtype="uint16" if self.config.layout == "megara" else "float32",
            shape=(shot.window_px[1], shot.window_px[0]),
            chips=len(chips),
            crc32=crc32,
            start_s=start_s,
            end_s=end_s,
        )
        await self.sender.submit(header, chips)
        self._delivered.add(shot.exposure)
        self.update(unsent=self.sender.waiting)

    def _check_pixels(self, chips: Sequence[Pixels], window_px: Window) -> None:
        dtype = np.dtype(DTYPES[self.config.layout])
        wrong = [chip for chip in chips if chip.dtype != dtype or chip.shape != window_px[::-1]]
        if wrong or len(chips) != len(self.config.chips):
            found = ", ".join(f"{chip.dtype} {chip.shape}" for chip in chips)
            raise DeviceError(
                BAD_FRAME,
                f"{len(self.config.chips)} chips of {dtype} {window_px[::-1]} were due, came: {found}",
            )
