"""What is asked of a plan, and the plan of a whole block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from sequencer.clock import WallClock
from sequencer.config import load_deployment, load_instrument, load_site
from sequencer.config.models import Deployment, Instrument
from sequencer.config.problems import Problem
from sequencer.config.search import find_config
from sequencer.config.times import simulated_start_s
from sequencer.durations import Durations
from sequencer.observing.beam import is_twilight
from sequencer.observing.block import OB, load_ob
from sequencer.observing.planning import TwilightPlan, figures_of, pace_of, plan_twilight, read_taught
from sequencer.observing.validation import validate
from sequencer.sky import Site, sun_altitude_deg
from sequencer.sky.thermal import REFERENCE_TEMPERATURE_K

A_DAY_S = 86_400.0


@dataclass(frozen=True)
class PlanRequest:
    """Which block where, from when: `start_s` (Unix s UTC), or a local `date` and `twilight`, else the deployment's
    start, else now. `twilight` (morning or evening) replaces the block's. `preset_s` and `overhead_s` replace the
    instrument's; `learned` is the file of what earlier nights taught, `ambient_k` the ambient temperature in K (None:
    that of the instrument's table)."""

    ob: str
    deployment: str
    start_s: float | None = None
    date: str | None = None
    twilight: str = ""
    preset_s: float | None = None
    overhead_s: float | None = None
    learned: Path | None = None
    ambient_k: float | None = None


@dataclass(frozen=True)
class NightPlan:
    """Every twilight of a block, planned; or the problems for which none was. `ambient_k` is the ambient temperature
    in K that the thermal light follows; None where no filter's light is thermal."""

    ob: str
    deployment: str
    site: Site
    twilights: Sequence[TwilightPlan] = ()
    warnings: Sequence[Problem] = ()
    problems: Sequence[Problem | str] = field(default_factory=list)
    ambient_k: float | None = None

    def sun_altitude_deg(self, time_s: float) -> float:
        """Altitude of the Sun at a time (Unix s UTC)."""
        return float(sun_altitude_deg(time_s, self.site))

    def plain(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "ob": self.ob,
            "deployment": self.deployment,
            "ambient_k": self.ambient_k,
            "warnings": [str(warning) for warning in self.warnings],
            "twilights": [twilight.plain() for twilight in self.twilights],
        }


class _Place:
    """Deployment, instrument, site, and when the plan begins. Raises ConfigErrors."""

    def __init__(self, request: PlanRequest) -> None:
        self._request = request
        self.deployment: Deployment = load_deployment(request.deployment)
        self.instrument: Instrument = load_instrument(self.deployment.instrument)
        place = load_site(self.instrument.site)
        self.site = Site(place.name, place.latitude_deg, place.longitude_deg, place.elevation_m)

    @cached_property
    def start_s(self) -> float:
        """Unix s UTC. Raises ValueError for a date that is none."""
        request = self._request
        if request.date is not None:
            return self._of_date(request.date, request.twilight.upper())
        if request.start_s is not None:
            return request.start_s
        start_s = simulated_start_s(self.deployment)
        return WallClock().now() if start_s is None else start_s

    def _of_date(self, date: str, kind: str) -> float:
        """The Sun's culmination before the twilight: noon of that day, or of the day before its morning."""
        day = datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)
        noon = day + timedelta(hours=12.0 - self.site.longitude_deg / 15.0)
        return (noon - timedelta(days=1 if kind == "MORNING" else 0)).timestamp()


def plan_night(request: PlanRequest) -> NightPlan:
    """Plan every twilight template of a block, one after the other.

    Raises ConfigErrors, NoTwilight, and ValueError for a date that is none.
    """
    place = _Place(request)
    block = _for_twilight(load_ob(find_config("obs", request.ob)), request)
    checked = validate(block, place.deployment, place.instrument, start_s=place.start_s, now_s=place.start_s)
    night = NightPlan(block.name, place.deployment.name, place.site, warnings=checked.warnings)
    if checked.problems:
        return replace(night, problems=checked.problems)
    taught = read_taught(request.learned, place.deployment.name)
    durations = Durations(taught.durations, figures_of(place.instrument))
    twilights, now_s = list[TwilightPlan](), place.start_s
    for call in filter(is_twilight, checked.ob.templates):
        pace = pace_of(place.instrument, request.preset_s, request.overhead_s, durations)
        twilights.append(
            plan_twilight(
                call,
                place.instrument,
                place.site,
                now_s,
                pace,
                taught.rates,
                ambient_k=request.ambient_k,
                moon_least_deg=block.moon_least_deg,
            )
        )
        now_s = twilights[-1].end_s
    if not _any_thermal(twilights, place.instrument):
        return replace(night, twilights=twilights)
    return replace(night, twilights=twilights, ambient_k=request.ambient_k or REFERENCE_TEMPERATURE_K)


def _any_thermal(twilights: Sequence[TwilightPlan], instrument: Instrument) -> bool:
    """Whether the light of any filter planned is thermal: it follows no twilight."""
    return any(
        not instrument.cameras[camera].filters[name].twilight_band
        for twilight in twilights
        for camera, names in twilight.order.items()
        for name in names
    )


def _for_twilight(block: OB, request: PlanRequest) -> OB:
    """The block with the twilight asked for in every template that has one; planning for a date waits for it."""
    asked = {"SEQ.TWILIGHT": request.twilight.upper()} if request.twilight else {}
    waits = {"SEQ.TWILIGHT.WAIT": A_DAY_S} if request.date else {}
    calls = [
        msgspec.structs.replace(call, parameters=call.parameters | asked | waits)
        if is_twilight(call)
        else call
        for call in block.templates
    ]
    return msgspec.structs.replace(block, templates=calls)
