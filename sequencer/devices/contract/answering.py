"""Promises about answers: who it is, what it tells, and one end for every command."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from sequencer.devices.charts import BUSY, IDLE, NOT_READY, READY
from sequencer.devices.contract.bench import Bench, holds, refused, same
from sequencer.wire.messages import WIRE_VERSION, Ack, Final, Progress, StateEvent

RUBBISH = (b"", b"no json", b"[]", b'{"cmd":"stop"}', b"[" * 5000, b'{"id":7}', b"\xff\xfe")


async def says_who_it_is(bench: Bench) -> None:
    """hello tells kind, boot id, wire version, clock, and where events (and frames) are."""
    hello = (await bench.peer().result("hello")).result
    same("kind", hello["kind"], bench.kind)
    same("wire version", hello["wire_version"], WIRE_VERSION)
    for name in ("boot_id", "events_endpoint", "clock"):
        holds(f"hello tells the {name}", bool(hello[name]))
    holds("hello tells the kind of clock", bool(hello["clock"]["kind"]))
    same("has an endpoint for frames", bool(hello["frames_endpoint"]), bench.kind == "detector")


async def snapshot_then_updates(bench: Bench) -> None:
    """A new client has the whole typed state at once; every later event carries a higher number."""
    client = await bench.client()
    seen = [(client.link.state_seq, client.state)]
    client.on_state(lambda state: seen.append((client.link.state_seq, state)))
    if client.state.chart != NOT_READY:
        await client.reset()
    await client.init()
    await client.enable()
    same("states told on the way up", [state.chart for _, state in seen][-3:], [NOT_READY, READY, IDLE])
    numbers = [number for number, _ in seen]
    same("numbers of the events", numbers, sorted(set(numbers)))
    event = msgspec.convert((await bench.peer().result("snapshot")).result, StateEvent)
    same("snapshot", msgspec.convert(event.state, client.state_type, strict=True), client.state)
    same("boot id of the snapshot", event.boot_id, client.hello.boot_id)


async def life_cycle(bench: Bench) -> None:
    """reset, init, enable, disable lead through the chart; each is refused, with a reason, where it is not legal."""
    client = await bench.operational()
    await client.disable()
    same("state after disable", client.state.chart, READY)
    await client.reset()
    same("state after reset", client.state.chart, NOT_READY)
    for cmd in ("enable", "disable", "recover", "reset", "stop"):
        refused(cmd, await bench.peer().ask(cmd), "illegal_state", cmd, NOT_READY, "init")
    await client.init()
    await client.enable()
    same("state after init and enable", client.state.chart, IDLE)


async def exactly_one_final(bench: Bench) -> None:
    """A command is acknowledged first, may report progress, and ends once: nothing follows its final."""
    await bench.operational()
    peer = bench.peer()
    command = peer.command(*bench.work())
    await peer.send(command)
    final = await peer.until(command, Final)
    same(f"end of {command.cmd}", (final.outcome, final.text), ("completed", ""))
    await peer.ask("snapshot")
    kinds = [type(answer) for answer in peer.of(command)]
    same("first and last answer", (kinds[0], kinds[-1]), (Ack, Final))
    same("number of acknowledgements and ends", (kinds.count(Ack), kinds.count(Final)), (1, 1))
    numbers = [answer.n for answer in peer.of(command) if isinstance(answer, Progress)]
    same("numbers of the progress reports", numbers, list(range(1, len(numbers) + 1)))


async def effect_before_final(bench: Bench) -> None:
    """When a command returns, the client's mirror already holds its effect."""
    client = await bench.operational()
    charts: list[str] = []
    client.on_state(lambda state: charts.append(state.chart))
    cmd, args = bench.work()
    await client.link.call(cmd, args)
    same(f"states told during {cmd}, first and last", (charts[:1], charts[-1:]), ([BUSY], [IDLE]))
    same(f"state after {cmd}", client.state.chart, IDLE)


async def repeated_id_runs_once(bench: Bench) -> None:
    """The same command again, while it runs or after: the device does it once and gives the same answer."""
    client = await bench.operational()
    charts = [client.state.chart]
    client.on_state(lambda state: charts.append(state.chart))
    peer = bench.peer()
    command = peer.command(*bench.work())
    await peer.send(command)
    await peer.until(command, Ack)
    await peer.send(command)
    first = await peer.until(command, Final)
    await peer.send(command)
    second = await peer.until(command, Final)
    same("second end", second, first)
    same("end", first.outcome, "completed")
    same("times it was at work", sum(now == BUSY != before for before, now in pairwise(charts)), 1)


async def survives_rubbish(bench: Bench) -> None:
    """What is no command is refused if it has an id, dropped if it has none; the device lives on."""
    peer = bench.peer()
    for rubbish in RUBBISH:
        await peer.send_bytes(rubbish)
    named = peer.command("hello")
    bench.clock.hold(f"command:{named.id}")
    await peer.send_bytes(b'{"type":"command","id":"%s","cmd":"hello","args":7}' % named.id.encode())
    refused("a command whose arguments are a number", await peer.until(named, Ack), "bad_arguments")
    same("end of the next hello", (await peer.result("hello")).outcome, "completed")
