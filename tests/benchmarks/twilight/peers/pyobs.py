"""pyobs-core: its real FlatFielder, driven step by step as its module drives it, with a simulated camera."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

from pyobs.images import Image
from pyobs.interfaces import ICamera, IExposureTime, IImageType, IWindow
from pyobs.robotic.utils.skyflats import flatfielder
from pyobs.vfs import VirtualFileSystem

from ..detector import BIAS_ADU, GAIN_E_ADU, LIMITS, SIDE, TARGET, TOLERANCE, Raw
from ..nights import Night, Shot
from ..sky import EFOLD_S, FIRST_DEPRESSION_DEG, PATAT_V, SUN_SPEED_DEG_S
from .virtual_loop import VirtualLoop

NAME = "pyobs-core"
DONE = flatfielder.FlatFielder.State.FINISHED
ENDLESS = 1_000_000


class _Clock:
    """Stands for pyobs' Time inside its flat fielder: now is the loop's time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    @classmethod
    def now(cls) -> _Clock:
        return cls(asyncio.get_running_loop().time())

    def __add__(self, delta: Any) -> _Clock:
        return _Clock(self.seconds + delta.sec)


class _Camera(ICamera, IExposureTime, IImageType, IWindow):
    """Exposes on the night; reading out takes the scene's overhead."""

    def __init__(self, night: Night) -> None:
        self.night, self.taken = night, list[Shot]()
        self.image: Raw | None = None
        self._dit_s, self._type, self._window = 0.0, "", (0, 0, SIDE, SIDE)

    def get_capabilities(self, interface: type) -> Any:
        return SimpleNamespace(full_frame_x=0, full_frame_y=0, full_frame_width=SIDE, full_frame_height=SIDE)

    async def set_window(self, left: int, top: int, width: int, height: int, **kwargs: Any) -> None:
        self._window = (left, top, width, height)

    async def set_exposure_time(self, exposure_time: float, **kwargs: Any) -> None:
        self._dit_s = exposure_time

    async def set_image_type(self, image_type: Any, **kwargs: Any) -> None:
        self._type = image_type.name

    async def grab_data(self, broadcast: bool = True, **kwargs: Any) -> str:
        if self._type == "BIAS":
            dark, _ = self.night.detector.master_dark(0.0, self.night.noise("bias"))
            self.image = dark
            return "/frame/bias"
        start_s = asyncio.get_running_loop().time()
        shot = self.night.expose(start_s, self._dit_s, probe=not broadcast)
        await asyncio.sleep(self._dit_s + self.night.scene.overhead_s)
        self.taken.append(shot)
        left, top, width, height = self._window
        self.image = shot.raw[top : top + height, left : left + width]
        return "/frame/flat"


class _Files(VirtualFileSystem):
    """The camera's last image, whatever its name."""

    def __init__(self, camera: _Camera) -> None:
        super().__init__()
        self._camera = camera

    async def read_image(self, filename: str) -> Image:
        return Image(data=self._camera.image)


class _Observer:
    """Knows the Sun's altitude."""

    def __init__(self, night: Night) -> None:
        self._night = night

    def sun_altaz(self, time: _Clock) -> Any:
        altitude = self._night.sun_altitude_deg(time.seconds)
        return SimpleNamespace(alt=SimpleNamespace(degree=altitude))


def nominal_function(law: str) -> str:
    """f(h) of pyobs: the exposure time by the nominal law, as one enters it in its configuration."""
    x = f"(0-h-{FIRST_DEPRESSION_DEG})"
    if law == "exponential":
        return f"{LIMITS.min_dit_s}*exp({x}*{1.0 / (SUN_SPEED_DEG_S * EFOLD_S)})"
    return f"{LIMITS.min_dit_s}*exp(0.9210340372*({PATAT_V[0]}*{x}-{-PATAT_V[1]}*{x}*{x}))"


def observe(night: Night) -> list[Shot]:
    """All exposures of a night; kept are those that pyobs counts."""
    logging.getLogger("pyobs").setLevel(logging.CRITICAL)
    flatfielder.Time = _Clock
    loop = VirtualLoop(night.begin_s)
    try:
        return loop.run_until_complete(_observe(night))
    finally:
        loop.close()


async def _observe(night: Night) -> list[Shot]:
    camera = _Camera(night)
    fielder = flatfielder.FlatFielder(
        nominal_function(night.scene.law),
        target_count=TARGET * LIMITS.full_well_e / GAIN_E_ADU + BIAS_ADU,
        min_exptime=LIMITS.min_dit_s,
        max_exptime=LIMITS.max_dit_s,
        allowed_offset_frac=TOLERANCE,
        observer=_Observer(night),
        vfs=_Files(camera),
    )
    loop = asyncio.get_running_loop()
    while loop.time() < night.end_s:
        counted, taken = fielder.image_count, len(camera.taken)
        if await fielder("telescope", camera, count=ENDLESS) is DONE:
            break
        if fielder.image_count > counted and len(camera.taken) > taken:
            camera.taken[-1].kept = True
    return camera.taken
