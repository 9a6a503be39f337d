"""The bench a device is put on: clients and bare peers, in virtual time or against a running server."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import zmq.asyncio

from sequencer.clock import Clock
from sequencer.devices.charts import BUSY
from sequencer.devices.connect import CLIENTS
from sequencer.devices.contract.peer import PATIENCE_S, Peer
from sequencer.devices.state import DeviceState
from sequencer.wire.errors import Rejected
from sequencer.wire.frames import FrameReader
from sequencer.wire.messages import Ack, Command, Final


class Sample(NamedTuple):
    """Commands to try on a device: one that takes a while, one that is wrong, one to start from (beside safe)."""

    work: str
    work_args: dict[str, Any]
    bad: str
    bad_args: dict[str, Any]
    rest: str = "stop"
    rest_args: dict[str, Any] = {}  # noqa: RUF012 - a tuple's default, never changed


SAMPLES = {
    "telescope": Sample(
        work="preset",
        work_args={"altitude_deg": 60.0, "azimuth_deg": 90.0},
        bad="preset",
        bad_args={"altitude_deg": 60.0},
        rest="park",
    ),
    "cover": Sample("open", {}, "open", {"halves": ["NO SUCH HALF"]}),
    "shutter": Sample("open", {}, "open", {"speed": 1}),
    "mechanisms": Sample(
        work="move",
        work_args={"positions": {"INS.OPTI10.NAME": "Lp"}},
        bad="move",
        bad_args={"positions": {"NO.SUCH": "X"}},
        rest="move",
        rest_args={"positions": {"INS.OPTI10.NAME": "closed"}},
    ),
    "sources": Sample(
        "switch", {"name": "HeNe", "on": True}, "switch", {"name": "NO SUCH SOURCE", "on": True}
    ),
    "detector": Sample(
        "expose", {"dit_s": 2.0, "ndit": 1, "settle": 1}, "expose", {"dit_s": -1.0, "ndit": 1}
    ),
}
"""By kind; a site takes no orders."""


class Broken(Exception):
    """A promise is broken; the text says what was found, and what was promised."""


class TooShort(Exception):
    """The work was over before anything could happen to it: a promise about interrupting it cannot be tried."""


def same(what: str, found: object, promised: object) -> None:
    """Raise Broken unless both are equal."""
    if found != promised:
        raise Broken(f"{what}: {found!r}, promised {promised!r}")


def holds(what: str, true: bool) -> None:
    """Raise Broken with `what` should be so, unless it is."""
    if not true:
        raise Broken(f"not so: {what}")


def refused(what: str, answer: Ack, reason: str, *words: str) -> None:
    """Raise Broken unless a command was refused for this reason, in a text with these words."""
    same(f"{what}: accepted, reason", (answer.accepted, answer.reason), (False, reason))
    holds(f"the refusal of {what} names {' and '.join(words)}", all(word in answer.text for word in words))


class Bench:
    """One device and everything that talks to it; `close` hangs up whatever was connected."""

    def __init__(
        self, kind: str, endpoint: str, clock: Clock, context: zmq.asyncio.Context, sample: Sample | None
    ) -> None:
        self.kind = kind
        self.endpoint = endpoint
        self.clock = clock
        self.context = context
        self._sample = sample
        self._open: list[Any] = []

    async def suit(self) -> None:
        """Make sure that the device takes the work it is to be tried with. Raises Rejected where it does not, with what
        to do; other faults the promises will find."""
        if self._sample is None:
            return
        try:
            client = await self.operational()
            if self._sample == SAMPLES.get("sources"):
                name = next(iter(client.state.sources), "")
                self._sample = self._sample._replace(work_args={**self._sample.work_args, "name": name})
            answer = await self.peer().ask(*self.work())
        except Exception:
            return
        if answer.reason == "bad_arguments":
            told = f"does not take the work it is tried with: {answer.text}; name one with --work and --work-args"
            raise Rejected("bad_arguments", told, self.endpoint)

    @property
    def sample(self) -> Sample:
        """The commands to try. Raises Broken for a kind that takes no orders."""
        if self._sample is None:
            raise Broken(f"a {self.kind} takes no orders, there is nothing to try")
        return self._sample

    def peer(self) -> Peer:
        """A bare peer, connected."""
        peer = Peer(self.endpoint, self.clock, self.context)
        self._open.append(peer)
        return peer

    async def client(self, owner: str = "") -> Any:
        """A typed client, connected."""
        client = CLIENTS[self.kind]("device", self.endpoint, self.clock, owner=owner, context=self.context)
        self._open.append(client)
        await client.connect()
        return client

    async def operational(self, owner: str = "") -> Any:
        """A typed client of the device brought to Operational, where its work begins, and made safe."""
        client = await self.client(owner)
        await client.bring_up()
        if self._sample is not None:
            await client.link.call(self.sample.rest, self.sample.rest_args)
        await client.safe()
        if self.kind == "detector":
            await self._take_away_frames(client)
        return client

    def work(self, exposure: str = "") -> tuple[str, dict[str, Any]]:
        """The command that takes a while; every exposure has an id of its own."""
        args = dict(self.sample.work_args)
        if self.sample.work == "expose":
            args["exposure"] = exposure or f"contract/{uuid.uuid4().hex}"
        return self.sample.work, args

    async def at_work(self, client: Any) -> tuple[Peer, Command]:
        """A peer and the command it sent, once the device says that it is at work. Raises TooShort."""
        peer = self.peer()
        command = peer.command(*self.work())
        await peer.send(command)
        await self.until(client, lambda state: state.chart == BUSY)
        await self.peer().ask("snapshot")
        if any(isinstance(answer, Final) for answer in peer.of(command)):
            raise TooShort(f"{command.cmd} was over before anything could happen to it")
        return peer, command

    async def until(self, client: Any, wanted: Callable[[Any], object], patience_s: float = PATIENCE_S) -> None:
        """Wait until the published state fulfils `wanted`."""
        if wanted(client.state):
            return
        reached = asyncio.get_running_loop().create_future()

        def look(state: DeviceState) -> None:
            if wanted(state) and not reached.done():
                reached.set_result(None)

        client.on_state(look)
        await self.clock.wait_for(reached, patience_s, "bench")

    async def _take_away_frames(self, client: Any) -> None:
        async def acknowledge(header: Any, chips: Any) -> None:
            await reader.acknowledge(header.exposure)

        reader = await self.reader(client, acknowledge)
        await self.until(client, lambda state: state.unsent == 0)
        await reader.stop()

    async def reader(self, client: Any, on_frame: Any) -> FrameReader:
        """Who takes a detector's frames; `on_frame(header, chips)` is called with each."""
        reader = FrameReader("contract", client.frames_endpoint, self.clock, on_frame, context=self.context)
        await reader.start()
        return reader

    async def close(self) -> None:
        """Hang up whatever was connected."""
        while self._open:
            item = self._open.pop()
            await (item.close() if isinstance(item, Peer) else item.disconnect())
