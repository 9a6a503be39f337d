"""State charts: legal or refused, nothing else; drawn into the documentation from the same tables."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.devices.chart_page import render_page
from sequencer.devices.charts import (
    CHARTS,
    DEVICE,
    SHUTTER,
    Chart,
    IllegalTrigger,
    StateChart,
    Transition,
    mermaid,
)
from sequencer.engine.states import OB_CHART

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "state-charts.md"
TRIGGERS = sorted({t.trigger for chart in CHARTS for t in chart.transitions} | {"", "to_Error", "nonsense"})


def destination(chart, state, trigger):
    """Where the table says the trigger leads; None if nowhere."""
    for transition in chart.transitions:
        if transition.trigger == trigger and state in transition.sources:
            return transition.dest or state
    return None


@given(st.sampled_from(CHARTS), st.data())
def test_every_trigger_in_every_state_moves_as_the_table_says_or_raises(chart, data):
    state = data.draw(st.sampled_from(chart.states))
    trigger = data.draw(st.sampled_from(TRIGGERS))
    running = StateChart(chart, state)
    wanted = destination(chart, state, trigger)
    assert running.legal(trigger) == (wanted is not None)
    if wanted is None:
        with pytest.raises(IllegalTrigger) as refusal:
            running.fire(trigger)
        assert refusal.value.legal == running.triggers()
        assert running.state == state
    else:
        assert running.fire(trigger) == wanted == running.state


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_every_state_can_be_reached_and_none_is_ambiguous(chart):
    reached = {chart.states[0]}
    for _ in chart.states:
        reached |= {t.dest for t in chart.transitions if t.dest and reached & set(t.sources)}
    assert reached == set(chart.states)
    pairs = [(t.trigger, source) for t in chart.transitions for source in t.sources]
    assert len(pairs) == len(set(pairs))


def test_safe_is_legal_in_every_device_state():
    assert all(StateChart(DEVICE, state).legal("safe") for state in DEVICE.states)


def test_chart_begins_at_its_first_state_and_state_cannot_be_set():
    chart = StateChart(SHUTTER)
    assert chart.state == "CLOSED"
    with pytest.raises(AttributeError):
        chart.state = "OPEN"


def test_message_names_state_and_what_is_legal():
    with pytest.raises(
        IllegalTrigger, match=r"device: enable is not legal in NotOperational.NotReady.*init, safe"
    ):
        StateChart(DEVICE).fire("enable")


def test_mermaid_draws_every_transition_and_hides_dots():
    chart = Chart(
        "lamp",
        ("Off.Cold", "On"),
        (Transition("switch", ("Off.Cold",), "On"), Transition("hum", ("On",), "")),
    )
    assert mermaid(chart).splitlines() == [
        "stateDiagram-v2",
        '    state "Off.Cold" as Off_Cold',
        "    [*] --> Off_Cold",
        "    Off_Cold --> On: switch",
        "    On --> On: hum",
    ]


def test_reference_page_is_what_the_tables_say():
    rendered = render_page((*CHARTS, OB_CHART))
    assert PAGE.read_text() == rendered, "write it anew: python tests/devices/test_charts.py"


if __name__ == "__main__":
    PAGE.write_text(render_page((*CHARTS, OB_CHART)))
