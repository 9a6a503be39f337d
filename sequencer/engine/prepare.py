"""Before anything moves: load block, deployment, instrument and site, and say all that is wrong at once."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from sequencer.acquisition import map_problem
from sequencer.clock import Clock, ScaledClock, WallClock
from sequencer.config import load_deployment, load_instrument, load_site
from sequencer.config.models import Deployment, Instrument, SiteConfig
from sequencer.config.problems import Problem, ordered
from sequencer.config.times import impossible, simulated_start_s
from sequencer.config.yaml_reader import Located
from sequencer.engine.clocks import Named, choose_clock
from sequencer.engine.headers_ahead import HeadersAhead
from sequencer.engine.request import BadInput, RunRequest
from sequencer.figures import sizes_apart
from sequencer.observing import OB, Validation, load_ob, validate
from sequencer.observing.planning import Runs, read_taught
from sequencer.observing.planning.learned import Nights
from sequencer.sky import Site

NOTEBOOK_RATE = 100.0
"""Rate of the scaled clock of a notebook on simulated devices: a three-minute preset takes two seconds."""

SPARE_BYTES = 200_000_000
"""Disk wanted beyond the raw frames, for products, journal and report (assumed)."""


@dataclass(frozen=True)
class Prepared:
    """Everything a run needs to know before it begins. `simulate`: the simulators run in this process.

    `warnings` are what validation says the observer should know: they forbid nothing. `learned` is what earlier
    nights taught, `durations` how long things took in earlier runs, by `learned_file`. `reduces`: its frames go to the
    reduction.
    """

    request: RunRequest
    ob: OB
    deployment: Deployment
    instrument: Instrument
    site: Site
    place: SiteConfig
    clock: Clock
    started_s: float
    disk_bytes: int = 0
    simulate: bool = False
    learned: Nights = field(default_factory=dict)
    learned_file: Path | None = None
    durations: Runs = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    reduces: bool = True


def prepare(request: RunRequest) -> Prepared:
    """Load and check a block and where it is to run. Raises ConfigErrors and BadInput; touches no device."""
    deployment, instrument, place = load_place(request)
    started_s = start_time(request, deployment)
    if request.rehearsal:
        deployment = rehearsed(deployment)
    block, problems = load_ob(request.ob_path), list[str]()
    try:
        spec = "virtual" if request.rehearsal else request.clock_spec
        clock = choose_clock(spec, deployment, started_s, _named(request))
        started_s = clock.now()
    except BadInput as error:
        problems = error.problems
    checked = check_block(block, deployment, instrument, place, started_s, request.until_s)
    disk_problems = [] if request.rehearsal else _disk_problems(request, checked)
    if problems := [*map(str, checked.problems), *disk_problems, *problems]:
        raise BadInput(problems)
    file = learned_file(request, deployment, clock)
    taught = read_taught(file, deployment.name)
    return Prepared(
        request,
        checked.ob,
        deployment,
        instrument,
        sky_site(place),
        place,
        clock,
        clock.now(),
        checked.disk_bytes,
        simulate=clock.kind == "virtual",
        learned=taught.rates,
        learned_file=None if request.rehearsal else file,
        durations=taught.durations,
        warnings=tuple(warning.text for warning in checked.warnings),
        reduces=not request.rehearsal,
    )


def check_block(
    block: OB,
    deployment: Deployment,
    instrument: Instrument,
    place: SiteConfig,
    start_s: float,
    until_s: float | None = None,
) -> Validation:
    """The verdict on a block that starts then (Unix s UTC): what validation says, and what no header can hold."""
    checked = validate(block, deployment, instrument, start_s=start_s, until_s=until_s, now_s=start_s)
    ahead = HeadersAhead(instrument, deployment, sky_site(place), start_s)
    problems = [*checked.problems, *ahead.of_instrument()]
    return msgspec.structs.replace(checked, problems=ordered(problems or ahead.of_block(checked.ob)))


def prepare_script(request: RunRequest, name: str, *, own_loop: bool = True) -> Prepared:
    """Load and check where a script is to run. Raises ConfigErrors and BadInput; touches no device.

    `own_loop` False: in somebody else's event loop, where virtual time is not to be had; simulated devices then
    run by a scaled clock, in this process.
    """
    deployment, instrument, place = load_place(request)
    started_s = start_time(request, deployment)
    simulated = all(device.simulated for device in deployment.devices.values())
    here = simulated and not own_loop and not request.clock_spec
    if here:
        clock: Clock = ScaledClock(started_s, NOTEBOOK_RATE)
    else:
        clock = choose_clock(request.clock_spec, deployment, started_s, _named(request))
    if clock.kind == "virtual" and not own_loop:
        raise BadInput(
            ["virtual time needs an event loop of its own: use `sequencer script`, or another clock"]
        )
    wrong: list[Problem | str] = [
        text for one in instrument.detectors.values() if (text := map_problem(one))
    ]
    wrong += HeadersAhead(instrument, deployment, sky_site(place), started_s).of_instrument()
    if wrong:
        raise BadInput(wrong)
    ob = OB(name, instrument.name, "", [], Located(name, {}, {}))
    file = learned_file(request, deployment, clock)
    taught = read_taught(file, deployment.name)
    return Prepared(
        request,
        ob,
        deployment,
        instrument,
        sky_site(place),
        place,
        clock,
        clock.now(),
        simulate=here or clock.kind == "virtual",
        learned=taught.rates,
        learned_file=file,
        durations=taught.durations,
    )


def load_place(request: RunRequest) -> tuple[Deployment, Instrument, SiteConfig]:
    """Deployment (cut to the request's window), its instrument and site. Raises ConfigErrors."""
    deployment = load_deployment(request.deployment)
    if request.window_px is not None:
        deployment = msgspec.structs.replace(deployment, window_px=request.window_px)
    instrument = load_instrument(deployment.instrument)
    return deployment, instrument, load_site(instrument.site)


def rehearsed(deployment: Deployment) -> Deployment:
    """The deployment a rehearsal runs on: every device simulated, no stage attached.

    Where real hardware is rehearsed the night is the one believed in: neither its sky nor the pace of the devices is
    drawn at random.
    """
    night = deployment.night
    if not all(device.simulated for device in deployment.devices.values()):
        night = msgspec.structs.replace(
            night, zero_point_sigma=0.0, sky_noise_sigma=0.0, twilight_scale_sigma=0.0, duration_sigma=0.0
        )
    devices = {
        name: msgspec.structs.replace(device, simulated=True) for name, device in deployment.devices.items()
    }
    return msgspec.structs.replace(deployment, devices=devices, night=night, stages={})


def sky_site(place: SiteConfig) -> Site:
    """The site as the sky's functions want it."""
    return Site(place.name, place.latitude_deg, place.longitude_deg, place.elevation_m)


def learned_file(request: RunRequest, deployment: Deployment, clock: Clock) -> Path | None:
    """The file of what nights teach: the one asked for; of real nights the deployment's own beside its runs."""
    if request.learned is not None or clock.kind != "wall":
        return request.learned
    return request.out / f"learned-{deployment.name}.yaml"


def _named(request: RunRequest) -> Named:
    return Named(request.deployment, request.start_s)


def start_time(request: RunRequest, deployment: Deployment) -> float:
    """When the run begins: as asked, else for simulated time the deployment's start, else now.

    Raises BadInput for a time at which nothing can be computed.
    """
    start_s = request.start_s
    if start_s is None and request.clock_spec != "wall":
        start_s = simulated_start_s(deployment)
    start_s = WallClock().now() if start_s is None else start_s
    if why := impossible(start_s):
        raise BadInput([f"the start: {why}"])
    return start_s


def _disk_problems(request: RunRequest, checked: Validation) -> list[str]:
    if request.out.exists() and not request.out.is_dir():
        return [f"{request.out}: is a file, not a folder for runs"]
    folder = next(path for path in (request.out, *request.out.resolve().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    need = checked.disk_bytes + SPARE_BYTES
    if need <= free:
        return []
    needed, there = sizes_apart(need, free)
    return [f"{request.out}: the block, with its products, needs about {needed} of disk, {there} are free"]
