"""Promises about ending: stop, safe, and an owner who has fallen silent."""

from __future__ import annotations

from itertools import pairwise

from sequencer.devices.charts import BUSY, IDLE
from sequencer.devices.contract.bench import Bench, holds, refused, same
from sequencer.devices.contract.peer import PATIENCE_S
from sequencer.devices.state import DeviceState
from sequencer.wire.beat import LAPSE, beats_s
from sequencer.wire.messages import Final, Lease


async def silent_owner_makes_safe(bench: Bench) -> None:
    """When the owner of the lease has been silent for 15 beats, the device makes itself safe."""
    watcher = await bench.operational()
    charts: list[str] = []
    watcher.on_state(lambda state: charts.append(state.chart))
    peer = bench.peer()
    epoch = (await peer.result("claim", {"owner": "night"})).result["epoch"]
    await peer.send(peer.command(*bench.work(), lease=Lease("night", epoch)))
    await bench.until(watcher, lambda state: state.chart == BUSY)

    def made_safe(state: DeviceState) -> bool:
        begun = sum(now == BUSY != before for before, now in pairwise([IDLE, *charts]))
        return begun == 2 and state.chart == IDLE and state.is_safe

    await bench.until(watcher, made_safe, beats_s(bench.clock, LAPSE + 1.0) + PATIENCE_S)
    await peer.ask("release", lease=Lease("night", epoch))


async def safe_open_to_anyone(bench: Bench) -> None:
    """Anyone may command stop and safe, whoever holds the lease; the device then reads back safe."""
    owner = await bench.operational("night")
    refused("disable by somebody else", await bench.peer().ask("disable"), "not_owner")
    for cmd in ("stop", "safe"):
        same(f"end of {cmd} by somebody else", (await bench.peer().result(cmd)).outcome, "completed")
    await owner.stop()
    holds("it reads back safe", owner.is_safe)
    same("state afterwards", owner.state.chart, IDLE)


async def safe_in_every_state(bench: Bench) -> None:
    """The safe state can be commanded in every state of the chart, and leaves that state as it was."""
    client = await bench.operational()
    for step in (client.safe, client.disable, client.reset):
        await step()
        before = client.state.chart
        await client.safe()
        holds(f"it reads back safe when {before}", client.is_safe)
        same("state after safe", client.state.chart, before)


async def stop_interrupts(bench: Bench) -> None:
    """stop ends the work at once: the command ends aborted, naming stop; the device is Idle and can work again."""
    client = await bench.operational()
    peer, command = await bench.at_work(client)
    same("end of stop", (await bench.peer().result("stop")).outcome, "completed")
    final = await peer.until(command, Final)
    same(f"end of {command.cmd}", final.outcome, "aborted")
    holds(f"the end of {command.cmd} names stop", "stop" in final.text)
    same("state and error afterwards", (client.state.chart, client.state.error), (IDLE, ""))
    same("end of work after stop", (await peer.result(*bench.work())).outcome, "completed")


async def safe_interrupts(bench: Bench) -> None:
    """safe interrupts the work, and the device reads back safe when it returns."""
    client = await bench.operational()
    peer, command = await bench.at_work(client)
    await client.safe()
    same(f"end of {command.cmd}", (await peer.until(command, Final)).outcome, "aborted")
    holds("it reads back safe", client.is_safe)
    same("state afterwards", client.state.chart, IDLE)


async def safe_is_shared(bench: Bench) -> None:
    """Two who make the device safe at the same time do not disturb each other: both complete."""
    client = await bench.operational()
    cmd, args = bench.work()
    await client.link.call(cmd, args)
    one, two = bench.peer(), bench.peer()
    first, second = one.command("safe"), two.command("safe")
    await one.send(first)
    await two.send(second)
    ends = [(await one.until(first, Final)).outcome, (await two.until(second, Final)).outcome]
    same("ends of both", ends, ["completed"] * 2)
    holds("it reads back safe", client.is_safe)
