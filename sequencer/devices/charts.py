"""State charts as data tables, run by `transitions` and drawn as Mermaid.

The tables are the one source: servers ask them what is legal, the documentation is rendered from them.
Only the synchronous `Machine` is used (the asynchronous one swallows a cancellation), without its automatic
`to_<state>` triggers, and wrapped so that anything but a legal trigger raises.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import transitions

NOT_READY = "NotOperational.NotReady"
READY = "NotOperational.Ready"
IDLE = "Operational.Idle"
BUSY = "Operational.Busy"
ERROR = "Error"


class Transition(NamedTuple):
    """`trigger` leads from any of `sources` to `dest`; an empty `dest` stays where it is."""

    trigger: str
    sources: tuple[str, ...]
    dest: str


class Chart(NamedTuple):
    """A state chart: flat state names, the first one drawn as the beginning."""

    name: str
    states: tuple[str, ...]
    transitions: tuple[Transition, ...]


class IllegalTrigger(Exception):
    """The trigger is not legal in the present state; `legal` lists those that are."""

    def __init__(self, chart: str, state: str, trigger: str, legal: list[str]) -> None:
        self.chart, self.state, self.trigger, self.legal = chart, state, trigger, legal
        super().__init__(
            f"{chart}: {trigger} is not legal in {state} (legal: {', '.join(legal) or 'nothing'})"
        )


class StateChart:
    """One running state chart; the state changes by `fire` alone."""

    def __init__(self, chart: Chart, state: str = "") -> None:
        self.chart = chart
        self._model = _Model()
        self._machine = transitions.Machine(
            model=self._model,
            states=list(chart.states),
            transitions=[
                {"trigger": t.trigger, "source": list(t.sources), "dest": t.dest or "="}
                for t in chart.transitions
            ],
            initial=state or chart.states[0],
            auto_transitions=False,
        )

    @property
    def state(self) -> str:
        """Name of the present state."""
        return str(self._model.state)

    def triggers(self) -> list[str]:
        """Triggers that are legal now, in the order of the table."""
        legal = set(self._machine.get_triggers(self.state))
        return [name for name in dict.fromkeys(t.trigger for t in self.chart.transitions) if name in legal]

    def legal(self, trigger: str) -> bool:
        """Whether `fire(trigger)` would succeed now."""
        return trigger in self._machine.get_triggers(self.state)

    def fire(self, trigger: str) -> str:
        """Take the transition and return the new state; raises `IllegalTrigger`."""
        if not self.legal(trigger) or self._model.trigger(trigger) is not True:
            raise IllegalTrigger(self.chart.name, self.state, trigger, self.triggers())
        return self.state


class _Model:
    """What `transitions` gives its state and triggers; kept apart so that nobody sets the state."""

    state: str
    trigger: Any


_ANY_DEVICE = (NOT_READY, READY, IDLE, BUSY, ERROR)

DEVICE = Chart(
    "device",
    _ANY_DEVICE,
    (
        Transition("init", (NOT_READY,), READY),
        Transition("enable", (READY,), IDLE),
        Transition("work", (IDLE,), BUSY),
        Transition("done", (BUSY,), IDLE),
        Transition("stop", (IDLE, BUSY), IDLE),
        Transition("stop", (ERROR,), ERROR),
        Transition("safe", (IDLE, BUSY), BUSY),
        Transition("safe", (NOT_READY, READY, ERROR), ""),
        Transition("disable", (IDLE,), READY),
        Transition("reset", (READY, IDLE, ERROR), NOT_READY),
        Transition("fail", _ANY_DEVICE, ERROR),
        Transition("recover", (ERROR,), IDLE),
    ),
)
"""Every device. `work`, `done` and `fail` are the server's own; the others are commands."""

_SHUTTER = ("CLOSED", "OPENING", "OPEN", "CLOSING")

SHUTTER = Chart(
    "shutter",
    _SHUTTER,
    (
        Transition("open", _SHUTTER, "OPENING"),
        Transition("close", _SHUTTER, "CLOSING"),
        Transition("found_open", _SHUTTER, "OPEN"),
        Transition("found_closed", _SHUTTER, "CLOSED"),
        Transition("found_between", ("CLOSED", "OPENING"), "OPENING"),
        Transition("found_between", ("OPEN", "CLOSING"), "CLOSING"),
    ),
)
"""A shutter. `found_...` is what a read-back says; a blade stopped on its way stays OPENING or CLOSING."""

_COVER = ("CLOSED", "OPENING", "OPEN", "CLOSING", "PARTIAL")

COVER = Chart(
    "cover",
    _COVER,
    (
        Transition("open", _COVER, "OPENING"),
        Transition("close", _COVER, "CLOSING"),
        Transition("found_open", _COVER, "OPEN"),
        Transition("found_closed", _COVER, "CLOSED"),
        Transition("found_between", _COVER, "PARTIAL"),
    ),
)
"""A cover of one or more halves. PARTIAL: the halves differ, or one stands between its ends."""

_EXPOSING = ("INTEGRATING", "READING", "TRANSFERRING")

DETECTOR = Chart(
    "detector",
    ("IDLE", *_EXPOSING),
    (
        Transition("expose", ("IDLE",), "INTEGRATING"),
        Transition("read", ("INTEGRATING",), "READING"),
        Transition("again", ("READING",), "INTEGRATING"),
        Transition("transfer", ("READING",), "TRANSFERRING"),
        Transition("done", ("READING", "TRANSFERRING"), "IDLE"),
        Transition("configure", ("IDLE",), "IDLE"),
        Transition("abort", ("IDLE", *_EXPOSING), "IDLE"),
    ),
)
"""A detector. IDLE is continuous reset; `again` leads from a settling read to the next integration."""

CHARTS = (DEVICE, SHUTTER, COVER, DETECTOR)


def mermaid(chart: Chart) -> str:
    """The chart as a Mermaid `stateDiagram-v2`, one line a transition."""
    names = {state: state.replace(".", "_") for state in chart.states}
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{state}" as {name}' for state, name in names.items() if state != name]
    lines.append(f"    [*] --> {names[chart.states[0]]}")
    for transition in chart.transitions:
        for source in transition.sources:
            dest = transition.dest or source
            lines.append(f"    {names[source]} --> {names[dest]}: {transition.trigger}")
    return "\n".join(lines)
