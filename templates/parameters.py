"""Reading template parameters that depend on the instrument: which filters, which detector, which mechanisms."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sequencer.config.models import DetectorConfig, Instrument
from sequencer.engine.beam import Openings

Parameters = dict[str, Any]


def camera_filters(instrument: Instrument, p: Parameters) -> dict[str, list[str]]:
    """The filters of each camera to expose, in the order given."""
    chosen: dict[str, list[str]] = {}
    for camera in p["SEQ.CAMERA"]:
        config = instrument.cameras[camera]
        chosen[camera] = [name for name in p["SEQ.DIT.FILT.LIST"] if name in config.filters]
    return {camera: names for camera, names in chosen.items() if names}


def detector_parameter(p: Parameters, detector: DetectorConfig, name: str, default: Any) -> Any:
    """Value of `DETn.<name>` for a detector, or the default where the block gives none."""
    value = p.get(f"DET{detector.index}.{name}")
    return default if value is None else value


def mechanism_parameters(instrument: Instrument, p: Parameters) -> dict[str, str]:
    """The parameters that are positions of mechanisms."""
    return {key: value for key, value in p.items() if key in instrument.mechanisms and value is not None}


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
