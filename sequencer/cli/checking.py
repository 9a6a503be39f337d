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
    from sequencer.config import load_deployment, load_instrument, load_site
    from sequencer.config.search import find_config
    from sequencer.config.times import simulated_start_s
    from sequencer.engine.prepare import check_block
    from sequencer.observing import load_ob

    deployment = load_deployment(deployment_name)
    instrument = load_instrument(deployment.instrument)
    if start_s is None:
        start_s = simulated_start_s(deployment)
    start_s = WallClock().now() if start_s is None else start_s
    block, place = load_ob(find_config("obs", ob)), load_site(instrument.site)
    return check_block(block, deployment, instrument, place, start_s, until_s)
