"""From the light of an exposure to the pixels of every chip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sequencer.config.models import DetectorConfig, NightConfig
from simulators.detector.ccd import CcdMaps, ccd_frame, ccd_maps
from simulators.detector.infrared import Readout, infrared_frame
from simulators.detector.maps import DetectorMaps, Window
from simulators.world.incident import Light
from simulators.world.persistence import PersistenceEvent
from simulators.world.stars import SEEING_ARCSEC, render


@dataclass(frozen=True)
class Exposed:
    """What is read out: exposure id, DIT, NDIT, mode and window (nx, ny)."""

    exposure: str
    dit_s: float
    ndit: int
    mode: str
    window: Window = None


class Developer:
    """Makes frames of one detector; the same (seed, exposure, light) gives the same bits. Caches its maps."""

    def __init__(self, config: DetectorConfig, night: NightConfig, seed: int, maps: DetectorMaps) -> None:
        self.config = config
        self.night = night
        self.seed = seed
        self.maps = maps
        self._ccd: CcdMaps | None = None

    def frame(self, exposed: Exposed, light: Light) -> list[NDArray[Any]]:
        """Pixels of every chip (ny, nx): float32 ADU, or one uint16 frame for layout `megara`."""
        if self.config.layout == "megara":
            return [self._ccd_frame(exposed, light)]
        return [self._chip(chip, exposed, light) for chip in range(len(self.config.chips))]

    def expected_e(self, chip: int, exposed: Exposed, light: Light) -> NDArray[np.float32]:
        """Charge without noise in e- per DIT and pixel (ny, nx): sky, stars, leaks, dark current, persistence."""
        maps = self.maps.chip(chip, exposed.window)
        expected = maps.dark_e_s * np.float32(exposed.dit_s)
        for filter_name, collected in light.filters.items():
            expected += np.float32(collected.electrons) * self.maps.flat(chip, filter_name, exposed.window)
        if light.stars:
            sigma_px = SEEING_ARCSEC / 2.3548 / (self.config.pixel_scale_mas / 1000.0)
            expected += render(light.stars, expected.shape, sigma_px) * maps.response
        if light.leak_e:
            expected += np.float32(light.leak_e) * maps.response
        for event, share in light.events:
            expected += np.float32(share) * self._trapped(chip, event, exposed.window)
        return expected

    def _chip(self, chip: int, exposed: Exposed, light: Light) -> NDArray[np.float32]:
        config = self.config
        mode = config.modes[exposed.mode]
        k = self.night.nonlinearity_k
        readout = Readout(mode, exposed.dit_s, exposed.ndit, k, config.ipc_edge, config.ipc_corner)
        expected = self.expected_e(chip, exposed, light)
        hot = self.maps.chip(chip, exposed.window).hot
        return infrared_frame(expected, hot, readout, self.seed, (config.camera, exposed.exposure, chip))

    def _trapped(self, chip: int, event: PersistenceEvent, window: Window) -> NDArray[np.float32]:
        """Charge of the overfilled pixels at an event, at most the full well; 0 in all others."""
        fill = np.float32(event.fill_e) * self.maps.flat(chip, event.filter_name, window)
        fill[fill <= self.night.persistence_threshold * event.full_well_e] = 0.0
        return np.asarray(np.minimum(fill, np.float32(event.full_well_e)))

    def _ccd_frame(self, exposed: Exposed, light: Light) -> NDArray[np.uint16]:
        if self._ccd is None:
            self._ccd = ccd_maps(self.config, self.night, self.seed)
        mode = self.config.modes[exposed.mode]
        key = (self.config.camera, exposed.exposure)
        rays = self.night.cosmic_rays_cm2_s
        return ccd_frame(self._ccd, mode, exposed.dit_s, light.leak_e, rays, self.seed, key)
