"""The one world that all simulators of a deployment share: what happened, and what light fell where."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from numpy.typing import NDArray

from sequencer.config.models import Deployment, Instrument, SiteConfig
from sequencer.sky.site import Site
from simulators.detector.ccd import light_e_s
from simulators.detector.develop import Developer, Exposed
from simulators.detector.maps import DetectorMaps
from simulators.world.beam import Beam
from simulators.world.clouds import CLEAR_SKY, SkyConfig
from simulators.world.incident import Light
from simulators.world.ledger import Integration, Ledger
from simulators.world.light import Collected, Piece, by_filter, pieces
from simulators.world.night import Night
from simulators.world.persistence import PersistenceEvent, released_share
from simulators.world.pointing import Pointing
from simulators.world.scene import Scene
from simulators.world.sky import Sky
from simulators.world.stars import StarField, StarImage
from simulators.world.timeline import Ramp, Timeline
from simulators.world.truth import Truth

NEGLIGIBLE_E = 0.01
"""Persistence below this many electrons per DIT in the fullest pixel is left out."""

STAR_SHARE = 0.01
"""Stars whose peak pixel adds less than this share of the noise of a DIT are left out."""


class World:
    """Telescope, beam, sky and detectors of one deployment over time, and the night's unknowns from the seed.

    Device simulators write into it what they do, with the time; an exposure reads the light between its
    start and end. Devices are addressed by kind (`telescope`, `mechanisms`, `shutter` ...), detectors by
    their camera. Everything random depends on (seed, key) alone, so another World of the same seed knows
    the same night.
    """

    def __init__(
        self,
        instrument: Instrument,
        deployment: Deployment,
        site: SiteConfig,
        seed: int,
        sky: SkyConfig = CLEAR_SKY,
    ) -> None:
        self.instrument = instrument
        self.deployment = deployment
        self.night_config = deployment.night
        self.seed = seed
        self.weather_limits = site.weather
        place = Site(site.name, site.latitude_deg, site.longitude_deg, site.elevation_m)
        self.timeline = Timeline()
        self.night = Night(deployment.night, seed, site.longitude_deg, sky)
        self.pointing = Pointing(self.timeline, place, instrument.telescope.slew_deg_s)
        self.beam = Beam(instrument, self.timeline, {device.kind for device in deployment.devices.values()})
        self.sky = Sky(instrument, self.night, place, self.pointing)
        self.scene = Scene(instrument, self.timeline, self.beam, self.sky)
        self._light_path = {path.detector: name for name, path in instrument.light_paths.items()}
        self.stars = StarField(seed, deployment.night.star_density)
        self._start_s: float | None = None
        self._last_s = float("-inf")
        self.maps = {
            camera: DetectorMaps(d, deployment.night, seed) for camera, d in instrument.detectors.items()
        }
        self.developers = {
            camera: Developer(d, deployment.night, seed, self.maps[camera])
            for camera, d in instrument.detectors.items()
        }
        self.truth = Truth(self)
        self._ledgers = {camera: self._ledger(camera) for camera in instrument.detectors}

    def begin(self, time_s: float) -> None:
        """The world exists from here on, nothing before is watched; later calls note that time went on."""
        if self._start_s is None:
            self._start_s = time_s
        self._last_s = max(self._last_s, time_s)

    @property
    def last_s(self) -> float:
        """The latest moment anything was noted at."""
        return self._last_s

    def record(self, device: str, time_s: float, **facts: Any) -> None:
        """A device's facts that hold from `time_s` on (a `Ramp` for what moves)."""
        self.begin(time_s)
        self.timeline.record(device, time_s, facts)

    def move(self, keyword: str, time_s: float, position: str, stretch: float = 1.0) -> float:
        """A mechanism begins to move, in `stretch` times its usual time; returns when it arrives."""
        self.begin(time_s)
        return self.beam.mechanisms[keyword].move(time_s, position, stretch)

    def swing(self, role: str, half: str, time_s: float, opening: float, full_travel_s: float) -> float:
        """A shutter, cover or half of one begins to open or close (1, 0); returns when it arrives."""
        leaf = self.beam.leaf(role, half)
        arrival_s = time_s + abs(opening - float(leaf.at(time_s))) * full_travel_s
        self.record(role, time_s, **{half or role: Ramp(opening, arrival_s)})
        return arrival_s

    def rest(self, role: str, half: str, time_s: float) -> None:
        """A shutter, cover or half of one stops where it is."""
        self.record(role, time_s, **{half or role: float(self.beam.leaf(role, half).at(time_s))})

    def place(self, keyword: str, time_s: float, position: str) -> None:
        """A mechanism rests at a position from now on."""
        self.begin(time_s)
        self.beam.mechanisms[keyword].place(time_s, position)

    def freeze(self, time_s: float) -> None:
        """Every mechanism stops where it is."""
        self.begin(time_s)
        for mechanism in self.beam.mechanisms.values():
            mechanism.stop(time_s)

    def slew(self, time_s: float, altitude_deg: float, azimuth_deg: float, stretch: float = 1.0) -> float:
        """The telescope begins to move to a fixed direction, in `stretch` times its usual time; returns when it
        arrives (before settling)."""
        self.begin(time_s)
        return self.pointing.slew(time_s, altitude_deg, azimuth_deg, stretch)

    def point(self, time_s: float, altitude_deg: float, azimuth_deg: float) -> None:
        """The telescope stands at a fixed direction from now on; the sky drifts."""
        self.record(
            "telescope", time_s, altitude_deg=altitude_deg, azimuth_deg=azimuth_deg, target_radec=None
        )

    def hold(self, time_s: float) -> None:
        """The telescope stands still where it points; the sky drifts."""
        self.begin(time_s)
        self.pointing.hold(time_s)

    def track(self, time_s: float, ra_deg: float, dec_deg: float) -> None:
        """The telescope follows an ICRS position from now on."""
        self.begin(time_s)
        self.pointing.track(time_s, ra_deg, dec_deg)

    def integrate(self, camera: str, time_s: float, exposure: str, dit_s: float, mode: str) -> None:
        """A detector begins to integrate for `exposure` (empty: it idles, resetting every `dit_s`)."""
        full_well_e = self.instrument.detectors[camera].modes[mode].full_well_e
        self.record(camera, time_s, integration=Integration(exposure, dit_s, full_well_e))

    def idle(self, camera: str, time_s: float, mode: str) -> None:
        """A detector is reset continuously, at the mode's shortest DIT."""
        self.integrate(camera, time_s, "", self.instrument.detectors[camera].modes[mode].min_dit_s, mode)

    def leak(self, camera: str, time_s: float, rate_e_s: float) -> None:
        """From a time on so much light reaches every lit pixel of a detector, whatever is closed before it."""
        self.record(camera, time_s, leak_e_s=rate_e_s)

    def light(self, camera: str, start_s: float, end_s: float, ndit: int, mode: str) -> Light:
        """What a detector collected from start to end, per DIT; ask before the next exposure begins."""
        found = by_filter(self._pieces(camera, start_s, end_s))
        filters = {name: Collected(c.electrons / ndit, c.open_s / ndit) for name, c in found.items()}
        events = self._given_back(camera, start_s, end_s, ndit)
        stars = self._star_images(camera, filters, (start_s, end_s), ndit, mode)
        return Light(filters, stars, events, self._leaked(camera, start_s, end_s) / ndit)

    def develop(self, camera: str, exposed: Exposed, light: Light) -> list[NDArray[Any]]:
        """Pixels of every chip (ny, nx); may run in a thread, one exposure of a camera at a time."""
        return self.developers[camera].frame(exposed, light)

    def persistence(self, camera: str, until_s: float | None = None) -> list[PersistenceEvent]:
        """Every overfill of a detector up to a time (None: as far as the world knows), with its cause."""
        if self._start_s is None:
            return []
        return self._ledgers[camera].until(self._start_s, self._last_s if until_s is None else until_s)

    def light_path(self, camera: str) -> str:
        """Name of the light path in front of a detector; empty without one."""
        return self._light_path.get(camera, "")

    def _ledger(self, camera: str) -> Ledger:
        config = self.instrument.detectors[camera]
        mode = config.modes[config.default_mode]
        idle = Integration("", mode.min_dit_s, mode.full_well_e)
        return Ledger(
            camera,
            self.night_config,
            self.timeline.track(camera, "integration", idle),
            lambda start_s, end_s: self._pieces(camera, start_s, end_s),
            lambda filter_name: self.maps[camera].peak(filter_name, self.deployment.window_px),
        )

    def _pieces(self, camera: str, start_s: float, end_s: float) -> list[Piece]:
        path = self.light_path(camera)
        return pieces(self.beam, self.pointing, self.scene, path, start_s, end_s) if path else []

    def _given_back(
        self, camera: str, start_s: float, end_s: float, ndit: int
    ) -> list[tuple[PersistenceEvent, float]]:
        """Earlier events, each with the share of its overfilled pixels' charge that comes out per DIT."""
        night = self.night_config
        found = []
        for event in self.persistence(camera, end_s):
            released = released_share(event, start_s, end_s, night.persistence_tau_s)
            share = night.persistence_fraction * released / ndit
            if event.end_s <= start_s and share * event.full_well_e > NEGLIGIBLE_E:
                found.append((event, share))
        return found

    def _star_images(
        self, camera: str, filters: dict[str, Collected], span_s: tuple[float, float], ndit: int, mode: str
    ) -> list[StarImage]:
        """Stars through the filter that let most light in; trailed for the whole exposure unless tracking. None with
        the telescope out of the beam."""
        middle_s = sum(span_s) / 2
        if not (filters and self.night_config.star_density and self.scene.sees_sky(middle_s)):
            return []
        name, light = max(filters.items(), key=lambda item: item[1].electrons)
        config = self.instrument.detectors[camera]
        noise_e = math.sqrt(light.electrons + config.modes[mode].read_noise_e ** 2) / math.sqrt(ndit)
        trail_s = span_s[1] - span_s[0] if self.pointing.drifting(middle_s) else 0.0
        mag0_e = self.sky.star_mag0_e_s(self.light_path(camera), name, middle_s) * light.open_s
        centre, scale = self.pointing.radec(middle_s), config.pixel_scale_mas / 1000.0
        return self.stars.images(centre, config.size_px, scale, trail_s, mag0_e, STAR_SHARE * noise_e)

    def _leaked(self, camera: str, start_s: float, end_s: float) -> float:
        """Electrons per pixel through what is closed: a leak; of a CCD without a camera's light path also the light
        through cover and shutter themselves."""
        leak = self.timeline.track(camera, "leak_e_s")
        stops = self.instrument.detectors[camera].layout == "megara"
        edges = {start_s, end_s, *leak.breaks(start_s, end_s)}
        edges |= set(self.beam.breaks("", start_s, end_s)) if stops else set()
        total = 0.0
        for left, right in pairwise(sorted(edges)):
            rate_e_s = float(leak.at(left) or 0.0)
            if stops:
                middle = (left + right) / 2
                rate_e_s += light_e_s(*(self.beam.stop_opening(role, middle) for role in ("cover", "shutter")))
            total += (right - left) * rate_e_s
        return total
