"""An instrument under somebody's hands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sequencer.engine.context import RunContext
from sequencer.engine.observation import Observation
from sequencer.engine.request import BadInput
from sequencer.engine.runner import begin_template, load_procedure
from sequencer.engine.scripting.detector import Detector
from sequencer.engine.scripting.devices import Device, Sources, Telescope
from sequencer.observing import compose_ob, validate


class UnknownCamera(KeyError):
    """There is no detector for this camera; the text lists those there are."""

    def __str__(self) -> str:
        """The text itself: KeyError would quote it."""
        return str(self.args[0])


class Detectors(dict[str, Detector]):
    """The detectors of a scripted run by camera. Raises UnknownCamera for any other name."""

    def __missing__(self, camera: str) -> Detector:
        raise UnknownCamera(f"no camera {camera}; there are {', '.join(self) or 'none'}")


class Hands:
    """An instrument under somebody's hands, with the devices of its deployment; detectors by camera name."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.observation = Observation(context, protect=False)
        devices, step = context.devices, self.observation.step
        self.telescope = Telescope(context, step)
        self.mechanisms = Device("mechanisms", step, devices.mechanisms)
        self.sources = Sources(context, step)
        self.site = Device("site", step, devices.site)
        self.cover = Device("cover", step, context.cover)
        self.shutter = Device("shutter", step, context.shutter)
        self.detectors = Detectors(
            {camera: Detector(context, self.observation.exposer, camera) for camera in devices.detectors}
        )

    def __repr__(self) -> str:
        run = self.context
        roles = ("telescope", "mechanisms", "sources", "site", "cover", "shutter")
        there = ", ".join(role for role in roles if getattr(self, role))
        return (
            f"<{run.instrument.name} on {run.deployment.name}, by a {run.clock.kind} clock, into {run.run_dir}: "
            f"{there}; detectors {', '.join(self.detectors)}>"
        )

    @property
    def run_dir(self) -> Path:
        """Folder of the run."""
        return self.context.run_dir

    async def run(self, template: str, parameters: dict[str, Any]) -> None:
        """Run one template with parameters, checked like a block's. Raises BadInput."""
        run = self.context
        ob = compose_ob("script", run.instrument.name, [(template, parameters)])
        checked = validate(ob, run.deployment, run.instrument, now_s=run.clock.now(), until_s=run.until_s)
        if checked.problems:
            raise BadInput(checked.problems)
        call = checked.ob.templates[0]
        begin_template(run, call)
        await load_procedure(call).run(Observation(run, call), call.parameters)
        run.log("template_done", index=run.template_index, name=call.name, outcome="completed")
        run.begin_by_hand()
