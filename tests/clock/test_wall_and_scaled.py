"""Wall and scaled clocks, and UTC as text."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.clock import Clock, ScaledClock, WallClock, iso, parse_utc

EPOCH_S = 1_805_533_200.0
TIMES_S = st.floats(min_value=-2e9, max_value=8e9, allow_nan=False)


@given(TIMES_S, st.integers(0, 6))
def test_iso_and_parse_utc_are_inverse_to_the_digits_written(time_s: float, digits: int) -> None:
    text = iso(time_s, digits)
    assert abs(parse_utc(text) - time_s) <= 0.5000001 * 10.0**-digits + 2e-6
    assert iso(parse_utc(text), digits) == text


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)))
def test_iso_agrees_with_datetime(moment: datetime) -> None:
    whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert iso(whole.replace(tzinfo=UTC).timestamp()) == whole.isoformat(timespec="milliseconds")


@pytest.mark.parametrize(
    ("time_s", "digits", "text"),
    [
        (1_805_535_072.345, 3, "2027-03-20T09:31:12.345"),
        (1_805_535_072.345, 0, "2027-03-20T09:31:12"),
        (1_805_535_072.345, 6, "2027-03-20T09:31:12.345000"),
        (1_805_535_072.9996, 3, "2027-03-20T09:31:13.000"),
        (1_805_535_072.0071, 3, "2027-03-20T09:31:12.007"),
    ],
)
def test_iso_rounds_and_pads(time_s: float, digits: int, text: str) -> None:
    assert iso(time_s, digits) == text


@pytest.mark.parametrize(
    "text",
    [
        "2027-03-20T09:31:12.345",
        " 2027-03-20 09:31:12.345 ",
        "2027-03-20T09:31:12.345Z",
        "2027-03-20T10:31:12.345+01:00",
    ],
)
def test_parse_utc_takes_utc_unless_a_zone_is_given(text: str) -> None:
    assert parse_utc(text) == 1_805_535_072.345


@pytest.mark.parametrize("text", ["", "tonight", "2027-13-01T00:00:00", "09:31"])
def test_parse_utc_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):
        parse_utc(text)


def test_the_wall_clock_is_the_machines() -> None:
    clock = WallClock()
    before = time.time(), time.monotonic()
    assert before[0] <= clock.now() <= time.time()
    assert before[1] <= clock.liveness() <= time.monotonic()
    assert (clock.kind, clock.rate, clock.identity()) == ("wall", 1.0, {"kind": "wall"})


def test_a_scaled_clock_runs_at_its_rate_from_its_epoch() -> None:
    origin_s = time.monotonic()
    clock = ScaledClock(EPOCH_S, 1000.0, origin_s)
    before_s = time.monotonic()
    now_s = clock.now()
    after_s = time.monotonic()
    assert (before_s - origin_s) * 1000.0 <= now_s - EPOCH_S <= (after_s - origin_s) * 1000.0
    assert before_s <= clock.liveness() <= time.monotonic()  # deadlines are not scaled


def test_scaled_clocks_of_one_identity_are_one_clock() -> None:
    first = ScaledClock(EPOCH_S, 60.0)
    identity = first.identity()
    assert identity == {"kind": "scaled", "epoch_s": EPOCH_S, "rate": 60.0, "origin_s": first.origin_s}
    second = ScaledClock(identity["epoch_s"], identity["rate"], identity["origin_s"])
    assert second.identity() == identity
    times_s = [clock.now() for clock in (first, second, first, second)]
    assert times_s == sorted(times_s)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_scaled_clock_needs_a_positive_rate(rate: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        ScaledClock(EPOCH_S, rate)


def test_a_scaled_sleep_lasts_as_long_by_its_own_clock() -> None:
    async def main(clock: ScaledClock) -> tuple[float, float]:
        wall_s, utc_s = time.monotonic(), clock.now()
        await clock.sleep(36.0, "me")
        await clock.sleep(-5.0, "me")
        return time.monotonic() - wall_s, clock.now() - utc_s

    clock = ScaledClock(EPOCH_S, 3600.0)
    wall_s, utc_s = clock.run(main(clock))
    assert utc_s >= 36.0 * 0.999
    assert wall_s < 36.0  # it did not last 36 s of the wall's


def test_deadlines_of_a_scaled_clock_are_wall_seconds() -> None:
    """A device that is slow by the wall must not be given up because a rehearsal runs fast."""

    async def main(clock: ScaledClock) -> str:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.05, future.set_result, "slow")
        return await clock.wait_for(future, 20.0, "me")  # 20 s at this rate are over in 2 us

    clock = ScaledClock(EPOCH_S, 1e7)
    assert clock.run(main(clock)) == "slow"


def test_who_was_kept_from_listening_has_heard_no_silence() -> None:
    """Our own loop stood still for three times the patience; what came at once after it was in time."""

    async def main() -> str:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()

        def stand_still() -> None:
            time.sleep(0.6)
            loop.call_later(0.02, future.set_result, "in time")

        loop.call_soon(stand_still)
        return await WallClock().wait_for(future, 0.2, "device")

    assert WallClock().run(main()) == "in time"


@pytest.mark.parametrize("clock", [WallClock(), ScaledClock(EPOCH_S, 100.0)])
def test_wait_for_times_out_and_does_not_cancel(clock: Clock) -> None:
    async def main() -> None:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        with pytest.raises(TimeoutError, match=r"shutter: nothing within 0\.01 s"):
            await clock.wait_for(future, 0.01, "shutter")
        future.set_result("late")
        assert await clock.wait_for(future, 1.0, "shutter") == "late"

    clock.run(main())


def test_real_time_waits_for_nobody() -> None:
    """Holds, turns and events mean something under virtual time only."""

    async def main(clock: Clock) -> int:
        clock.hold("message")
        clock.hold("answer", to="engine")
        clock.serve("inproc://cover", "boot")
        clock.hold("hello", at="inproc://cover")
        clock.post("cover", 3)
        clock.read("cover", "engine", 1)
        await clock.turn("me")
        await clock.sleep(0.0, "me")
        clock.forget("engine")
        assert clock.release("message") is False
        return await clock.thread("sum", sum, [1, 2, 3])

    clock = WallClock()
    assert clock.run(main(clock)) == 6
