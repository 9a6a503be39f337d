"""Load an instrument, a site or a deployment by name or path; everything wrong with it is said at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from sequencer.config.deployment_checks import check_deployment, check_site
from sequencer.config.instrument_checks import check_instrument
from sequencer.config.models import Deployment, Instrument, SiteConfig
from sequencer.config.problems import ConfigErrors, Problem
from sequencer.config.search import find_config
from sequencer.config.structure import convert
from sequencer.config.yaml_reader import Located, read_yaml

T = TypeVar("T")


def load_instrument(name_or_path: str | Path) -> Instrument:
    """Return an instrument whose site can be loaded, its paths absolute. Raises ConfigErrors, the site's too."""

    def check(instrument: Instrument, located: Located) -> list[Problem]:
        problems = check_instrument(instrument, located)
        try:
            load_site(instrument.site)
        except ConfigErrors as errors:
            problems += _of_other_file(located, "site", errors)
        return problems

    instrument = _load("instruments", name_or_path, Instrument, check)
    folder = find_config("instruments", name_or_path).parent.resolve()
    detectors = {
        camera: replace(one, bad_pixel_map=str(folder / one.bad_pixel_map)) if one.bad_pixel_map else one
        for camera, one in instrument.detectors.items()
    }
    return replace(instrument, detectors=detectors)


def load_site(name_or_path: str | Path) -> SiteConfig:
    """Return a site. Raises ConfigErrors."""
    return _load("sites", name_or_path, SiteConfig, check_site)


def load_deployment(name_or_path: str | Path) -> Deployment:
    """Return a deployment, checked against its instrument. Raises ConfigErrors, the instrument's too."""

    def check(deployment: Deployment, located: Located) -> list[Problem]:
        try:
            instrument = load_instrument(deployment.instrument)
        except ConfigErrors as errors:
            return _of_other_file(located, "instrument", errors)
        return check_deployment(deployment, instrument, located)

    return _load("deployments", name_or_path, Deployment, check)


def _of_other_file(located: Located, key: str, errors: ConfigErrors) -> list[Problem]:
    """What is wrong with a file that this one names: where it is named, and at its own lines where it has any."""
    inside = [problem for problem in errors.problems if problem.line]
    missing = [f"{key}: {problem}" for problem in errors.problems if not problem.line]
    return [*(located.problem((key,), text) for text in missing or [f"{key}: cannot be loaded"]), *inside]


def _load(
    kind: str, name_or_path: str | Path, model: type[T], check: Callable[[T, Located], list[Problem]]
) -> T:
    located = read_yaml(find_config(kind, name_or_path))
    value, problems = convert(located, model)
    if value is not None:
        problems = check(value, located)
    if problems or value is None:
        raise ConfigErrors(problems)
    return value
