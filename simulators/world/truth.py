"""What nobody in the observatory knows: the truth of a simulated night, for tests only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulators.detector.maps import Window
from simulators.world.clouds import Cloud
from simulators.world.persistence import PersistenceEvent

if TYPE_CHECKING:
    from simulators.detector.develop import Exposed
    from simulators.world.incident import Light
    from simulators.world.world import World

Pixels = NDArray[np.float32]


class Truth:
    """Asks a world what the data reduction should have found. Detectors are named by camera."""

    def __init__(self, world: World) -> None:
        self._world = world

    def expected_flat(self, camera: str, filter_name: str, chip: int = 0, window: Window = None) -> Pixels:
        """Noise-free flat (ny, nx): response x vignetting, coupled; the median of good pixels is 1."""
        flat = self._world.maps[camera].expected_flat(chip, filter_name, window)
        return flat / np.median(flat[self.good(camera, chip, window)])

    def expected_e(self, camera: str, exposed: Exposed, light: Light, chip: int = 0) -> Pixels:
        """Noise-free charge (ny, nx) of an exposure in e- per DIT, before saturation and coupling."""
        return self._world.developers[camera].expected_e(chip, exposed, light)

    def k(self, camera: str) -> float:
        """Non-linearity k of S (1 - k S/W)."""
        return self._world.night_config.nonlinearity_k

    def zero_point(self, camera: str, filter_name: str) -> float:
        """The night's factor on the thermal prior of a filter."""
        return self._world.sky.zero_point(self._world.light_path(camera), filter_name)

    def rate_e_s(self, camera: str, filter_name: str, time_s: float) -> float:
        """Light in e-/s on an average lit pixel behind an open beam: where the telescope points then, or of the
        calibration unit."""
        return self._world.scene.rate_e_s(self._world.light_path(camera), filter_name, time_s)

    def clouds(self, start_s: float, end_s: float) -> list[Cloud]:
        """The clouds that passed at any time from start to end."""
        return self._world.night.clouds.between(start_s, end_s)

    def cloud_depth(self, time_s: float) -> float:
        """Optical depth of all clouds at the zenith; 0 under a clear sky."""
        return self._world.night.clouds.veil(time_s).depth

    def dark_e_s(self, camera: str, chip: int = 0, window: Window = None) -> Pixels:
        """Dark current in e-/s of every pixel (ny, nx)."""
        return self._world.maps[camera].chip(chip, window).dark_e_s

    def lit(self, camera: str, chip: int = 0, window: Window = None) -> NDArray[np.bool_]:
        """Pixels that see the sky (ny, nx)."""
        return self._world.maps[camera].chip(chip, window).lit

    def bad(self, camera: str, chip: int = 0, window: Window = None) -> NDArray[np.bool_]:
        """Hot and dead pixels (ny, nx)."""
        maps = self._world.maps[camera].chip(chip, window)
        return maps.hot | maps.dead

    def good(self, camera: str, chip: int = 0, window: Window = None) -> NDArray[np.bool_]:
        """Lit pixels that are not bad and have no bad or unlit neighbour that couples into them (ny, nx)."""
        wrong = np.pad(self.bad(camera, chip, window) | ~self.lit(camera, chip, window), 1, mode="edge")
        rows, columns = (n - 2 for n in wrong.shape)
        near = [wrong[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
        spoilt: NDArray[np.bool_] = np.logical_or.reduce(near)
        return ~spoilt

    def persistence(self, camera: str, until_s: float | None = None) -> list[PersistenceEvent]:
        """Every overfill of the detector, with its cause; empty after a well-behaved sequence."""
        return self._world.persistence(camera, until_s)
