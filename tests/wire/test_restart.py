"""A device that was restarted behind a client's back: told, made safe all the same, known anew when asked for."""

from __future__ import annotations

from typing import Any

import pytest

from sequencer.clock import ScaledClock, WallClock
from sequencer.wire.client import Client
from sequencer.wire.errors import Rejected
from sequencer.wire.messages import Ack, Final
from sequencer.wire.server import Server

from .support import EPOCH_S, Rig, Toy, every_transport, on


async def restart(rig: Rig) -> Server:
    """The toy's server ends and another one takes its address."""
    endpoint = rig.server.endpoint
    await rig.server.stop()
    return await rig.serve(rig.new_server(endpoint, Toy(rig.clock)))


def test_a_command_for_the_earlier_boot_is_refused_and_the_restart_told() -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client("night")
        told: list[str] = []
        client.on_restart = lambda: told.append(client.name)
        await restart(rig)
        with pytest.raises(Rejected) as refusal:
            await client.call("echo", {"n": 1})
        assert refusal.value.reason == "wrong_boot"
        assert told == ["toy"]
        assert client.restarted

    on("ipc", main, clock=WallClock())


def test_who_rejoins_follows_the_new_boot_and_owns_it() -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client("night")
        server = await restart(rig)
        await client.call("stop")  # obeyed by whoever has taken the place
        await client.rejoin()
        assert not client.restarted
        assert await client.call("set", {"value": 7}) == {}
        assert client.state["value"] == 7
        assert client.hello is not None
        assert client.hello.boot_id == server.boot_id
        with pytest.raises(Rejected, match="is commanded by night"):
            await (await rig.client()).call("echo")

    on("ipc", main, clock=WallClock())


@every_transport
@pytest.mark.parametrize(
    "wrong",
    [{"boot_id": "an earlier one"}, {"expires_s": EPOCH_S - 100.0}, {"lease": None}],
    ids=["boot", "time", "lease"],
)
def test_stop_is_never_refused(transport: str, wrong: dict[str, Any]) -> None:
    async def main(rig: Rig) -> None:
        await rig.client("night")
        peer = rig.peer()
        command = peer.command("stop", {}, **wrong)
        await peer.send(command)
        assert (await peer.until(command, Ack)).accepted
        assert (await peer.until(command, Final)).outcome == "completed"

    on(transport, main)


def test_a_client_by_another_clock_is_not_too_late_by_its_own() -> None:
    """An operator lives by the wall, the sequencer he talks to by a scaled clock that began years from now."""

    async def main(rig: Rig) -> None:
        server = await rig.serve(
            rig.new_server("inproc://desk", Toy(rig.clock), name="desk", kind="sequencer", simulated=False)
        )
        for_long = Client("desk", server.endpoint, WallClock(), context=rig.context)
        rig.keep(for_long.close)
        await for_long.connect()
        assert await for_long.call("echo", {"n": 1}) == {"n": 1}

    on("inproc", main, clock=ScaledClock(EPOCH_S * 2.0, 50.0))
