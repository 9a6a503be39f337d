"""Promises about a detector's exposures and frames."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from sequencer.devices.charts import IDLE
from sequencer.devices.contract.bench import Bench, holds, refused, same
from sequencer.devices.contract.peer import PATIENCE_S
from sequencer.wire.messages import Final, Lease


async def abort_ends_exposure(bench: Bench) -> None:
    """abort, open to anyone, ends the exposure meant and no other; its frame is never sent."""
    client = await bench.operational()
    cmd, args = bench.work("contract/aborted/" + uuid.uuid4().hex)
    owner, anyone = bench.peer(), bench.peer()
    lease = Lease("night", (await owner.result("claim", {"owner": "night"})).result["epoch"])
    command = owner.command(cmd, args, lease=lease)
    await owner.send(command)
    await bench.until(client, lambda state: state.phase == "INTEGRATING")
    answer = await anyone.ask("abort", {"exposure": "another"})
    refused("abort of another exposure", answer, "refused", "another")
    ended = await anyone.result("abort", {"exposure": args["exposure"]})
    same("end of abort", ended.outcome, "completed")
    same("end of the exposure", (await owner.until(command, Final)).outcome, "aborted")
    now = (client.state.phase, client.state.unsent, client.state.chart)
    same("phase, frames not sent and state afterwards", now, ("IDLE", 0, IDLE))
    same("end of abort when nothing is exposed", (await owner.result("abort")).outcome, "completed")
    await owner.ask("release", lease=lease)


async def frames_kept_until_acknowledged(bench: Bench) -> None:
    """A frame is kept, and sent again to a new reader, until it is acknowledged."""
    client = await bench.operational()
    _, args = bench.work()
    taken = await client.expose(**args)
    same("frames not sent", client.state.unsent, 1)
    (first, pixels), (second, again) = [await _frame(bench, client) for _ in range(2)]
    reader = await bench.reader(client, _nothing)
    await reader.acknowledge(taken.exposure)
    await bench.until(client, lambda state: state.unsent == 0)
    await reader.stop()
    same("header sent again", second, first)
    same("exposure of the frame", first.exposure, taken.exposure)
    holds("the same pixels are sent again", all((a == b).all() for a, b in zip(pixels, again, strict=True)))
    same("start and end of the frame", (first.start_s, first.end_s), (taken.start_s, taken.end_s))
    same("chips told and checksums", (first.chips, len(first.crc32)), (len(pixels), len(pixels)))
    refused("an exposure with an id used before", await bench.peer().ask("expose", args), "refused")


async def _frame(bench: Bench, client: Any) -> tuple[Any, list[Any]]:
    """The frame a new reader gets, not acknowledged."""
    came = asyncio.get_running_loop().create_future()

    async def keep(header: Any, chips: Any) -> None:
        if not came.done():
            came.set_result((header, [chip.copy() for chip in chips]))

    reader = await bench.reader(client, keep)
    try:
        found: tuple[Any, list[Any]] = await bench.clock.wait_for(came, PATIENCE_S, "bench")
    finally:
        await reader.stop()
    return found


async def _nothing(header: Any, chips: Any) -> None:
    return None
