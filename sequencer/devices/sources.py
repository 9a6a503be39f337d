"""Calibration sources: lamps, lasers and black bodies with their temperature."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Unpack

import msgspec

from sequencer.clock import Clock
from sequencer.config.models import SourceConfig
from sequencer.devices.client import DeviceClient
from sequencer.devices.commands import COMMON, Arguments, CommandSpec
from sequencer.devices.server import DeviceServer, ServerOptions
from sequencer.devices.state import DeviceState
from sequencer.wire.errors import DeviceError, Rejected
from sequencer.wire.server import ProgressCall

Temperature = Annotated[float, msgspec.Meta(gt=0.0, le=3000.0)]
"""Kelvin; the upper end is above any calibration black body (assumed)."""


class Switch(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Switch one source; `temperature_k` only for a black body that is switched on."""

    name: str
    on: bool
    temperature_k: Temperature | None = None


COMMANDS = {**COMMON, "switch": CommandSpec(Switch), "all_off": CommandSpec()}


class SourceState(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One source as read back; `stable` once warmed up, `temperature_k` None where not measured."""

    kind: Literal["lamp", "laser", "blackbody"]
    on: bool
    temperature_k: float | None = None
    stable: bool = False


class SourcesState(DeviceState, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`sources` by name; each counts as on until it has been read back off."""

    sources: dict[str, SourceState] = msgspec.field(default_factory=dict)

    @property
    def harmless(self) -> bool:
        """Every source off."""
        return not any(source.on for source in self.sources.values())


class SourcesClient(DeviceClient[SourcesState]):
    """Commands the calibration sources of one instrument."""

    kind = "sources"
    state_type = SourcesState

    async def switch(self, name: str, on: bool, temperature_k: float | None = None) -> SourceState:
        """Switch one source; returns when it obeys, which may be before it is stable."""
        result = await self.command("switch", Switch(name=name, on=on, temperature_k=temperature_k))
        return msgspec.convert(result, SourceState, strict=True)

    async def all_off(self) -> None:
        """Switch every source off; returns when all are read back off."""
        await self.command("all_off")


class SourcesServer(DeviceServer[SourcesState]):
    """Sources: override `switch_one` and `read_one`."""

    kind: ClassVar[str] = "sources"
    commands = COMMANDS

    def __init__(
        self,
        name: str,
        endpoint: str,
        clock: Clock,
        *,
        sources: Mapping[str, SourceConfig],
        **options: Unpack[ServerOptions],
    ) -> None:
        self.sources = dict(sources)
        state = SourcesState(
            sources={key: SourceState(kind=s.kind, on=True) for key, s in self.sources.items()}
        )
        super().__init__(name, endpoint, clock, state=state, **options)

    @abstractmethod
    async def switch_one(self, name: str, on: bool, temperature_k: float | None) -> None:
        """Switch one source and return when it obeys; do not wait until it is stable."""

    @abstractmethod
    async def read_one(self, name: str) -> SourceState:
        """What the source does."""

    async def read_back(self) -> None:
        """Publish what every source does."""
        self.update(sources={name: await self.read_one(name) for name in self.sources})

    async def make_safe(self, progress: ProgressCall) -> None:
        """Switch every source off."""
        await self._all_off()

    def check_switch(self, args: Switch) -> None:
        """Refuse unknown sources, and a temperature for what has none."""
        if args.name not in self.sources:
            raise Rejected("bad_arguments", f"no source {args.name}; there are {', '.join(self.sources)}")
        if args.temperature_k is not None and not (args.on and self.sources[args.name].kind == "blackbody"):
            raise Rejected("bad_arguments", "a temperature is for a black body that is switched on")

    async def do_switch(self, args: Switch, progress: ProgressCall) -> dict[str, Any]:
        """Switch one source and confirm it by reading back."""
        await self.switch_one(args.name, args.on, args.temperature_k)
        await self.read_back()
        source = self.state.sources[args.name]
        if source.on != args.on:
            raise DeviceError("not_reached", f"{args.name} should be {'on' if args.on else 'off'} and is not")
        return dict(msgspec.to_builtins(source))

    async def do_all_off(self, args: Arguments, progress: ProgressCall) -> dict[str, Any]:
        """Switch every source off and confirm it by reading back."""
        await self._all_off()
        await self.read_back()
        burning = [name for name, source in self.state.sources.items() if source.on]
        if burning:
            raise DeviceError("not_reached", f"still on: {', '.join(burning)}")
        return {}

    async def _all_off(self) -> None:
        for name in self.sources:
            await self.switch_one(name, False, None)
