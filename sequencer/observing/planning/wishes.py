"""What a twilight template wishes for, filter by filter, as figures: limits, prior, level plan, how many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sequencer.config.models import CameraConfig, DetectorConfig, Instrument
from sequencer.exposure import DetectorLimits, LevelPlan, RatePrior
from sequencer.observing.planning.learned import Nights, tonight_sigma
from sequencer.observing.planning.priors import SunAltitude, rate_prior
from sequencer.observing.prediction import detector_limits

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class FilterWish:
    """One filter of one camera: what is wished of it and what is believed of it.

    `ndit` is the block's NDIT where it gives no SEQ.TIME; `overhead_s` the read-out's; `settle` the reads thrown
    away after a change of DIT; `offset_s` the time of a move between two frames on the sky.
    """

    camera: str
    filter: str
    mode: str
    limits: DetectorLimits
    prior: RatePrior
    plan: LevelPlan
    ndit: int
    overhead_s: float
    settle: int = 0
    offset_s: float = 0.0

    @property
    def steady(self) -> bool:
        """Whether its light does not follow the Sun (thermal background): it can be taken at any time."""
        return self.prior.log_shape is None


def filter_wishes(
    p: Parameters,
    instrument: Instrument,
    direction: Literal["EVENING", "MORNING"],
    airmasses: tuple[float, ...],
    sun_altitude_deg: SunAltitude,
    time_s: float,
    learned: Nights | None = None,
    ambient_k: float | None = None,
) -> list[FilterWish]:
    """Every filter of every camera of a twilight template, cameras and filters in the block's order.

    `p` are the parameters of a call that is `complete`; `time_s` is when the twilight begins, `learned` what
    earlier nights taught, `ambient_k` the ambient temperature, if it is known.
    """
    telescope, wishes = instrument.telescope, []
    offset_s = telescope.offset_s if telescope.tracks else 0.0
    for camera, config in instrument.cameras.items():
        if camera not in p["SEQ.CAMERA"]:
            continue
        detector = instrument.detectors[config.detector]
        name = p.get(f"DET{detector.index}.NCORRS.NAME") or detector.default_mode
        ndit = p.get(f"DET{detector.index}.NDIT") or 1
        plan = level_plan(p, direction, airmasses, ndit)
        for filter_name in [item for item in p["SEQ.DIT.FILT.LIST"] if item in config.filters]:
            prior = _prior(p, camera, config, filter_name, sun_altitude_deg, time_s, learned or {}, ambient_k)
            wishes.append(_wish(p, camera, filter_name, detector, name, prior, plan, offset_s))
    return wishes


def _wish(
    p: Parameters,
    camera: str,
    filter_name: str,
    detector: DetectorConfig,
    mode_name: str,
    prior: RatePrior,
    plan: LevelPlan,
    offset_s: float,
) -> FilterWish:
    mode = detector.modes[mode_name]
    limits = detector_limits(detector, mode)
    settle = p.get(f"DET{detector.index}.NSETTLE")
    return FilterWish(
        camera,
        filter_name,
        mode_name,
        limits,
        prior,
        plan,
        plan.fixed_ndit,
        mode.overhead_s,
        detector.settle_exposures if settle is None else settle,
        offset_s,
    )


def _prior(
    p: Parameters,
    camera: str,
    config: CameraConfig,
    name: str,
    sun_altitude_deg: SunAltitude,
    time_s: float,
    learned: Nights,
    ambient_k: float | None,
) -> RatePrior:
    density = p.get(config.nd_keyword) or config.nd_open
    taught = learned.get(camera, {}).get(name)
    return rate_prior(
        config.filters[name],
        sun_altitude_deg,
        relative_sigma=config.prior_sigma if taught is None else tonight_sigma(taught),
        scale=config.nd_transmission.get(density, 1.0) * (1.0 if taught is None else taught.throughput),
        time_s=time_s,
        ambient_k=ambient_k,
    )


def level_plan(
    p: Parameters, direction: Literal["EVENING", "MORNING"], airmasses: tuple[float, ...], ndit: int
) -> LevelPlan:
    """The wish of a template whose parameters are `complete`, for plan and run alike; `ndit` without SEQ.TIME."""
    return LevelPlan(
        mode=p["SEQ.MODE"],
        direction=direction,
        target_fraction=p["SEQ.LEVEL.TARGET"],
        tolerance=p["SEQ.LEVEL.TOL"],
        max_fraction=p["SEQ.LEVEL.MAX"],
        airmasses=airmasses,
        levels=tuple(p["SEQ.LEVEL.LIST"]) or LevelPlan.levels,
        passes=p["SEQ.NEXPO"],
        integration_s=p["SEQ.TIME"] or None,
        sun_limits_deg=(p["SEQ.SUNALT.MIN"], p["SEQ.SUNALT.MAX"]),
        fixed_ndit=ndit,
        dit_step=p["SEQ.DIT.STEP"],
    )
