"""astra: its real flats_sequence and flats_exptime, with a simulated camera and its waits made virtual."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from astra import observatory

from ..detector import BIAS_ADU, GAIN_E_ADU, LIMITS, TARGET, TOLERANCE
from ..nights import Night, Shot

NAME = "astra"
FLATS_DEG = (-12.0, -1.0)
"""Altitudes of the Sun between which astra takes flats: fixed in its ephemeris."""
ENDLESS = 1_000_000


class _Camera:
    """An Alpaca camera as astra sees it; an image is ready an overhead after the shutter has closed."""

    device_name = "camera"

    def __init__(self, night: Night) -> None:
        self.night, self.taken, self.now_s = night, list[Shot](), night.begin_s

    def expose(self, dit_s: float, *, probe: bool) -> Shot:
        shot = self.night.expose(self.now_s, dit_s, probe=probe)
        self.taken.append(shot)
        self.now_s += dit_s + self.night.scene.overhead_s
        return shot

    def get(self, name: str, **options: Any) -> Any:
        if name == "StartExposure":
            self.expose(options["Duration"], probe=True)
        return {"ImageReady": True, "MaxADU": 65535}.get(name, self.taken[-1].raw if self.taken else None)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def is_sun_rising(self, location: object) -> tuple[bool, bool, Any]:
        altitude = self.night.sun_altitude_deg(self.now_s)
        sun = SimpleNamespace(alt=SimpleNamespace(degree=altitude))
        return self.night.scene.direction == "dawn", FLATS_DEG[0] < altitude < FLATS_DEG[1], sun


class _Paired(dict[str, str]):
    """The devices of the observatory: a camera."""

    def __init__(self, camera: _Camera) -> None:
        super().__init__(Camera="camera")
        self.camera = camera

    def get_device_config(self, kind: str) -> Any:
        target = TARGET * LIMITS.full_well_e / GAIN_E_ADU
        return {
            "flats": {
                "target_adu": target + BIAS_ADU,
                "target_adu_tolerance": TOLERANCE * target,
                "bias_offset": BIAS_ADU,
                "lower_exptime_limit": LIMITS.min_dit_s,
                "upper_exptime_limit": LIMITS.max_dit_s,
            }
        }


class _Observatory(observatory.Observatory):
    """astra's observatory without devices, weather and files; everything about flats is its own."""

    def __init__(self, camera: _Camera) -> None:
        self.camera = camera
        self.logger = logging.getLogger("astra.benchmark")

    devices = property(lambda self: {"Camera": {"camera": self.camera}})

    def check_conditions(self, action: Any = None) -> bool:
        return bool(self.camera.now_s < self.camera.night.end_s)

    def pre_sequence(self, action: Any, paired_devices: Any) -> None:
        """No folder is made."""

    def setup_observatory(self, *args: Any, **kwargs: Any) -> None:
        """The filter is in place."""

    def get_image_handler(self, camera_name: str) -> Any:
        return SimpleNamespace(header={}, get_observatory_location=lambda: None)

    def perform_exposure(self, camera: Any, exptime: float, maxadu: int, **kwargs: Any) -> tuple[bool, Any]:
        shot = self.camera.expose(exptime, probe=False)
        shot.kept = True
        return True, shot


def observe(night: Night) -> list[Shot]:
    """All exposures of a night; kept are those that astra saves as flats."""
    logging.getLogger("astra.benchmark").setLevel(logging.CRITICAL)
    camera = _Camera(night)
    observatory.time = SimpleNamespace(sleep=camera.sleep, time=lambda: camera.now_s)
    # A kept frame need not be written and read again: its file is the shot.
    observatory.fits = SimpleNamespace(open=lambda shot: nullcontext([SimpleNamespace(data=shot.raw)]))
    observatory.ephemeris = SimpleNamespace(is_sun_rising=camera.is_sun_rising)
    action = SimpleNamespace(
        device_name="camera",
        start_time="",
        end_time="",
        action_value={"filter": ["V"], "n": [ENDLESS], "disable_telescope_movement": True},
    )
    _Observatory(camera).flats_sequence(action, _Paired(camera))
    return camera.taken
