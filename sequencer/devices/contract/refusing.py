"""Promises about what is refused: with a reason, and nothing moves."""

from __future__ import annotations

from typing import Any

from sequencer.devices.charts import READY
from sequencer.devices.contract.bench import Bench, holds, refused, same
from sequencer.wire.messages import WIRE_VERSION, Final, Lease


async def expired_deadline_refused(bench: Bench) -> None:
    """A command that arrives after its deadline is refused and does not move anything."""
    client = await bench.operational()
    cmd, args = bench.work()
    before = client.state
    answer = await bench.peer().ask(cmd, args, expires_s=bench.clock.now() - 1.0)
    refused("an expired command", answer, "expired")
    same("state afterwards", client.state, before)


async def wrong_boot_refused(bench: Bench) -> None:
    """A command meant for another incarnation of the device is refused."""
    client = await bench.operational()
    cmd, args = bench.work()
    refused("a command for another boot", await bench.peer().ask(cmd, args, boot_id="another boot"), "wrong_boot")
    right = await bench.peer().ask("stop", boot_id=client.hello.boot_id)
    holds("a command for this boot is accepted", right.accepted)


async def wrong_version_refused(bench: Bench) -> None:
    """A command of another wire version is refused."""
    refused("another version", await bench.peer().ask("snapshot", v=WIRE_VERSION + 1), "bad_version")


async def one_owner_fenced(bench: Bench) -> None:
    """While one owner holds the lease others are refused, and so is the owner's own older epoch."""
    await bench.operational()
    peer = bench.peer()
    first = (await peer.result("claim", {"owner": "night"})).result["epoch"]
    second = (await peer.result("claim", {"owner": "night"})).result["epoch"]
    holds("every claim raises the epoch", second > first)
    refused("a claim of somebody else", await peer.ask("claim", {"owner": "somebody else"}), "not_owner")
    cmd, args = bench.work()
    refused("work without a lease", await peer.ask(cmd, args), "not_owner")
    other = await peer.ask(cmd, args, lease=Lease("somebody else", second))
    refused("work with somebody else's lease", other, "not_owner")
    refused("work with an older epoch", await peer.ask(cmd, args, lease=Lease("night", first)), "fenced")
    own = await peer.ask(cmd, args, lease=Lease("night", second))
    holds("the owner's work is accepted", own.accepted)
    await peer.ask("release", lease=Lease("night", second))


async def illegal_state_refused(bench: Bench) -> None:
    """Work is refused outside Operational, with what is legal there; nothing moves."""
    client = await bench.operational()
    await client.disable()
    cmd, args = bench.work()
    before = client.state
    refused(f"{cmd} when disabled", await bench.peer().ask(cmd, args), "illegal_state", READY, "enable")
    same("state afterwards", client.state, before)


async def bad_arguments_refused(bench: Bench) -> None:
    """Unknown, missing, mistyped or impossible arguments are refused, saying which; nothing moves."""
    client = await bench.operational()
    before = client.state
    cmd, args = bench.work()
    unknown = {**args, "colour": "blue"}
    refused(f"{cmd} with {unknown}", await bench.peer().ask(cmd, unknown), "bad_arguments", "colour")
    wrong: list[tuple[str, dict[str, Any]]] = [(bench.sample.bad, bench.sample.bad_args), ("stop", {"now": True})]
    for name, value in args.items():
        wrong.append((cmd, {**args, name: {"a": []} if isinstance(value, str) else "a word"}))
    for wrong_cmd, wrong_args in wrong:
        answer = await bench.peer().ask(wrong_cmd, wrong_args)
        refused(f"{wrong_cmd} with {wrong_args}", answer, "bad_arguments")
        holds(f"the refusal of {wrong_cmd} with {wrong_args} says why", bool(answer.text))
    same("state afterwards", client.state, before)


async def unknown_command_refused(bench: Bench) -> None:
    """An unknown command is refused, with the list of those the device knows."""
    answer = await bench.peer().ask("self_destruct")
    refused("self_destruct", answer, "unknown_command", "self_destruct", "safe")


async def busy_refused(bench: Bench) -> None:
    """A device at work takes no other work and no change of its life cycle."""
    client = await bench.operational()
    peer, command = await bench.at_work(client)
    orders: list[tuple[str, dict[str, Any]]] = [bench.work(), ("disable", {}), ("reset", {}), ("init", {})]
    for cmd, args in orders:
        refused(f"{cmd} during {command.cmd}", await bench.peer().ask(cmd, args), "busy", command.cmd)
    same(f"end of {command.cmd}", (await peer.until(command, Final)).outcome, "completed")
