"""What an instrument looks at: the sky through the telescope, or its calibration unit."""

from __future__ import annotations

from sequencer.config.models import CalibrationUnitConfig, Instrument
from sequencer.sky.thermal import planck_ratio
from simulators.world.beam import Beam
from simulators.world.sky import TELESCOPE_EMISSIVITY, Sky
from simulators.world.timeline import Timeline, Track


class Scene:
    """The light before the fore-optics, in e-/s per pixel of a light path whose beam is open.

    With the arm of the calibration unit in the beam that is the unit's own glow and its sources, and nothing of the sky
    or the telescope. A source is as bright as a black body of its temperature times its share; `sources` tracks hold
    temperatures in K of black bodies (none: at ambient temperature) and how far a lamp has come up, 0 to 1.
    """

    def __init__(self, instrument: Instrument, timeline: Timeline, beam: Beam, sky: Sky) -> None:
        self.instrument = instrument
        self.beam = beam
        self.sky = sky
        self._sources = {
            name: timeline.track("sources", name, None if source.kind == "blackbody" else 0.0)
            for name, source in instrument.sources.items()
            if source.share > 0.0
        }

    def sees_sky(self, time_s: float) -> bool:
        """Whether the telescope is in the beam."""
        unit = self.instrument.calibration_unit
        return unit is None or self.beam.mechanisms[unit.mechanism].position(time_s) != unit.in_beam

    def rate_e_s(self, camera: str, filter_name: str, time_s: float) -> float:
        """Light on an average lit pixel behind an open beam, in e-/s."""
        unit = self.instrument.calibration_unit
        if unit is None or self.sees_sky(time_s):
            return self.sky.rate_e_s(camera, filter_name, time_s)
        config = self.instrument.light_paths[camera].filters[filter_name]
        black_body_e_s = config.telescope_e_s / TELESCOPE_EMISSIVITY
        radiance = self._radiance(unit, config.wavelength_um, time_s)
        return self.sky.zero_point(camera, filter_name) * black_body_e_s * radiance

    def breaks(self, start_s: float, end_s: float) -> list[float]:
        """Times inside (start_s, end_s) at which to cut an integral over the light."""
        times = set(self.sky.breaks(start_s, end_s))
        unit = self.instrument.calibration_unit
        if unit is not None:
            for keyword in (unit.mechanism, *unit.closed_at):
                times.update(self.beam.mechanisms[keyword].breaks(start_s, end_s))
            for track in self._sources.values():
                times.update(track.breaks(start_s, end_s))
        return sorted(times)

    def _radiance(self, unit: CalibrationUnitConfig, wavelength_um: float, time_s: float) -> float:
        """Of unit and sources, in black bodies of 280.15 K."""
        ambient_k = self.sky.night.ambient_k(time_s)
        total = unit.emissivity * planck_ratio(wavelength_um, ambient_k)
        closed = unit.closed_at.items()
        if any(self.beam.mechanisms[keyword].position(time_s) == position for keyword, position in closed):
            return total
        return total + sum(
            self._source(name, track, wavelength_um, time_s, ambient_k) for name, track in self._sources.items()
        )

    def _source(self, name: str, track: Track, wavelength_um: float, time_s: float, ambient_k: float) -> float:
        source, state = self.instrument.sources[name], track.at(time_s)
        if source.kind == "blackbody":
            kelvin = ambient_k if state is None else float(state)
            return source.share * planck_ratio(wavelength_um, kelvin)
        return source.share * float(state) * planck_ratio(wavelength_um, source.temperature_k)
