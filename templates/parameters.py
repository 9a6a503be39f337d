"""Reading template parameters that depend on the instrument: which filters, which detector, which mechanisms."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sequencer.config.models import DetectorConfig, Instrument
from sequencer.engine.beam import Openings

Parameters = dict[str, Any]


def camera_filters(instrument: Instrument, p: Parameters) -> dict[str, list[str]]:
    """The filters of each camera to expose, in the order given; without a list, the one of its wheel's parameter."""
    chosen: dict[str, list[str]] = {}
    for camera in p["SEQ.CAMERA"]:
        config = instrument.cameras[camera]
        listed = p.get("SEQ.DIT.FILT.LIST") or [p[config.filter_keyword]]
        chosen[camera] = [name for name in listed if name in config.filters]
    return {camera: names for camera, names in chosen.items() if names}


def detector_parameter(p: Parameters, detector: DetectorConfig, name: str, default: Any) -> Any:
    """Value of `DETn.<name>` for a detector, or the default where the block gives none."""
    value = p.get(f"DET{detector.index}.{name}")
    return default if value is None else value


def mechanism_parameters(instrument: Instrument, p: Parameters) -> dict[str, str]:
    """The parameters that are positions of mechanisms."""
    return {key: value for key, value in p.items() if key in instrument.mechanisms and value is not None}


def sun_limits(instrument: Instrument, p: Parameters) -> tuple[float, float]:
    """(lowest, highest) altitude of the Sun in deg: the block's, else what all its cameras allow."""
    limits = [instrument.cameras[camera].sun_altitude_deg for camera in p["SEQ.CAMERA"]]
    low, high = p.get("SEQ.SUNALT.MIN"), p.get("SEQ.SUNALT.MAX")
    return (
        max(limit[0] for limit in limits) if low is None else low,
        min(limit[1] for limit in limits) if high is None else high,
    )


def openings(instrument: Instrument, p: Parameters) -> Openings:
    """Where light stop, cover and masks let light in: as the block says, else as the instrument file does."""
    masks = {
        camera.mask_keyword: p.get(camera.mask_keyword) or camera.mask_default
        for camera in instrument.cameras.values()
        if camera.mask_keyword
    }
    return Openings(p.get(instrument.shutter.mechanism), p.get(instrument.cover.mechanism), masks)


def mask_positions(instrument: Instrument, p: Parameters, lit: Collection[str]) -> dict[str, str]:
    """The masks of these cameras open, those of all others closed, as far as they can be."""
    opened = openings(instrument, p).masks
    return {
        camera.mask_keyword: opened[camera.mask_keyword] if name in lit else camera.mask_closed
        for name, camera in instrument.cameras.items()
        if camera.mask_keyword and (name in lit or camera.mask_closed)
    }


def fore_optics(instrument: Instrument, p: Parameters) -> dict[str, str]:
    """The twilight set-up with the block's own positions; the cameras that are not used are closed."""
    filters = {camera.filter_keyword for camera in instrument.cameras.values()}
    stops = {instrument.shutter.mechanism, instrument.cover.mechanism}
    positions = {**instrument.setups.get("twilight", {}), **mechanism_parameters(instrument, p)}
    positions |= mask_positions(instrument, p, camera_filters(instrument, p))
    return {key: position for key, position in positions.items() if key not in filters | stops}
