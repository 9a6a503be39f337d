"""Base of the typed device clients: commands as methods, the published state as a Struct."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar, Unpack

import msgspec

from sequencer.clock import Clock
from sequencer.devices.charts import ERROR, NOT_READY, READY
from sequencer.devices.commands import Arguments
from sequencer.devices.state import DeviceState
from sequencer.wire.client import Client, ClientOptions
from sequencer.wire.errors import DeviceError
from sequencer.wire.messages import Hello, Progress

S = TypeVar("S", bound=DeviceState)
OnProgress = Callable[[Progress], None]
Guard = Callable[[str, dict[str, Any]], None]
"""(command, arguments): raises what forbids the command; else it is sent."""


class DeviceClient(Generic[S]):
    """Commands one device. Every command raises Rejected, DeviceError, CommandAborted or NoAnswer.

    `owner` names who claims the lease on connecting; empty: watch, and send only what is open to anyone.
    """

    kind: ClassVar[str]
    state_type: ClassVar[type[DeviceState]]

    def __init__(self, name: str, endpoint: str, clock: Clock, **options: Unpack[ClientOptions]) -> None:
        self.name = name
        self.clock = clock
        self.link = Client(name, endpoint, clock, **options)
        self.guards: list[Guard] = []
        self._decoded: tuple[int, S] | None = None

    async def connect(self, deadline_s: float = 5.0) -> Hello:
        """Shake hands, mirror the state, claim the lease if there is an owner."""
        return await self.link.connect(deadline_s)

    async def disconnect(self, *, release: bool = True) -> None:
        """Give the lease back and close the link; the device keeps its state. (`close` shuts a shutter.)

        Without `release` the lease lapses, and the device makes itself safe.
        """
        await self.link.close(release=release)

    @property
    def hello(self) -> Hello:
        """What the device said of itself. Raises RuntimeError before `connect`."""
        if self.link.hello is None:
            raise RuntimeError(f"{self.name} is not connected")
        return self.link.hello

    @property
    def state(self) -> S:
        """The state last published. Raises DeviceError when it is not a state of this kind."""
        if self._decoded is None or self._decoded[0] != self.link.state_seq:
            self._decoded = (self.link.state_seq, self._decode(self.link.state))
        return self._decoded[1]

    @property
    def is_safe(self) -> bool:
        """Whether the published state can harm nothing."""
        return self.state.is_safe

    @property
    def simulated(self) -> bool:
        """Whether a simulator stands in for the hardware."""
        return self.hello.simulated

    def state_age_s(self) -> float:
        """Seconds of liveness time since the device last told its state."""
        return self.link.state_age_s()

    def on_state(self, listener: Callable[[S], None]) -> None:
        """Have `listener` called with every new state that is one of this kind; `state` complains of others."""

        def hear(plain: dict[str, Any]) -> None:
            try:
                state = self._decode(plain)
            except DeviceError:
                return
            listener(state)

        self.link.listeners.append(hear)

    async def init(self) -> None:
        """NotReady -> Ready."""
        await self.command("init")

    async def enable(self) -> None:
        """Ready -> Idle."""
        await self.command("enable")

    async def disable(self) -> None:
        """Idle -> Ready."""
        await self.command("disable")

    async def reset(self) -> None:
        """Ready, Idle or Error -> NotReady."""
        await self.command("reset")

    async def recover(self) -> None:
        """Error -> Idle, after the hardware was initialised anew."""
        await self.command("recover")

    async def stop(self) -> None:
        """All motion ends now; the command at work ends aborted."""
        await self.command("stop")

    async def safe(self) -> None:
        """Bring the device to its safe state, whatever it is doing; returns when it has read back safe."""
        await self.command("safe")

    async def bring_up(self) -> None:
        """From wherever the device is to Operational: init, enable, or recover, as needed."""
        if self.state.chart == ERROR:
            await self.recover()
        if self.state.chart == NOT_READY:
            await self.init()
        if self.state.chart == READY:
            await self.enable()

    async def command(
        self,
        cmd: str,
        args: Arguments | None = None,
        *,
        exposure: str = "",
        on_progress: OnProgress | None = None,
    ) -> dict[str, Any]:
        """Send one command with its arguments; its result, once the state mirror holds its effect.

        Raises also what the `guards` raise: then nothing was sent.
        """
        plain = dict(msgspec.to_builtins(args)) if args is not None else {}
        for guard in self.guards:
            guard(cmd, plain)
        return await self.link.call(cmd, plain, exposure=exposure, on_progress=on_progress)

    def _decode(self, plain: dict[str, Any]) -> S:
        try:
            state: Any = msgspec.convert(plain, self.state_type, strict=True)
        except msgspec.ValidationError as error:
            raise DeviceError(
                "bad_state", f"published a state that is not one of a {self.kind}: {error}"
            ) from None
        return state  # type: ignore[no-any-return]
