"""Worlds of the packaged deployments, on small detectors and with the night's unknowns as a test wants them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
import pytest

from sequencer.clock import parse_utc
from sequencer.config.load import load_deployment, load_instrument, load_site
from sequencer.config.models import Deployment, Instrument, NightConfig, SiteConfig
from simulators.world.clouds import CLEAR_SKY, SkyConfig
from simulators.world.world import World

DAWN_S = parse_utc("2027-03-20T09:15:00")

QUIET = {"zero_point_sigma": 0.0, "sky_noise_sigma": 0.0, "cooling_k_h": 0.0, "twilight_scale_sigma": 0.0}
"""A night without surprises: the priors are the truth."""

MakeWorld = Callable[..., World]


@cache
def packaged(name: str) -> tuple[Deployment, Instrument, SiteConfig]:
    """A packaged deployment with its instrument and site; read once, as METIS takes a quarter of a second."""
    deployment = load_deployment(name)
    instrument = load_instrument(deployment.instrument)
    return deployment, instrument, load_site(instrument.site)


def small(instrument: Instrument, size_px: int) -> Instrument:
    """The instrument with detectors of `size_px` squared and an unlit border of 8 pixels."""
    detectors = {}
    for camera, config in instrument.detectors.items():
        if config.layout == "extensions":
            chips = [msgspec.structs.replace(chip, border_px=(8, 8, 8, 8)) for chip in config.chips]
            config = msgspec.structs.replace(config, size_px=(size_px, size_px), chips=chips)
        detectors[camera] = config
    return msgspec.structs.replace(instrument, detectors=detectors)


def inproc(deployment: Deployment) -> Deployment:
    """The deployment with every device in this process."""
    devices = {
        name: msgspec.structs.replace(config, endpoint=f"inproc://{name}")
        for name, config in deployment.devices.items()
    }
    return msgspec.structs.replace(deployment, devices=devices)


@pytest.fixture
def make_world() -> MakeWorld:
    def make(
        name: str = "metis-sim", seed: int = 1, size_px: int = 256, sky: SkyConfig = CLEAR_SKY, **night: Any
    ) -> World:
        deployment, instrument, site = packaged(name)
        plain = msgspec.to_builtins(deployment.night) | QUIET | night
        deployment = msgspec.structs.replace(deployment, night=msgspec.convert(plain, NightConfig))
        return World(small(instrument, size_px), deployment, site, seed, sky)

    return make


@pytest.fixture
def open_beam() -> Callable[[World, str, float], None]:
    """Put a filter into METIS' LM beam and open everything, long before `time_s`; the telescope at airmass 1.2."""

    def open_it(world: World, filter_name: str, time_s: float) -> None:
        world.begin(time_s - 1000.0)
        world.idle("LM", time_s - 1000.0, "fast")
        world.idle("N", time_s - 1000.0, "high_capacity")
        world.point(time_s - 900.0, 56.4427, 270.0)
        moves = {"INS.OPTI10.NAME": filter_name, "INS.OPTI9.NAME": "SPM-LM", "INS.OPTI3.NAME": "FIELD-11"}
        moves |= {"INS.OPTI11.NAME": "OPEN", "INS.OPTI12.NAME": "DARK-N"}
        for keyword, position in moves.items():
            world.move(keyword, time_s - 900.0, position)
        world.move("INS.OPTI1.NAME", time_s - 100.0, "PPS-CFO1")

    return open_it
