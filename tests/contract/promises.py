"""What the wire promises of every device. One function a promise; the first line says it, the bench proves it."""

import uuid
from itertools import pairwise

import msgspec

from sequencer.devices.charts import BUSY, IDLE, NOT_READY, READY
from sequencer.wire.beat import LAPSE, beats_s
from sequencer.wire.messages import WIRE_VERSION, Ack, Final, Lease, Progress, StateEvent

from .bench import PATIENCE_S, Bench


async def says_who_it_is(bench: Bench):
    """hello tells kind, boot id, wire version, clock, and where events (and frames) are."""
    hello = (await bench.peer().result("hello")).result
    assert hello["kind"] == bench.kind
    assert hello["wire_version"] == WIRE_VERSION
    assert hello["boot_id"] and hello["events_endpoint"] and hello["clock"]["kind"]
    assert bool(hello["frames_endpoint"]) == (bench.kind == "detector")


async def snapshot_then_updates(bench: Bench):
    """A new client has the whole typed state at once; every later event carries a higher number."""
    client = await bench.client()
    seen = [(client.link.state_seq, client.state)]
    client.on_state(lambda state: seen.append((client.link.state_seq, state)))
    await client.reset() if client.state.chart != NOT_READY else None
    await client.init()
    await client.enable()
    assert [state.chart for _, state in seen][-3:] == [NOT_READY, READY, IDLE]
    numbers = [number for number, _ in seen]
    assert numbers == sorted(set(numbers))
    event = msgspec.convert((await bench.peer().result("snapshot")).result, StateEvent)
    assert msgspec.convert(event.state, client.state_type, strict=True) == client.state
    assert event.boot_id == client.hello.boot_id


async def life_cycle(bench: Bench):
    """reset, init, enable, disable lead through the chart; each is refused, with a reason, where it is not legal."""
    client = await bench.operational()
    await client.disable()
    assert client.state.chart == READY
    await client.reset()
    assert client.state.chart == NOT_READY
    for cmd in ("enable", "disable", "recover", "reset", "stop"):
        refusal = await bench.peer().ask(cmd)
        assert (refusal.accepted, refusal.reason) == (False, "illegal_state")
        assert cmd in refusal.text and NOT_READY in refusal.text and "init" in refusal.text
    await client.init()
    await client.enable()
    assert client.state.chart == IDLE


async def exactly_one_final(bench: Bench):
    """A command is acknowledged first, may report progress, and ends once: nothing follows its final."""
    await bench.operational()
    peer = bench.peer()
    command = peer.command(*bench.work())
    await peer.send(command)
    final = await peer.until(command, Final)
    assert (final.outcome, final.text) == ("completed", "")
    await peer.ask("snapshot")
    kinds = [type(answer) for answer in peer.of(command)]
    assert kinds[0] is Ack and kinds[-1] is Final
    assert kinds.count(Ack) == kinds.count(Final) == 1
    assert [answer.n for answer in peer.of(command) if isinstance(answer, Progress)] == list(
        range(1, kinds.count(Progress) + 1)
    )


async def effect_before_final(bench: Bench):
    """When a command returns, the client's mirror already holds its effect."""
    client = await bench.operational()
    charts = []
    client.on_state(lambda state: charts.append(state.chart))
    cmd, args = bench.work()
    await client.link.call(cmd, args)
    assert charts[0] == BUSY and charts[-1] == IDLE == client.state.chart


async def repeated_id_runs_once(bench: Bench):
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
    assert first == second and first.outcome == "completed"
    assert sum(now == BUSY != before for before, now in pairwise(charts)) == 1


async def expired_deadline_refused(bench: Bench):
    """A command that arrives after its deadline is refused and does not move anything."""
    client = await bench.operational()
    cmd, args = bench.work()
    before = client.state
    refusal = await bench.peer().ask(cmd, args, expires_s=bench.clock.now() - 1.0)
    assert (refusal.accepted, refusal.reason) == (False, "expired")
    assert client.state == before


async def wrong_boot_refused(bench: Bench):
    """A command meant for another incarnation of the device is refused."""
    client = await bench.operational()
    cmd, args = bench.work()
    refusal = await bench.peer().ask(cmd, args, boot_id="another boot")
    assert (refusal.accepted, refusal.reason) == (False, "wrong_boot")
    assert (await bench.peer().ask("stop", boot_id=client.hello.boot_id)).accepted


async def wrong_version_refused(bench: Bench):
    """A command of another wire version is refused."""
    refusal = await bench.peer().ask("snapshot", v=WIRE_VERSION + 1)
    assert (refusal.accepted, refusal.reason) == (False, "bad_version")


async def one_owner_fenced(bench: Bench):
    """While one owner holds the lease others are refused, and so is the owner's own older epoch."""
    await bench.operational()
    peer = bench.peer()
    first = (await peer.result("claim", {"owner": "night"})).result["epoch"]
    second = (await peer.result("claim", {"owner": "night"})).result["epoch"]
    assert second > first
    assert (await peer.ask("claim", {"owner": "somebody else"})).reason == "not_owner"
    cmd, args = bench.work()
    nobody = await peer.ask(cmd, args)
    other = await peer.ask(cmd, args, lease=Lease("somebody else", second))
    older = await peer.ask(cmd, args, lease=Lease("night", first))
    assert [ack.reason for ack in (nobody, other, older)] == ["not_owner", "not_owner", "fenced"]
    assert (await peer.ask(cmd, args, lease=Lease("night", second))).accepted
    await peer.ask("release", lease=Lease("night", second))


async def silent_owner_makes_safe(bench: Bench):
    """When the owner of the lease has been silent for 15 beats, the device makes itself safe."""
    watcher = await bench.operational()
    charts = []
    watcher.on_state(lambda state: charts.append(state.chart))
    peer = bench.peer()
    epoch = (await peer.result("claim", {"owner": "night"})).result["epoch"]
    await peer.send(peer.command(*bench.work(), lease=Lease("night", epoch)))
    await bench.until(watcher, lambda state: state.chart == BUSY)

    def made_safe(state):
        begun = sum(now == BUSY != before for before, now in pairwise([IDLE, *charts]))
        return begun == 2 and state.chart == IDLE and state.is_safe

    await bench.until(watcher, made_safe, beats_s(bench.clock, LAPSE + 1.0) + PATIENCE_S)
    await peer.ask("release", lease=Lease("night", epoch))


async def safe_open_to_anyone(bench: Bench):
    """Anyone may command stop and safe, whoever holds the lease; the device then reads back safe."""
    owner = await bench.operational("night")
    assert (await bench.peer().ask("disable")).reason == "not_owner"
    for cmd in ("stop", "safe"):
        assert (await bench.peer().result(cmd)).outcome == "completed"
    await owner.stop()
    assert owner.is_safe and owner.state.chart == IDLE


async def safe_in_every_state(bench: Bench):
    """The safe state can be commanded in every state of the chart, and leaves that state as it was."""
    client = await bench.operational()
    for step in (client.safe, client.disable, client.reset):
        await step()
        before = client.state.chart
        await client.safe()
        assert client.is_safe and client.state.chart == before


async def illegal_state_refused(bench: Bench):
    """Work is refused outside Operational, with what is legal there; nothing moves."""
    client = await bench.operational()
    await client.disable()
    cmd, args = bench.work()
    before = client.state
    refusal = await bench.peer().ask(cmd, args)
    assert (refusal.accepted, refusal.reason) == (False, "illegal_state")
    assert READY in refusal.text and "enable" in refusal.text
    assert client.state == before


async def bad_arguments_refused(bench: Bench):
    """Unknown, missing, mistyped or impossible arguments are refused, saying which; nothing moves."""
    client = await bench.operational()
    before = client.state
    cmd, args = bench.work()
    wrong = [
        (cmd, args | {"colour": "blue"}),
        (bench.sample.bad, bench.sample.bad_args),
        ("stop", {"now": True}),
    ]
    for name, value in args.items():
        wrong.append((cmd, args | {name: {"a": []} if isinstance(value, str) else "a word"}))
    for wrong_cmd, wrong_args in wrong:
        refusal = await bench.peer().ask(wrong_cmd, wrong_args)
        assert (refusal.accepted, refusal.reason) == (False, "bad_arguments"), (wrong_cmd, wrong_args)
        assert refusal.text
    assert "colour" in (await bench.peer().ask(*wrong[0])).text
    assert client.state == before


async def unknown_command_refused(bench: Bench):
    """An unknown command is refused, with the list of those the device knows."""
    refusal = await bench.peer().ask("self_destruct")
    assert (refusal.accepted, refusal.reason) == (False, "unknown_command")
    assert "self_destruct" in refusal.text and "safe" in refusal.text


async def survives_rubbish(bench: Bench):
    """What is no command is refused if it has an id, dropped if it has none; the device lives on."""
    peer = bench.peer()
    for rubbish in (b"", b"no json", b"[]", b'{"cmd":"stop"}', b"[" * 5000, b'{"id":7}', b"\xff\xfe"):
        await peer.send_bytes(rubbish)
    named = peer.command("hello")
    bench.clock.hold(f"command:{named.id}")
    await peer.send_bytes(b'{"type":"command","id":"%s","cmd":"hello","args":7}' % named.id.encode())
    assert (await peer.until(named, Ack)).reason == "bad_arguments"
    assert (await peer.result("hello")).outcome == "completed"


async def busy_refused(bench: Bench):
    """A device at work takes no other work and no change of its life cycle."""
    client = await bench.operational()
    peer, command = await bench.at_work(client)
    for cmd, args in (bench.work(), ("disable", {}), ("reset", {}), ("init", {})):
        refusal = await bench.peer().ask(cmd, args)
        assert (refusal.accepted, refusal.reason) == (False, "busy")
        assert command.cmd in refusal.text
    assert (await peer.until(command, Final)).outcome == "completed"


async def stop_interrupts(bench: Bench):
    """stop ends the work at once: the command ends aborted, naming stop; the device is Idle and can work again."""
    client = await bench.operational()
    peer, command = await bench.at_work(client)
    assert (await bench.peer().result("stop")).outcome == "completed"
    final = await peer.until(command, Final)
    assert final.outcome == "aborted" and "stop" in final.text
    assert client.state.chart == IDLE and not client.state.error
    assert (await peer.result(*bench.work())).outcome == "completed"


async def safe_interrupts(bench: Bench):
    """safe interrupts the work, and the device reads back safe when it returns."""
    client = await bench.operational()
    peer, command = await bench.at_work(client)
    await client.safe()
    assert (await peer.until(command, Final)).outcome == "aborted"
    assert client.is_safe and client.state.chart == IDLE


async def safe_is_shared(bench: Bench):
    """Two who make the device safe at the same time do not disturb each other: both complete."""
    client = await bench.operational()
    cmd, args = bench.work()
    await client.link.call(cmd, args)
    one, two = bench.peer(), bench.peer()
    first, second = one.command("safe"), two.command("safe")
    await one.send(first)
    await two.send(second)
    assert [(await one.until(first, Final)).outcome, (await two.until(second, Final)).outcome] == [
        "completed"
    ] * 2
    assert client.is_safe


async def abort_ends_exposure(bench: Bench):
    """abort, open to anyone, ends the exposure meant and no other; its frame is never sent."""
    client = await bench.operational("night")
    cmd, args = bench.work("contract/aborted/" + uuid.uuid4().hex)
    watcher = bench.peer()
    lease = client.link._lease
    command = watcher.command(cmd, args, lease=lease)
    await watcher.send(command)
    await bench.until(client, lambda state: state.phase == "INTEGRATING")
    refusal = await bench.peer().ask("abort", {"exposure": "another"})
    assert refusal.reason == "refused" and "another" in refusal.text
    assert (await bench.peer().result("abort", {"exposure": args["exposure"]})).outcome == "completed"
    assert (await watcher.until(command, Final)).outcome == "aborted"
    assert (client.state.phase, client.state.unsent, client.state.chart) == ("IDLE", 0, IDLE)
    assert (await watcher.result("abort")).outcome == "completed"


async def frames_kept_until_acknowledged(bench: Bench):
    """A frame is kept, and sent again to a new reader, until it is acknowledged."""
    client = await bench.operational()
    _, args = bench.work()
    taken = await client.expose(**args)
    assert client.state.unsent == 1
    got = []

    async def keep(header, chips):
        got.append((header, [chip.copy() for chip in chips]))
        if bench.frame_came is not None and not bench.frame_came.done():
            bench.frame_came.set_result(None)

    for _ in range(2):
        bench.expect_frame()
        reader = await bench.reader(client, keep)
        await bench.clock.wait_for(bench.frame_came, 60.0, "bench")
        if len(got) == 2:
            await reader.acknowledge(taken.exposure)
            await bench.until(client, lambda state: state.unsent == 0)
        await reader.stop()
    (first, pixels), (second, again) = got
    assert first == second and first.exposure == taken.exposure
    assert all((a == b).all() for a, b in zip(pixels, again, strict=True))
    assert (first.start_s, first.end_s) == (taken.start_s, taken.end_s)
    assert len(pixels) == first.chips == len(first.crc32)
    assert (await bench.peer().ask("expose", args)).reason == "refused"


WORKING = (
    exactly_one_final, effect_before_final, repeated_id_runs_once, expired_deadline_refused, wrong_boot_refused,
    one_owner_fenced, silent_owner_makes_safe, illegal_state_refused, bad_arguments_refused, busy_refused,
    stop_interrupts, safe_interrupts, safe_is_shared,
)  # fmt: skip
"""Promises about a device that can be given work."""

ALWAYS = (
    says_who_it_is, snapshot_then_updates, life_cycle, wrong_version_refused, safe_open_to_anyone, safe_in_every_state,
    unknown_command_refused, survives_rubbish,
)  # fmt: skip
"""Promises about every device."""

DETECTOR = (abort_ends_exposure, frames_kept_until_acknowledged)
"""Promises about detectors."""


INTERRUPTED = (stop_interrupts, safe_interrupts, silent_owner_makes_safe)
"""Promises that hardware has to keep which clings to its work when it is cancelled once."""


def promises_for(name: str):
    """What the suite proves for a kind of device, or for hardware of it (`dome shutter`)."""
    kind = name.split()[-1]
    if name.startswith("clinging"):
        return (*INTERRUPTED, *([abort_ends_exposure] if kind == "detector" else []))
    work = () if kind == "site" else WORKING
    return (*ALWAYS, *work, *(DETECTOR if kind == "detector" else ()))
