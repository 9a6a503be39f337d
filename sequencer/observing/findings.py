"""What the rules of validation share: the OB under test, its surroundings, and the list of findings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sequencer.config.models import Deployment, Instrument
from sequencer.config.problems import Problem
from sequencer.observing.block import OB, TemplateCall


@dataclass(frozen=True)
class Night:
    """When the OB is to run, Unix seconds UTC; `until_s` is infinite where no end is set."""

    start_s: float
    until_s: float = math.inf


@dataclass
class Findings:
    """Problems and warnings of one OB on one instrument."""

    ob: OB
    instrument: Instrument
    deployment: Deployment
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def problem(self, call: TemplateCall, parameter: str, text: str) -> None:
        """Note what forbids the OB to run."""
        self.problems.append(self.ob.problem(call, parameter, text))

    def warning(self, call: TemplateCall, parameter: str, text: str) -> None:
        """Note what an observer should know beforehand."""
        self.warnings.append(self.ob.problem(call, parameter, text))
