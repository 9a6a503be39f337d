"""Mechanisms: wheels, slides, derotator and chopper with named positions, moved in parallel."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Unpack

import msgspec

from sequencer.clock import Clock
from sequencer.config.models import MechanismConfig
from sequencer.devices.client import DeviceClient, OnProgress
from sequencer.devices.commands import COMMON, Arguments, CommandSpec
from sequencer.devices.server import DeviceServer, ServerOptions
from sequencer.devices.state import DeviceState, within_half_turn_deg
from sequencer.devices.together import together
from sequencer.wire.client import ClientOptions
from sequencer.wire.errors import DeviceError, Rejected
from sequencer.wire.server import ProgressCall


class Move(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """{keyword: named position or alias}, e.g. {"INS.OPTI10.NAME": "Lp"}; all move at the same time."""

    positions: dict[str, str]


COMMANDS = {**COMMON, "move": CommandSpec(Move)}


class MechanismsState(DeviceState, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`positions` as read back, "" between two; `targets` and `moving` tell of a move in progress.

    `closed_at` are the light stops among them, each with the position that shuts the light out: only there it is safe.
    `angles_deg` are the angles of the rotators that tell theirs, as last read back: within -180 and 180, whatever turn
    they are counted in; None for one that is no number.
    """

    positions: dict[str, str] = msgspec.field(default_factory=dict)
    angles_deg: dict[str, float | None] = msgspec.field(default_factory=dict)
    targets: dict[str, str] = msgspec.field(default_factory=dict)
    moving: list[str] = msgspec.field(default_factory=list)
    closed_at: dict[str, str] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Bring the angles into one turn: here every state passes, on the server's side and on the client's."""
        for keyword, angle_deg in self.angles_deg.items():
            if angle_deg is not None:
                self.angles_deg[keyword] = within_half_turn_deg(angle_deg)

    @property
    def harmless(self) -> bool:
        """Nothing moves, and every light stop is closed."""
        return not self.moving and not self.open_stops

    @property
    def open_stops(self) -> dict[str, str]:
        """Light stops that are not read back closed, with the position that would be."""
        return {stop: closed for stop, closed in self.closed_at.items() if self.positions.get(stop) != closed}


class Moved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Result of a move: the positions actually reached, and the seconds it took."""

    positions: dict[str, str]
    seconds: float


class MechanismsClient(DeviceClient[MechanismsState]):
    """Commands the mechanisms of one instrument. Moves asked for by several tasks wait for each other."""

    kind = "mechanisms"
    state_type = MechanismsState

    def __init__(self, name: str, endpoint: str, clock: Clock, **options: Unpack[ClientOptions]) -> None:
        super().__init__(name, endpoint, clock, **options)
        self._one_at_a_time = asyncio.Lock()

    async def move(self, positions: Mapping[str, str], on_progress: OnProgress | None = None) -> Moved:
        """Move all named mechanisms at the same time; returns when every one has arrived."""
        async with self._one_at_a_time:
            result = await self.command("move", Move(positions=dict(positions)), on_progress=on_progress)
        return msgspec.convert(result, Moved, strict=True)


class MechanismsServer(DeviceServer[MechanismsState]):
    """Mechanisms: override `move_one` and `read_one`, and `halt` to stop whatever moves; where a rotator can tell its
    angle, `read_angle` as well.

    `mechanisms` are the instrument's, by keyword; their names and aliases are the only positions accepted. `closed_at`
    are the light stops among them (`Instrument.closed_at`): made safe they are closed, also when the owner has died.
    """

    kind: ClassVar[str] = "mechanisms"
    commands = COMMANDS

    def __init__(
        self,
        name: str,
        endpoint: str,
        clock: Clock,
        *,
        mechanisms: Mapping[str, MechanismConfig],
        closed_at: Mapping[str, str] | None = None,
        **options: Unpack[ServerOptions],
    ) -> None:
        self.mechanisms = dict(mechanisms)
        state = MechanismsState(
            positions=dict.fromkeys(self.mechanisms, ""),
            moving=list(self.mechanisms),
            closed_at=dict(closed_at or {}),
        )
        super().__init__(name, endpoint, clock, state=state, **options)

    @abstractmethod
    async def move_one(self, keyword: str, position: str) -> None:
        """Move one mechanism to a named position and return when it has arrived."""

    @abstractmethod
    async def read_one(self, keyword: str) -> str:
        """Named position the mechanism stands at; "" between two."""

    async def read_angle(self, keyword: str) -> float | None:
        """Angle of a rotator in deg, in any turn; None from one that cannot tell it."""
        return None

    async def read_back(self) -> None:
        """Publish where the mechanisms stand; between commands nothing moves, but a rotator that follows the sky."""
        positions = {keyword: await self.read_one(keyword) for keyword in self.mechanisms}
        self.update(positions=positions, angles_deg=await self._angles(), targets={}, moving=[])

    async def make_safe(self, progress: ProgressCall) -> None:
        """Stop whatever moves, then close the light stops."""
        await self.halt()
        await self.read_back()
        if open_stops := self.state.open_stops:
            await self.do_move(Move(positions=open_stops), progress)

    def check_move(self, args: Move) -> None:
        """Refuse unknown mechanisms and positions, listing the valid ones."""
        resolve(self.mechanisms, args.positions)

    async def do_move(self, args: Move, progress: ProgressCall) -> dict[str, Any]:
        """Move in parallel and confirm each position by reading it back."""
        start_s = self.clock.now()
        wanted = resolve(self.mechanisms, args.positions)
        found = {keyword: await self.read_one(keyword) for keyword in wanted}
        targets = {keyword: position for keyword, position in wanted.items() if found[keyword] != position}
        positions = self.state.positions | found | dict.fromkeys(targets, "")
        self.update(positions=positions, targets=targets, moving=list(targets))
        progress(0.0, float(len(targets)), "mechanisms", "")
        await together(self._bring(keyword, len(targets), progress) for keyword in targets)
        reached = {keyword: self.state.positions[keyword] for keyword in wanted}
        self.update(targets={})
        return {"positions": reached, "seconds": self.clock.now() - start_s}

    async def _angles(self) -> dict[str, float | None]:
        rotators = [keyword for keyword, config in self.mechanisms.items() if config.kind == "rotator"]
        read = {keyword: await self.read_angle(keyword) for keyword in rotators}
        return {keyword: angle_deg for keyword, angle_deg in read.items() if angle_deg is not None}

    async def _bring(self, keyword: str, total: int, progress: ProgressCall) -> None:
        wanted = self.state.targets[keyword]
        await self.move_one(keyword, wanted)
        found, angles_deg = await self.read_one(keyword), await self._angles()
        moving = [other for other in self.state.moving if other != keyword]
        positions = self.state.positions | {keyword: found}
        self.update(positions=positions, angles_deg=angles_deg, moving=moving)
        if found != wanted:
            raise DeviceError(
                "not_reached", f"{keyword} should be at {wanted} and reads {found or 'between positions'}"
            )
        progress(float(total - len(moving)), float(total), "mechanisms", f"{keyword} {found}")


def resolve(mechanisms: Mapping[str, MechanismConfig], positions: Mapping[str, str]) -> dict[str, str]:
    """Canonical position of each keyword, aliases resolved. Raises `Rejected` naming all that is wrong."""
    problems, resolved = [], {}
    if not positions:
        problems.append("no mechanism is named")
    for keyword, position in positions.items():
        config = mechanisms.get(keyword)
        if config is None:
            problems.append(f"no mechanism {keyword}; there are {', '.join(mechanisms)}")
            continue
        resolved[keyword] = config.aliases.get(position, position)
        if resolved[keyword] not in config.positions:
            problems.append(f"{keyword} has no position {position}; it has {', '.join(config.positions)}")
    if problems:
        raise Rejected("bad_arguments", "; ".join(problems))
    return resolved
