"""What every device server does, whatever its kind: errors, recovery, interruption, reading back."""

import asyncio
from itertools import pairwise

import msgspec
import pytest
from contract.hardware import QuickShutter

from sequencer.clock import VirtualClock
from sequencer.devices.charts import BUSY, ERROR, IDLE, NOT_READY
from sequencer.devices.commands import COMMON, CommandSpec, not_finite
from sequencer.devices.shutter import ShutterClient, ShutterServer
from sequencer.wire.errors import CommandAborted, DeviceError, Rejected
from sequencer.wire.messages import Command

from .support import START_S, failed, follow, refused, run


def test_a_command_without_method_fails_at_construction():
    class Forgetful(QuickShutter):
        commands = COMMON | {"polish": CommandSpec(), "wax": CommandSpec()}

    with pytest.raises(TypeError, match="do_polish, do_wax"):
        Forgetful("device", "inproc://device", VirtualClock(START_S))


def test_a_hook_that_must_be_there_fails_at_construction():
    class Blind(ShutterServer):
        async def move_to(self, position):
            pass

    with pytest.raises(TypeError, match="read_position"):
        Blind("device", "inproc://device", VirtualClock(START_S))


def test_an_unexpected_error_ends_in_error_and_recover_leads_out():
    async def scenario(client, server):
        server.broken = ZeroDivisionError("a bug")
        await failed(client.open(), "internal", "ZeroDivisionError", "a bug")
        assert client.state.chart == ERROR
        assert "a bug" in client.state.error
        await refused(client.open(), "illegal_state", ERROR, "recover")
        server.broken = None
        await client.recover()
        assert (client.state.chart, client.state.error) == (IDLE, "")
        await client.safe()
        assert client.is_safe

    run("shutter", scenario)


def test_hardware_that_does_not_arrive_is_an_error_not_a_success():
    async def scenario(client, server):
        server.jammed = True
        await failed(client.open(), "not_reached", "OPEN")
        assert not client.is_safe
        await failed(client.safe(), "not_reached", "CLOSED")
        server.jammed = False
        await client.safe()
        assert client.is_safe
        assert client.state.chart == ERROR

    run("shutter", scenario)


def test_bring_up_leads_out_of_error():
    async def scenario(client, server):
        server.broken = DeviceError("e17", "limit switch")
        await failed(client.open(), "e17", "limit switch")
        server.broken = None
        await client.bring_up()
        assert client.state.chart == IDLE

    run("shutter", scenario)


def test_hardware_that_cannot_be_read_is_not_reachable_not_safe_and_says_so_at_start():
    async def scenario(client, server):
        assert client.state.chart == ERROR
        assert "does not answer" in client.state.error
        assert not client.state.reachable
        assert not client.is_safe
        server.line.deaf = False
        await client.bring_up()
        await client.safe()
        assert client.is_safe
        server.line.deaf = True
        await failed(client.stop(), "silent")
        assert client.state.position == "CLOSED"
        assert not client.state.reachable
        assert not client.is_safe

    run("dome shutter", scenario, up=False, prepare=lambda server: setattr(server.line, "deaf", True))


def test_polling_finds_what_somebody_did_by_hand_and_a_dead_line():
    async def scenario(client, server):
        positions = follow(client, "position")
        server.line.status = "OPENED"
        await client.clock.sleep(server.poll_s + 1.0, "test")
        assert positions == ["CLOSED", "OPEN"]
        server.line.status = "HALTED"
        await client.clock.sleep(server.poll_s, "test")
        assert positions[-1] == "CLOSING"
        server.line.deaf = True
        await client.clock.sleep(server.poll_s, "test")
        assert client.state.chart == ERROR
        assert not client.state.reachable

    run("dome shutter", scenario)


def test_polling_keeps_out_of_a_command():
    async def scenario(client, server):
        positions = follow(client, "position")
        await client.open()
        await client.close()
        assert positions == ["CLOSED", "OPENING", "OPEN", "CLOSING", "CLOSED"]

    def prepare(server):
        server.poll_s = 0.25

    run("dome shutter", scenario, prepare=prepare)


def test_work_stopped_before_it_began_never_begins():
    async def scenario(client, server):
        work, stop = Command(id="w", cmd="open"), Command(id="s", cmd="stop")
        server.check(work)
        with pytest.raises(Rejected, match="running"):
            server.check(Command(id="x", cmd="close"))
        server.check(stop)
        assert await server.run(stop, print) == {}
        with pytest.raises(CommandAborted, match="before it began"):
            await server.run(work, print)
        assert server.state.position == "CLOSED"

    run("shutter", scenario)


def test_stop_interrupts_making_safe_and_all_who_wait_for_it_hear_of_it():
    async def scenario(client, server):
        await client.open()
        safes = [asyncio.ensure_future(client.safe()) for _ in range(2)]
        await client.clock.sleep(1.0, "test")
        assert client.state.chart == BUSY
        await client.stop()
        ends = await asyncio.gather(*safes, return_exceptions=True)
        assert [type(end) for end in ends] == [CommandAborted, CommandAborted]
        assert client.state.position == "CLOSING"
        assert not client.is_safe
        await client.safe()
        assert client.is_safe

    run("shutter", scenario)


def test_two_who_interrupt_at_once_both_get_their_way():
    async def scenario(client, server):
        work = asyncio.ensure_future(client.open())
        await client.clock.sleep(1.0, "test")
        ends = await asyncio.gather(client.stop(), client.safe(), work, return_exceptions=True)
        assert isinstance(ends[2], CommandAborted)
        assert ends[0] is None
        assert ends[1] is None or isinstance(ends[1], CommandAborted)
        assert client.state.chart == IDLE

    run("shutter", scenario)


def test_hardware_code_that_will_not_let_go_is_named():
    async def scenario(client, server):
        gate = asyncio.get_running_loop().create_future()

        async def stubborn(position):
            while not gate.done():
                try:
                    await client.clock.sleep(1.0, "stubborn")
                except asyncio.CancelledError:
                    continue
            server.at = position

        server.move_to = stubborn
        work = asyncio.ensure_future(client.open())
        await client.clock.sleep(1.0, "test")
        await failed(client.stop(), "stuck", "open")
        gate.set_result(None)
        await work
        assert client.state.position == "OPEN"

    run("shutter", scenario)


def test_failed_stop_of_interrupted_hardware_is_a_failure_not_an_abort():
    async def scenario(client, server):
        async def no_brake():
            raise DeviceError("brake", "the brake does not hold")

        server.halt = no_brake
        work = asyncio.ensure_future(client.open())
        await client.clock.sleep(1.0, "test")
        await failed(client.stop(), "brake")
        await failed(work, "brake")
        assert client.state.chart == ERROR
        assert "brake" in client.state.error

    run("shutter", scenario)


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), float("-inf")])
def test_information_that_is_no_number_is_left_out_by_name_until_it_is_one_again(nonsense):
    async def scenario(client, server):
        unread = follow(client, "unread")
        server.pointing = server.pointing._replace(ambient_k=nonsense)
        await client.preset(altitude_deg=80.0, azimuth_deg=10.0)
        assert (client.state.chart, client.state.ambient_k, client.state.altitude_deg) == (IDLE, None, 80.0)
        server.pointing = server.pointing._replace(ambient_k=281.0)
        await client.stop()
        assert (client.state.ambient_k, unread) == (281.0, [[], ["ambient_k"], []])

    run("telescope", scenario)


def test_information_may_be_no_number_from_the_beginning():
    async def scenario(client, server):
        assert (client.state.chart, client.state.unread) == (IDLE, ["ambient_k"])

    def prepare(server):
        server.pointing = server.pointing._replace(ambient_k=float("nan"))

    run("telescope", scenario, prepare=prepare)


@pytest.mark.parametrize("name", ["altitude_deg", "azimuth_deg", "ra_deg", "dec_deg"])
def test_a_position_that_is_no_number_is_an_error_and_not_safe(name):
    async def scenario(client, server):
        server.pointing = server.pointing._replace(**{name: float("nan")})
        with pytest.raises(DeviceError, match=name):
            await client.stop()
        assert (client.state.chart, client.is_safe) == (ERROR, False)

    run("telescope", scenario)


def test_a_progress_that_is_no_number_ends_no_command():
    async def scenario(client, server):
        async def integrate(shot, elapsed):
            elapsed(float("nan"))
            await client.clock.sleep(200.0, "test")

        server.integrate = integrate
        heard = []
        await client.expose("x", 1.0, 1, on_progress=heard.append)
        assert [word.current for word in heard] == [0.0] * len(heard) != []

    run("detector", scenario)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [("telescope", "ambient_k", 280.0), ("detector", "temperature_k", 40.0), ("site", "pressure_hpa", 700.0)],
)
def test_every_kind_may_lack_what_is_information(kind, name, value):
    async def scenario(client, server):
        server.update(**{name: float("nan")})
        await client.clock.sleep(0.1, "test")
        assert (getattr(client.state, name), client.state.unread) == (None, [name])
        server.update(**{name: value})
        await client.clock.sleep(0.1, "test")
        assert (getattr(client.state, name), client.state.unread) == (value, [])

    run(kind, scenario)


def test_a_source_whose_thermometer_gives_no_number_is_still_switched():
    async def scenario(client, server):
        await client.switch("BB", True, temperature_k=1000.0)
        server.at["BB"] = msgspec.structs.replace(server.at["BB"], temperature_k=float("nan"))
        await client.stop()
        assert (client.state.sources["BB"].temperature_k, client.state.sources["BB"].on) == (None, True)
        assert client.state.unread == ["sources.BB.temperature_k"]
        await client.safe()
        assert client.is_safe

    run("sources", scenario)


def test_hardware_that_hangs_when_it_is_read_is_not_reachable_and_blocks_no_command_for_ever():
    async def scenario(client, server):
        async def hang():
            await asyncio.get_running_loop().create_future()

        server.read_weather = hang
        await failed(client.safe(), "silent", "not answered for 30 s")
        assert (client.state.reachable, client.state.chart) == (False, ERROR)

    run("site", scenario)


def test_nothing_is_published_when_nothing_changed():
    async def scenario(client, server):
        number = client.link.state_seq
        server.update(position=client.state.position)
        server.publish()
        await client.clock.sleep(1.0, "test")
        assert client.link.state_seq == number
        server.update(error="something")
        await client.clock.sleep(1.0, "test")
        assert client.link.state_seq == number + 1

    run("shutter", scenario)


def test_a_reading_under_way_when_a_command_comes_is_finished_first():
    async def scenario(client, server):
        positions = follow(client, "position")
        polls = []

        async def slow():
            found = server.at
            polled = server.state.chart != BUSY
            if polled:
                polls.append(client.clock.now())
            await client.clock.sleep(2.0 if polled else 0.1, "slow line")
            return found

        server.read_position = slow
        while not polls:
            await client.clock.sleep(0.5, "test")
        await client.open()
        assert positions == ["CLOSED", "OPENING", "OPEN"]

    run("shutter", scenario, prepare=lambda server: setattr(server, "poll_s", 10.0))


def test_after_a_failure_everything_is_stopped():
    async def scenario(client, server):
        halts = []

        async def halt():
            halts.append(client.state.chart)

        server.halt = halt
        server.broken = DeviceError("e1", "limit switch")
        await failed(client.open(), "e1")
        assert len(halts) == 1

    run("shutter", scenario)


def test_numbers_that_are_not_finite_are_refused_by_name():
    async def scenario(client, server):
        for wrong, words in ((float("inf"), "dit_s is not a finite number"), (float("nan"), "dit_s")):
            with pytest.raises(Rejected, match=words):
                server.examine("expose", {"exposure": "x", "dit_s": wrong, "ndit": 1})
        assert not_finite({"a": [1.0, {"b": float("inf")}], "c": 2.0}) == "$.a.1.b"
        assert not_finite({"a": [1.0, "inf"], "c": None}) == ""

    run("detector", scenario)


def test_state_of_another_kind_is_an_error_not_a_guess():
    async def scenario(client, server):
        heard = []
        client.on_state(heard.append)
        server.server.publish({"chart": NOT_READY, "error": "", "simulated": True, "position": "AJAR"})
        await client.clock.sleep(1.0, "test")
        with pytest.raises(DeviceError, match="shutter"):
            _ = client.state
        assert heard == []

    run("shutter", scenario)


def test_every_published_chart_follows_the_device_chart():
    async def scenario(client, server):
        charts = follow(client, "chart")
        await client.open()
        await client.safe()
        await client.disable()
        await client.enable()
        steps = set(pairwise(charts))
        assert steps == {
            (IDLE, BUSY), (BUSY, IDLE), (IDLE, "NotOperational.Ready"), ("NotOperational.Ready", IDLE),
        }  # fmt: skip

    run("shutter", scenario)


def test_a_client_that_is_not_connected_says_so():
    client = ShutterClient("device", "inproc://device", VirtualClock(START_S))
    with pytest.raises(RuntimeError, match="device is not connected"):
        _ = client.simulated
