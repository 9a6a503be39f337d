"""Base of every device server: state chart, legality, arguments, publishing, errors and interruption.

A hardware engineer does not subclass this one but the base of a kind (`ShutterServer`, ...), and overrides
the few coroutines that touch the hardware.
"""

from __future__ import annotations

import asyncio
import math
from abc import ABC
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ClassVar, Generic, TypedDict, TypeVar

import msgspec
import zmq.asyncio

from sequencer.clock import Clock
from sequencer.devices.charts import BUSY, DEVICE, Chart, StateChart
from sequencer.devices.commands import COMMON, Arguments, CommandSpec, decode_arguments, not_finite
from sequencer.devices.state import DeviceState, finite_or_none
from sequencer.devices.work import Work, cancel
from sequencer.wire.errors import CommandAborted, DeviceError, Rejected
from sequencer.wire.messages import Command
from sequencer.wire.server import ProgressCall, Server

S = TypeVar("S", bound=DeviceState)
Do = Callable[[Any, ProgressCall], Coroutine[Any, Any, dict[str, Any]]]

AT_WORK = ("work", "safe")
"""Triggers that lead into Busy when the command begins; the others fire when it has succeeded."""

READ_S = 30.0
"""Liveness seconds in which hardware must answer when it is read (assumed): what hangs would block every command."""


class ServerOptions(TypedDict, total=False):
    """What a device server of any kind may be told besides its address: is it a simulator, whose sockets."""

    simulated: bool
    context: zmq.asyncio.Context | None


class DeviceServer(ABC, Generic[S]):
    """One device behind the wire.

    Overridable hooks, all optional: `initialise`, `halt` (stop all motion now), `read_back` (bring `state`
    up to date from the hardware) and `make_safe`. Each command NAME of the table is done by
    `do_NAME(args, progress)`; a `check_NAME(args)` may refuse it beforehand. `poll_s` > 0 reads back that
    often while nothing is at work. A hook reports trouble by raising `DeviceError`: the device then goes to
    Error until `recover`.
    """

    kind: ClassVar[str]
    commands: ClassVar[Mapping[str, CommandSpec]] = COMMON
    own_chart: ClassVar[Chart | None] = None
    own_field: ClassVar[str] = ""
    poll_s: float = 0.0

    def __init__(
        self,
        name: str,
        endpoint: str,
        clock: Clock,
        *,
        state: S,
        simulated: bool = False,
        context: zmq.asyncio.Context | None = None,
    ) -> None:
        self.name = name
        self.clock = clock
        self.chart = StateChart(DEVICE)
        self.own = StateChart(self.own_chart, getattr(state, self.own_field)) if self.own_chart else None
        self.state: S = msgspec.structs.replace(state, chart=self.chart.state, simulated=simulated)
        self.server = Server(name, self.kind, endpoint, clock, self, simulated=simulated, context=context)
        self.safe_commands = {cmd for cmd, spec in self.commands.items() if spec.open_to_anyone}
        self._do = self._find_methods()
        self._work: Work | None = None
        self._admitted = ""
        self._published: object = None
        self._poller: asyncio.Task[None] | None = None
        self._serving = False
        self._looking = asyncio.Lock()

    @property
    def endpoint(self) -> str:
        """Address of the command socket, as bound once started."""
        return self.server.endpoint

    async def start(self) -> None:
        """Read the hardware back once, then serve. A device that cannot be read starts in Error."""
        await self._look()
        await self.server.start()
        self._serving = True
        self.publish()
        if self.poll_s > 0.0:
            self._poller = asyncio.get_running_loop().create_task(self._poll())

    async def stop(self) -> None:
        """End running commands and close the sockets."""
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)
        await self.server.stop()
        self._serving = False

    def update(self, **fields: Any) -> None:
        """Change fields of the state and publish it.

        A number that is not finite becomes None where the field may be, and is named in `unread`. Raises ValueError
        where it may not.
        """
        if not_finite(msgspec.to_builtins(fields)):
            fields, unread = self._finite(fields)
        else:
            unread = []
        unread += [path for path in self.state.unread if path.partition(".")[0] not in fields]
        self.state = msgspec.structs.replace(self.state, **fields, unread=sorted(unread))
        self.publish()

    def publish(self) -> None:
        """Publish the state if it differs from what was published last."""
        plain = msgspec.to_builtins(self.state)
        if self._serving and plain != self._published:
            self._published = plain
            self.server.publish(plain)

    def step(self, trigger: str) -> None:
        """Fire a trigger of the chart of this kind and publish its state. Raises `IllegalTrigger`."""
        if self.own is not None:
            self.update(**{self.own_field: self.own.fire(trigger)})

    # what a subclass may override

    async def initialise(self) -> None:
        """Prepare the hardware (on `init`)."""

    async def halt(self) -> None:
        """Stop all motion now; called on `stop` and when a command was interrupted."""

    async def read_back(self) -> None:
        """Ask the hardware and `update` the state."""

    async def make_safe(self, progress: ProgressCall) -> None:
        """Bring the hardware to its safe state; `read_back` confirms it afterwards."""

    # what the wire's server asks for

    def check(self, command: Command) -> None:
        """Admit the command, which keeps others out until it has run, or raise `Rejected`."""
        spec, _ = self.examine(command.cmd, command.args)
        if not spec.interrupts:
            self._admitted = command.id

    def examine(self, cmd: str, args: Mapping[str, Any]) -> tuple[CommandSpec, Arguments]:
        """What the command means, or `Rejected` with the reason; changes nothing."""
        spec = self.commands.get(cmd)
        if spec is None:
            raise Rejected(
                "unknown_command", f"{self.kind} does not know {cmd!r}; it knows {', '.join(self.commands)}"
            )
        decoded = decode_arguments(args, spec.arguments)
        self._check_legal(cmd, spec)
        refuse = getattr(self, f"check_{cmd}", None)
        if refuse is not None:
            refuse(decoded)
        return spec, decoded

    async def run(self, command: Command, progress: ProgressCall) -> dict[str, Any]:
        """Do an admitted command, after interrupting what it interrupts."""
        spec = self.commands[command.cmd]
        args = decode_arguments(command.args, spec.arguments)

        def tell(current: float, target: float, unit: str, text: str) -> None:
            current, target = (number if math.isfinite(number) else 0.0 for number in (current, target))
            progress(current, target, unit, text)

        if spec.interrupts:
            if command.cmd == "safe" and self._work is not None and self._work.cmd == "safe":
                return await self._work.share()
            await self._interrupt(command.cmd)
        elif self._admitted != command.id:
            raise CommandAborted(f"{command.cmd} was interrupted before it began")
        return await self._perform(command.cmd, spec, args, tell)

    # commands of every device

    async def do_init(self, args: Arguments, progress: ProgressCall) -> dict[str, Any]:
        """Prepare the hardware and read it back."""
        await self.initialise()
        await self._read_back()
        return {}

    async def do_enable(self, args: Arguments, progress: ProgressCall) -> dict[str, Any]:
        """From Ready to Idle."""
        return {}

    async def do_disable(self, args: Arguments, progress: ProgressCall) -> dict[str, Any]:
        """From Idle to Ready."""
        return {}

    async def do_reset(self, args: Arguments, progress: ProgressCall) -> dict[str, Any]:
        """Back to NotReady, errors forgotten."""
        self.update(error="")
        return {}

    async def do_recover(self, args: Arguments, progress: ProgressCall) -> dict[str, Any]:
        """Initialise anew after an error."""
        await self.initialise()
        await self._read_back()
        self.update(error="")
        return {}

    async def do_stop(self, args: Arguments, progress: ProgressCall) -> dict[str, Any]:
        """All motion ends now."""
        await self.halt()
        await self._read_back()
        return {}

    async def do_safe(self, args: Arguments, progress: ProgressCall) -> dict[str, Any]:
        """Make safe and confirm it by reading back; fails with code `not_safe`."""
        await self.make_safe(progress)
        await self._read_back()
        if not self.state.is_safe:
            raise DeviceError("not_safe", f"{self.name} does not read back safe")
        return {}

    # inside

    def _finite(self, fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Fields whose every number is finite, and the paths of those that were not."""
        types = {field.name: field.type for field in msgspec.structs.fields(self.state)}
        unread: list[str] = []
        try:
            found = {name: finite_or_none(value, types[name], name, unread) for name, value in fields.items()}
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from None
        return found, unread

    def _find_methods(self) -> dict[str, Do]:
        missing = [cmd for cmd in self.commands if not callable(getattr(self, f"do_{cmd}", None))]
        if missing:
            raise TypeError(f"{type(self).__name__} lacks do_{', do_'.join(missing)}")
        return {cmd: getattr(self, f"do_{cmd}") for cmd in self.commands}

    def _check_legal(self, cmd: str, spec: CommandSpec) -> None:
        at_work = self._work.cmd if self._work else "another command" if self._admitted else ""
        if at_work and not spec.interrupts:
            raise Rejected("busy", f"{at_work} is running; stop it first, or wait")
        if not self.chart.legal(spec.trigger):
            raise Rejected(
                "illegal_state", f"{cmd} is not legal in {self.chart.state}; legal: {self._legal_now()}"
            )
        if spec.own and self.own is not None and not spec.interrupts and not self.own.legal(spec.own):
            raise Rejected("illegal_state", f"{cmd} is not legal while {self.own.state}")

    def _legal_now(self) -> str:
        return ", ".join(cmd for cmd, spec in self.commands.items() if self.chart.legal(spec.trigger))

    async def _interrupt(self, by: str) -> None:
        while self._work is not None:
            work = self._work
            try:
                await work.interrupt(by)
            except TimeoutError:
                raise DeviceError("stuck", f"{work.cmd} does not let go of the hardware") from None

    async def _perform(
        self, cmd: str, spec: CommandSpec, args: Arguments, progress: ProgressCall
    ) -> dict[str, Any]:
        self._work = work = Work(cmd, self._after_look(self._do[cmd], args, progress), self.clock)
        self._admitted = ""
        if spec.trigger in AT_WORK:
            self._fire(spec.trigger)
        outcome: dict[str, Any] | BaseException = {}
        try:
            await work.done()
            outcome = await self._conclude(work)
            if spec.trigger not in AT_WORK:
                self._fire(spec.trigger)
            return outcome
        except BaseException as error:
            outcome = error
            raise
        finally:
            self._work = None
            work.end(outcome)

    async def _after_look(self, do: Do, args: Arguments, progress: ProgressCall) -> dict[str, Any]:
        async with self._looking:
            pass
        return await do(args, progress)

    async def _conclude(self, work: Work) -> dict[str, Any]:
        try:
            if work.interrupted:
                await self._stopped()
                raise CommandAborted(f"{work.cmd} was interrupted by {work.interrupted_by}")
            result = work.result()
        except CommandAborted:
            self._leave_busy("stop")
            raise
        except DeviceError as error:
            await self._fail(error)
            raise
        except Exception as error:
            failure = DeviceError("internal", f"{type(error).__name__}: {error}")
            await self._fail(failure)
            raise failure from error
        self._leave_busy("done")
        return result

    async def _stopped(self) -> None:
        self._end_own_work()
        await self.halt()
        await self._read_back()

    async def _fail(self, error: DeviceError) -> None:
        self._fire("fail", error=error.text)
        self._end_own_work()
        for rescue in (self.halt, self._read_back):
            try:
                await rescue()
            except Exception as second:
                self.update(error=f"{self.state.error}; then {second}")

    def _end_own_work(self) -> None:
        if self.own is not None and self.own.legal("abort"):
            self.step("abort")

    async def _read_back(self) -> None:
        """Read back; hardware that does not answer, with a word or within `READ_S`, is not reachable."""
        key = f"{self.name}.read"
        reading = asyncio.get_running_loop().create_task(self.read_back())
        try:
            await self.clock.wait_for(reading, READ_S, key)
        except Exception as error:
            self.update(reachable=False)
            if reading.done():
                raise
            raise DeviceError("silent", f"the hardware has not answered for {READ_S:g} s") from error
        finally:
            if not reading.done():
                await cancel(reading, self.clock, key)
        self.update(reachable=True)

    def _leave_busy(self, trigger: str) -> None:
        if self.chart.state == BUSY:
            self._fire(trigger)

    def _fire(self, trigger: str, **fields: Any) -> None:
        self.update(chart=self.chart.fire(trigger), **fields)

    async def _look(self) -> None:
        async with self._looking:
            try:
                await self._read_back()
            except Exception as error:
                self._fire("fail", error=str(error))

    async def _poll(self) -> None:
        while True:
            await self.clock.sleep(self.poll_s, f"{self.name}.poll")
            if self._work is None and not self._admitted:
                await self._look()
