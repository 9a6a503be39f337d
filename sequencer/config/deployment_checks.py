"""What types cannot say about a site or a deployment."""

from __future__ import annotations

from typing import Literal

from sequencer.config.checker import Checker
from sequencer.config.models import Deployment, Instrument, SiteConfig
from sequencer.config.problems import Problem, shown
from sequencer.config.stages import stage_problems
from sequencer.config.times import check_start
from sequencer.config.yaml_reader import Located

Role = Literal["telescope", "cover", "shutter", "mechanisms", "sources", "detector", "site"]
_ROLES_OF_ONE: tuple[Role, ...] = ("telescope", "cover", "shutter", "mechanisms", "sources", "site")
_SCHEMES = ("tcp://", "ipc://", "inproc://")


def check_site(site: SiteConfig, located: Located) -> list[Problem]:
    """Return what is wrong with a site."""
    check = Checker(located)
    check.require(abs(site.latitude_deg) <= 90, ("latitude_deg",), "must be within -90 and 90 deg")
    check.require(abs(site.longitude_deg) <= 360, ("longitude_deg",), "must be within -360 and 360 deg")
    check.require(-500 <= site.elevation_m <= 9000, ("elevation_m",), "must be within -500 and 9000 m")
    wind, humidity = ("weather", "wind_m_s"), ("weather", "humidity")
    check.require(0 < site.weather.wind_m_s <= 100, wind, "must be above 0 and at most 100 m/s")
    check.require(0 < site.weather.humidity <= 1, humidity, "must be above 0 and at most 1")
    return check.problems


def check_deployment(deployment: Deployment, instrument: Instrument, located: Located) -> list[Problem]:
    """Return what is wrong with a deployment of this instrument."""
    check = Checker(located)
    check.word(deployment.name, ("name",))
    for name in deployment.devices:
        check.word(name, ("devices", name))
    _endpoints(check, deployment)
    _cameras(check, deployment, instrument)
    for key, text in stage_problems(deployment.stages):
        check.require(False, ("stages", *key), text)
    kinds = [device.kind for device in deployment.devices.values()]
    needed = ["telescope", "site"]
    stops = {"shutter": instrument.shutter, "cover": instrument.cover}
    needed += [role for role, stop in stops.items() if not stop.mechanism]
    needed += ["mechanisms"] if instrument.mechanisms else []
    needed += ["sources"] if instrument.sources else []
    for kind in needed:
        check.require(kind in kinds, ("devices",), f"{instrument.name} needs a device of kind {kind}")
    for kind in _ROLES_OF_ONE:
        check.require(kinds.count(kind) <= 1, ("devices",), f"only one device of kind {kind} is allowed")
    if deployment.start and (why := check_start(deployment.start)):
        check.require(False, ("start",), why)
    if deployment.window_px is not None:
        _window(check, deployment.window_px, instrument)
    return check.problems


def _window(check: Checker, window_px: tuple[int, int], instrument: Instrument) -> None:
    for name, detector in instrument.detectors.items():
        if detector.layout == "megara":
            text = f"{name} is read as a whole frame with prescan and overscan (layout megara): leave it out"
            check.require(False, ("window_px",), text)
            continue
        fits = all(16 <= w <= s for w, s in zip(window_px, detector.size_px, strict=True))
        check.require(fits, ("window_px",), f"must be within 16 and {list(detector.size_px)} pixels")


def _endpoints(check: Checker, deployment: Deployment) -> None:
    seen: dict[str, str] = {}
    for name, device in deployment.devices.items():
        path = ("devices", name, "endpoint")
        check.require(
            device.endpoint.startswith(_SCHEMES), path, f"must start with one of {', '.join(_SCHEMES)}"
        )
        first = seen.setdefault(device.endpoint, name)
        check.require(first == name, path, f"{shown(device.endpoint)} is already that of {first}")


def _cameras(check: Checker, deployment: Deployment, instrument: Instrument) -> None:
    served: set[str] = set()
    for name, device in deployment.devices.items():
        path = ("devices", name, "camera")
        if device.kind == "detector":
            check.known(device.camera, instrument.detectors, path, f"detector of {instrument.name}")
            check.require(device.camera not in served, path, f"{device.camera} is served twice")
            served.add(device.camera)
        else:
            check.require(not device.camera, path, "only a detector has a camera")
    for camera in instrument.detectors.keys() - served:
        check.require(False, ("devices",), f"{instrument.name} needs a device for detector {camera}")
