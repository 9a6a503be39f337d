"""Every command in every state of every kind: legal, or refused with a reason. Nothing else ever happens."""

import asyncio
from typing import get_args

import pytest
from contract.hardware import HARDWARE
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.clock import VirtualClock
from sequencer.devices.charts import BUSY, DEVICE, IDLE, StateChart
from sequencer.wire.errors import CommandAborted, DeviceError, Rejected
from sequencer.wire.messages import Reason

from .support import START_S, run

GOOD = {
    "preset": {"altitude_deg": 60.0, "azimuth_deg": 10.0},
    "track": {"on": True},
    "offset": {"altitude_arcsec": 5.0},
    "move": {"positions": {"INS.OPTI10.NAME": "Mp"}},
    "switch": {"name": "HeNe", "on": True},
    "configure": {"mode": "fast", "dit_s": 0.1, "ndit": 2},
    "expose": {"exposure": "x", "dit_s": 0.1, "ndit": 2},
}
"""Arguments that each command takes; the others take none."""

KINDS = st.sampled_from(sorted(HARDWARE))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
NAMES = st.sampled_from(
    ["altitude_deg", "on", "positions", "name", "dit_s", "ndit", "exposure", "halves"]
) | st.text(max_size=4)


def device(kind):
    return HARDWARE[kind]("device", "inproc://device", VirtualClock(START_S), simulated=True)


SERVERS = {kind: device(kind) for kind in HARDWARE}


def in_state(kind, data):
    """A server of this kind in some state of its charts."""
    server = SERVERS[kind]
    server.chart = StateChart(DEVICE, data.draw(st.sampled_from(DEVICE.states)))
    if server.own_chart is not None:
        server.own = StateChart(server.own_chart, data.draw(st.sampled_from(server.own_chart.states)))
    return server


def allowed(chart, trigger):
    """What the table says, read without the machine that the server asks."""
    return any(t.trigger == trigger and chart.state in t.sources for t in chart.chart.transitions)


@given(KINDS, st.data())
def test_good_arguments_are_legal_exactly_where_the_tables_say(kind, data):
    server = in_state(kind, data)
    cmd = data.draw(st.sampled_from(sorted(server.commands)))
    spec = server.commands[cmd]
    legal = allowed(server.chart, spec.trigger) and (
        not spec.own or spec.interrupts or allowed(server.own, spec.own)
    )
    if legal:
        found, _ = server.examine(cmd, GOOD.get(cmd, {}))
        assert found is spec
    else:
        with pytest.raises(Rejected) as refusal:
            server.examine(cmd, GOOD.get(cmd, {}))
        assert refusal.value.reason == "illegal_state"
        assert cmd in refusal.value.text


@given(KINDS, st.data())
def test_any_command_with_any_arguments_is_legal_or_refused_with_a_reason(kind, data):
    server = in_state(kind, data)
    cmd = data.draw(st.sampled_from(sorted(server.commands)) | st.text(max_size=8))
    args = data.draw(st.dictionaries(NAMES, VALUES, max_size=3)) | data.draw(
        st.sampled_from([{}, GOOD.get(cmd, {})])
    )
    before = (server.state, server.chart.state)
    try:
        server.examine(cmd, args)
    except Rejected as refusal:
        assert refusal.reason in get_args(Reason)
        assert refusal.text
    else:
        assert cmd in server.commands
    assert (server.state, server.chart.state) == before


STEPS = st.lists(
    st.tuples(st.sampled_from(["init", "enable", "disable", "reset", "recover", "stop", "safe", "open", "close"]),
              st.booleans(), st.sampled_from([0.0, 1.0, 3.0])),
    max_size=8,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_any_course_of_commands_ends_each_with_one_word_and_leaves_a_state_of_the_chart(steps):
    async def scenario(client, server):
        states = [client.state]
        client.on_state(states.append)
        for cmd, breaks, wait_s in steps:
            server.broken = DeviceError("e1", "breaks") if breaks else None
            legal = StateChart(DEVICE, client.state.chart).legal(server.commands[cmd].trigger)
            try:
                await client.command(cmd)
                assert legal
            except Rejected as refusal:
                assert refusal.reason == "illegal_state" and not legal
            except DeviceError as failure:
                assert breaks and failure.code == "e1" and client.state.chart == "Error"
            await client.clock.sleep(wait_s, "test")
            assert client.state.chart in DEVICE.states and client.state.chart != BUSY
        server.broken = None
        await client.safe()
        assert client.is_safe

    run("shutter", scenario)


OVERLAPPING = st.lists(st.tuples(st.sampled_from(["open", "close", "stop", "safe", "disable", "enable"]),
                                 st.sampled_from([0.0, 0.5, 1.5, 2.5])), max_size=8)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(OVERLAPPING)
def test_overlapping_commands_each_end_once_and_the_device_never_hangs(steps):
    async def scenario(client, server):
        running = []
        for cmd, wait_s in steps:
            running.append(asyncio.ensure_future(client.command(cmd)))
            await client.clock.sleep(wait_s, "test")
        ends = await asyncio.gather(*running, return_exceptions=True)
        assert all(isinstance(end, (dict, Rejected, CommandAborted)) for end in ends), ends
        assert client.state.chart != BUSY
        await client.bring_up()
        await client.safe()
        assert client.is_safe and client.state.chart == IDLE

    run("shutter", scenario)
