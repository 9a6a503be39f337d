"""Loading an observing block with its deployment and instrument, and validating it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sequencer.observing import Validation


def check(ob: str, deployment_name: str, start_s: float | None, until_s: float | None) -> Validation:
    """Validate an observing block for a deployment. The night is that of `start_s`, else of the deployment's
    start where every device is simulated, else tonight's. Raises ConfigErrors when a file cannot be used at all.
    """
    from sequencer.clock import WallClock
    from sequencer.config import load_deployment, load_instrument
    from sequencer.config.search import find_config
    from sequencer.config.times import simulated_start_s
    from sequencer.observing import load_ob, validate

    deployment = load_deployment(deployment_name)
    instrument = load_instrument(deployment.instrument)
    if start_s is None:
        start_s = simulated_start_s(deployment)
    now_s = WallClock().now() if start_s is None else start_s
    block = load_ob(find_config("obs", ob))
    return validate(block, deployment, instrument, start_s=start_s, until_s=until_s, now_s=now_s)
