"""The state machine of an observing block: which event and which operator verb is legal when."""

from __future__ import annotations

from sequencer.devices.charts import Chart, Transition

ENDED = ("Completed", "Stopped", "Aborted", "Failed", "Halted")
_UNDER_WAY = ("Running", "Paused", "Suspended")

OB_CHART = Chart(
    "observing block",
    ("Loaded", "Validated", *_UNDER_WAY, "Safing", *ENDED),
    (
        Transition("validate", ("Loaded",), "Validated"),
        Transition("start", ("Validated",), "Running"),
        Transition("pause", ("Running",), "Paused"),
        Transition("resume", ("Paused",), "Running"),
        Transition("suspend", ("Running",), "Suspended"),
        Transition("resume", ("Suspended",), "Running"),
        Transition("make_safe", _UNDER_WAY, "Safing"),
        Transition("halt", (*_UNDER_WAY, "Safing"), "Halted"),
        Transition("complete", ("Safing",), "Completed"),
        Transition("stop", ("Safing",), "Stopped"),
        Transition("abort", ("Safing",), "Aborted"),
        Transition("fail", ("Safing",), "Failed"),
    ),
)
"""An observing block. `suspend` is an interlock's; the operator's verbs are checked in `control`."""
