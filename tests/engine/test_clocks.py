"""Which clock a run lives by."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.clock import Clock, ScaledClock, VirtualClock, WallClock
from sequencer.config import load_deployment
from sequencer.config.models import Deployment
from sequencer.engine.clocks import Named, choose_clock, parse_clock
from sequencer.engine.request import BadInput
from sequencer.wire.server import Server
from tests.served import served as served_from_a_thread

EPOCH_S = 1_805_533_200.0


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("virtual", ("virtual", 1.0)),
        ("wall", ("wall", 1.0)),
        ("scaled:60", ("scaled", 60.0)),
        ("scaled:0.5", ("scaled", 0.5)),
    ],
)
def test_three_clocks_can_be_named(text: str, meant: tuple[str, float]) -> None:
    assert parse_clock(text) == meant


@pytest.mark.parametrize(
    "text", ["", "scaled", "scaled:", "scaled:0", "scaled:-1", "scaled:nan", "scaled:inf", "scaled:x", "wall:2",
             "virtual:1", "WALL", "sundial"],
)  # fmt: skip
def test_anything_else_is_bad_input_with_an_example(text: str) -> None:
    with pytest.raises(BadInput) as wrong:
        parse_clock(text)
    (problem,) = wrong.value.problems
    assert (
        problem == f"--clock {text}: must be virtual, wall or scaled:RATE with a rate above 0, as scaled:60"
    )


@given(st.text(max_size=12))
def test_no_text_does_anything_but_name_a_clock_or_be_refused(text: str) -> None:
    try:
        kind, rate = parse_clock(text)
    except BadInput:
        return
    assert kind in ("virtual", "wall", "scaled")
    assert 0.0 < rate < float("inf")


def deployment(endpoint: str = "inproc://nobody", *, real: str = "") -> Deployment:
    """METIS with one simulated device, and perhaps a real one."""
    whole = load_deployment("metis-sim")
    sources = msgspec.structs.replace(whole.devices["sources"], endpoint=endpoint)
    devices = {"sources": sources}
    if real:
        devices[real] = msgspec.structs.replace(whole.devices[real], simulated=False)
    return msgspec.structs.replace(whole, devices=devices)


def chosen(text: str, place: Deployment) -> Clock:
    """The clock of a run on a deployment that was named by its file, without a start of its own."""
    return choose_clock(text, place, EPOCH_S, Named("night.yaml"))


def test_simulators_live_by_virtual_time_unless_told_otherwise() -> None:
    clock = chosen("", deployment())
    assert isinstance(clock, VirtualClock)
    assert clock.now() == EPOCH_S
    assert isinstance(chosen("wall", deployment()), WallClock)


def test_hardware_lives_by_the_wall_and_never_by_virtual_time() -> None:
    assert isinstance(chosen("", deployment(real="telescope")), WallClock)
    with pytest.raises(BadInput, match="telescope is real hardware and cannot live by virtual time"):
        chosen("virtual", deployment(real="telescope"))


class Idle:
    """A device that does nothing."""

    safe_commands: frozenset[str] = frozenset()

    def check(self, command: object) -> None: ...

    async def run(self, command: object, progress: object) -> dict[str, object]:
        return {}


@pytest.fixture
def served() -> Iterator[tuple[str, Clock]]:
    """Endpoint and clock of a simulated device served from a thread of its own."""
    clock = ScaledClock(EPOCH_S, 60.0, 12.5)
    with served_from_a_thread(Server("cover", "cover", "tcp://127.0.0.1:*", clock, Idle(), simulated=True)) as endpoint:
        yield endpoint, clock


def test_a_scaled_clock_is_the_simulators_own(served: tuple[str, Clock]) -> None:
    endpoint, theirs = served
    assert chosen("scaled:60", deployment(endpoint)).identity() == theirs.identity()
    with pytest.raises(BadInput, match=r"--clock scaled:30: the simulators of night\.yaml run by scaled:60;"):
        chosen("scaled:30", deployment(endpoint))


def test_simulators_that_do_not_run_are_told_how_to_start() -> None:
    hint = r"sources at ipc:///.* does not answer; start it with: sequencer simulate night\.yaml --clock scaled:60"
    with pytest.raises(BadInput, match=hint):
        chosen("scaled:60", deployment("ipc:///tmp/no-simulator-here"))
