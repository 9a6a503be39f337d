"""What types cannot say about an instrument."""

from __future__ import annotations

from sequencer.config.checker import Checker
from sequencer.config.models import (
    CameraConfig,
    DetectorConfig,
    Instrument,
    LightStopConfig,
    MechanismConfig,
    ReadoutMode,
)
from sequencer.config.problems import Problem
from sequencer.config.yaml_reader import Located, NodePath


def check_instrument(instrument: Instrument, located: Located) -> list[Problem]:
    """Return what is wrong with an instrument whose types are right."""
    check = Checker(located)
    check.word(instrument.name, ("name",))
    check.require(bool(instrument.detectors), ("detectors",), "an instrument needs at least one detector")
    check.limits(instrument.telescope.altitude_deg, 0, 90, ("telescope", "altitude_deg"))
    for name, detector in instrument.detectors.items():
        _detector(check, name, detector)
    _different_indices(check, instrument)
    for name, camera in instrument.cameras.items():
        _camera(check, ("cameras", name), camera, instrument)
    for name, camera in instrument.spectrographs.items():
        _camera(check, ("spectrographs", name), camera, instrument)
        here = ("spectrographs", name)
        check.require(name not in instrument.cameras, here, "is a camera already: a detector has one light path")
    for keyword, mechanism in instrument.mechanisms.items():
        _mechanism(check, keyword, mechanism, instrument)
    _light_stop(check, "shutter", instrument.shutter, instrument)
    _light_stop(check, "cover", instrument.cover, instrument)
    _calibration_unit(check, instrument)
    for name, setup in instrument.setups.items():
        for keyword, position in setup.items():
            _position(check, keyword, position, instrument, ("setups", name, keyword))
    return check.problems


def _detector(check: Checker, name: str, detector: DetectorConfig) -> None:
    path: NodePath = ("detectors", name)
    check.word(name, path)
    check.require(detector.camera == name, (*path, "camera"), f"must be the detector's name {name}")
    check.known(
        detector.default_mode, detector.modes, (*path, "default_mode"), "read-out mode of this detector"
    )
    check.require(bool(detector.chips), (*path, "chips"), "a detector needs at least one chip")
    check.require(0 < detector.lit_fraction <= 1, (*path, "lit_fraction"), "must be above 0 and at most 1")
    for i, chip in enumerate(detector.chips):
        across = (chip.border_px[1] + chip.border_px[3], chip.border_px[0] + chip.border_px[2])
        fits = min(chip.border_px) >= 0 and all(b < s for b, s in zip(across, detector.size_px, strict=True))
        check.require(fits, (*path, "chips", i), "the border leaves no pixel of the chip")
    for mode_name, mode in detector.modes.items():
        _mode(check, (*path, "modes", mode_name), mode)


def _mode(check: Checker, path: NodePath, mode: ReadoutMode) -> None:
    in_order = mode.min_dit_s < mode.max_dit_s
    check.require(in_order, path, f"min_dit_s {mode.min_dit_s} must be below max_dit_s {mode.max_dit_s}")
    check.positive(mode.full_well_e, (*path, "full_well_e"))
    grid = f"is not on the grid dit_grid_s {mode.dit_grid_s:g} s"
    check.require(mode.on_grid(mode.min_dit_s), (*path, "min_dit_s"), f"{mode.min_dit_s!r} s {grid}")


def _different_indices(check: Checker, instrument: Instrument) -> None:
    seen: dict[int, str] = {}
    for name, detector in instrument.detectors.items():
        first = seen.setdefault(detector.index, name)
        check.require(first == name, ("detectors", name, "index"), f"{detector.index} is already {first}'s")


def _camera(check: Checker, path: NodePath, camera: CameraConfig, instrument: Instrument) -> None:
    name = path[-1]
    check.known(camera.detector, instrument.detectors, (*path, "detector"), "detector")
    check.require(camera.detector == name, (*path, "detector"), f"must be {name}: frames go by their detector's name")
    _shortest_flats(check, camera, instrument)
    check.limits(camera.sun_altitude_deg, -90, 90, (*path, "sun_altitude_deg"))
    check.require(bool(camera.filters), (*path, "filters"), "a camera needs at least one filter")
    check.known(camera.filter_keyword, instrument.mechanisms, (*path, "filter_keyword"), "mechanism")
    wheel = instrument.mechanisms.get(camera.filter_keyword)
    for filter_name, item in camera.filters.items():
        here = (*path, "filters", filter_name)
        if wheel:
            check.known(filter_name, wheel.positions, here, f"position of {camera.filter_keyword}")
        check.positive(item.wavelength_um, (*here, "wavelength_um"))
        rates = (item.telescope_e_s, item.sky_e_s, item.twilight_e_s_mag0)
        check.require(sum(rates) > 0, here, "rates must not be all 0")
    for nd, transmission in camera.nd_transmission.items():
        _position(check, camera.nd_keyword, nd, instrument, (*path, "nd_transmission", nd))
        check.require(0 < transmission <= 1, (*path, "nd_transmission", nd), "must be above 0 and at most 1")
    for keyword, position, field in (
        (camera.nd_keyword, camera.nd_open, "nd_open"),
        (camera.mask_keyword, camera.mask_default, "mask_default"),
        (camera.mask_keyword, camera.mask_closed, "mask_closed"),
    ):
        if keyword:
            _position(check, keyword, position, instrument, (*path, field))
    if camera.lens_keyword:
        check.known(camera.lens_keyword, instrument.mechanisms, (*path, "lens_keyword"), "mechanism")


def _shortest_flats(check: Checker, camera: CameraConfig, instrument: Instrument) -> None:
    """A DIT of 0 is one of bias frames: nothing can be learned of the light from it."""
    detector = instrument.detectors.get(camera.detector)
    for name, mode in detector.modes.items() if detector else ():
        path = ("detectors", camera.detector, "modes", name, "min_dit_s")
        text = f"flats need a DIT of at least a step of the grid, {mode.dit_grid_s:g} s, not {mode.min_dit_s:g} s"
        check.require(mode.min_dit_s >= mode.dit_grid_s, path, text)


def _position(check: Checker, keyword: str, position: str, instrument: Instrument, path: NodePath) -> None:
    check.known(keyword, instrument.mechanisms, path, "mechanism")
    if keyword in instrument.mechanisms:
        mechanism = instrument.mechanisms[keyword]
        check.known(position, mechanism.positions, path, f"position of {keyword}")


def _mechanism(check: Checker, keyword: str, mechanism: MechanismConfig, instrument: Instrument) -> None:
    path: NodePath = ("mechanisms", keyword)
    check.known(mechanism.home, mechanism.positions, (*path, "home"), "position of this mechanism")
    different = len(set(mechanism.positions)) == len(mechanism.positions)
    check.require(different, (*path, "positions"), "a position is named twice")
    for alias, position in mechanism.aliases.items():
        check.known(position, mechanism.positions, (*path, "aliases", alias), "position of this mechanism")
        clash = alias in mechanism.positions
        check.require(not clash, (*path, "aliases", alias), "is a position itself")
    if mechanism.camera:
        check.known(mechanism.camera, instrument.detectors, (*path, "camera"), "detector")


def _light_stop(check: Checker, role: str, stop: LightStopConfig, instrument: Instrument) -> None:
    if stop.mechanism:
        _position(check, stop.mechanism, stop.closed, instrument, (role, "closed"))
        _position(check, stop.mechanism, stop.open, instrument, (role, "open"))
        check.require(stop.closed != stop.open, (role, "open"), "must differ from closed")


def _calibration_unit(check: Checker, instrument: Instrument) -> None:
    """A source can light something only if there is a way in."""
    unit = instrument.calibration_unit
    for name, source in instrument.sources.items():
        lights = source.share > 0.0
        here = ("sources", name, "share")
        check.require(unit is not None or not lights, here, "needs a calibration_unit to enter by")
        hot = source.temperature_k > 0.0 or source.kind == "laser"
        check.require(hot or not lights, ("sources", name, "temperature_k"), "a source with a share needs one above 0")
    if unit is None:
        return
    _position(check, unit.mechanism, unit.in_beam, instrument, ("calibration_unit", "in_beam"))
    for keyword, position in unit.closed_at.items():
        _position(check, keyword, position, instrument, ("calibration_unit", "closed_at", keyword))
