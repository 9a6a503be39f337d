"""Virtual time: who wakes when, what holds it, what it says when it is stuck."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.clock import StalledError, VirtualClock

EPOCH_S = 1_805_533_200.0

SLEEPERS = st.lists(
    st.tuples(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 7200.0]), st.sampled_from("abc")), min_size=1, max_size=12
)


def at_work(main: Callable[[VirtualClock], Awaitable[Any]], stall_s: float = 20.0) -> Any:
    """Run `main(clock)` in virtual time."""
    clock = VirtualClock(EPOCH_S, stall_s)
    return clock.run(main(clock))


def test_it_begins_at_its_epoch_and_stands_still_while_anything_runs() -> None:
    async def main(clock: VirtualClock) -> None:
        assert clock.now() == clock.liveness() == EPOCH_S
        for _ in range(100):
            await asyncio.sleep(0)
        assert clock.now() == EPOCH_S
        await clock.sleep(0.25, "me")
        assert clock.now() == clock.liveness() == EPOCH_S + 0.25

    at_work(main)


@settings(max_examples=60, deadline=None)
@given(SLEEPERS)
def test_sleepers_wake_by_time_then_key_then_sequence(sleepers: list[tuple[float, str]]) -> None:
    async def main(clock: VirtualClock) -> list[tuple[float, str, int]]:
        woken = []

        async def sleeper(number: int, seconds: float, key: str) -> None:
            await clock.sleep(seconds, key)
            woken.append((clock.now(), key, number))

        await asyncio.gather(*(sleeper(n, seconds, key) for n, (seconds, key) in enumerate(sleepers)))
        return woken

    expected = [(EPOCH_S + max(0.0, seconds), key, n) for n, (seconds, key) in enumerate(sleepers)]
    assert at_work(main) == sorted(expected)


def test_the_next_sleeper_waits_until_all_the_one_before_set_off_is_at_rest() -> None:
    async def main(clock: VirtualClock) -> list[str]:
        told: list[str] = []

        async def sleeper(key: str) -> None:
            await clock.turn(key)
            for step in range(5):
                told.append(f"{key}{step}")
                await asyncio.sleep(0)

        await asyncio.gather(sleeper("b"), sleeper("a"))
        return told

    assert at_work(main) == [f"{key}{step}" for key in "ab" for step in range(5)]


def test_a_turn_comes_before_anything_later_and_takes_no_time() -> None:
    async def main(clock: VirtualClock) -> tuple[list[str], float]:
        order: list[str] = []

        async def later() -> None:
            await clock.sleep(0.001, "a")
            order.append("later")

        task = asyncio.ensure_future(later())
        await clock.turn("z")
        order.append("turn")
        now_s = clock.now()
        await task
        return order, now_s

    assert at_work(main) == (["turn", "later"], EPOCH_S)


def test_time_stands_still_until_every_hold_is_released() -> None:
    async def main(clock: VirtualClock) -> None:
        clock.hold("twice")
        clock.hold("twice")
        clock.hold("once")
        sleeping = asyncio.ensure_future(clock.sleep(1.0, "me"))
        for token in ("twice", "once", "twice"):
            assert token in clock.holders()
            await wall_moment()
            assert not sleeping.done()
            assert clock.release(token)
        await sleeping
        assert clock.holders() == []

    at_work(main)


async def wall_moment() -> None:
    """Let some wall time pass, in which virtual time could advance if nothing held it."""
    passed = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.01, passed.set_result, None)
    await passed


def test_releasing_what_nobody_holds_is_told_and_harmless() -> None:
    clock = VirtualClock(EPOCH_S)
    clock.hold("a")
    assert not clock.release("b")
    assert clock.release("a")
    assert not clock.release("a")
    assert clock.holders() == []


def test_an_event_holds_time_until_every_reader_has_read_it() -> None:
    clock = VirtualClock(EPOCH_S)
    clock.post("shutter", 1)
    assert clock.holders() == []  # nobody reads
    clock.read("shutter", "engine", 1)
    clock.read("shutter", "screen", 0)
    assert clock.holders() == ["event 1 of shutter for screen"]
    clock.read("shutter", "screen", 1)
    assert clock.holders() == []
    clock.post("shutter", 3)
    clock.post("cover", 9)
    clock.read("shutter", "engine", 2)
    clock.read("shutter", "screen", 3)
    assert clock.holders() == ["event 3 of shutter for engine"]
    clock.read("shutter", "engine", 4)
    assert clock.holders() == []


def test_a_party_that_is_gone_holds_nothing_and_never_will_again() -> None:
    clock = VirtualClock(EPOCH_S)
    clock.read("shutter", "engine", 0)
    clock.read("shutter", "screen", 0)
    clock.post("shutter", 1)
    clock.hold("answer", to="engine")
    clock.hold("answer", to="engine")
    clock.hold("command", to="shutter")
    clock.hold("other", to="screen")
    clock.hold("thread")
    clock.forget("engine")
    assert clock.holders() == ["command", "other", "thread", "event 1 of shutter for screen"]
    clock.forget("shutter")
    assert clock.holders() == ["other", "thread"]
    clock.hold("late answer", to="engine")
    clock.read("shutter", "screen", 0)
    clock.read("cover", "engine", 0)
    clock.post("cover", 5)
    clock.post("shutter", 5)
    assert clock.holders() == ["other", "thread"]
    assert clock.release("other")
    clock.hold("other")
    clock.forget("screen")
    assert clock.holders() == ["other", "thread"]


def test_a_computation_in_a_thread_holds_time_and_gives_its_result() -> None:
    async def main(clock: VirtualClock) -> None:
        go = threading.Event()

        def compute(factor: int) -> int:
            go.wait(20)
            return factor * 7

        computing = asyncio.ensure_future(clock.thread("master flat", compute, 6))
        sleeping = asyncio.ensure_future(clock.sleep(60.0, "me"))
        await wall_moment()
        assert clock.holders() == ["thread:master flat"]
        assert not sleeping.done()
        go.set()
        assert await computing == 42
        assert clock.now() == EPOCH_S
        await sleeping
        assert clock.now() == EPOCH_S + 60.0

    at_work(main)


def test_a_thread_that_fails_raises_and_releases() -> None:
    async def main(clock: VirtualClock) -> None:
        with pytest.raises(ZeroDivisionError):
            await clock.thread("division", lambda: 1 // 0)
        assert clock.holders() == []

    at_work(main)


def test_wait_for_gives_the_result_at_the_time_it_comes() -> None:
    async def main(clock: VirtualClock) -> tuple[str, float]:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def answer() -> None:
            await clock.sleep(2.0, "device")
            future.set_result("done")

        task = asyncio.ensure_future(answer())
        result = await clock.wait_for(future, 5.0, "me")
        await task
        return result, clock.now()

    assert at_work(main) == ("done", EPOCH_S + 2.0)


def test_wait_for_times_out_at_its_deadline_and_does_not_cancel() -> None:
    async def main(clock: VirtualClock) -> None:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        with pytest.raises(TimeoutError, match="shutter: nothing within 5 s"):
            await clock.wait_for(future, 5.0, "shutter")
        assert clock.now() == EPOCH_S + 5.0
        assert not future.done()
        future.set_result("late")
        assert await clock.wait_for(future, 0.0, "shutter") == "late"
        assert clock.now() == EPOCH_S + 5.0

    at_work(main)


def test_wait_for_passes_an_exception_on() -> None:
    async def main(clock: VirtualClock) -> None:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        future.set_exception(ValueError("broken"))
        with pytest.raises(ValueError, match="broken"):
            await clock.wait_for(future, 5.0, "me")

    at_work(main)


def test_what_is_cancelled_leaves_nothing_behind() -> None:
    """Neither a cancelled sleep nor a cancelled or answered wait moves time or wakes anybody."""

    async def main(clock: VirtualClock) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sleeping = asyncio.ensure_future(clock.sleep(10.0, "a"))
        waiting = asyncio.ensure_future(clock.wait_for(future, 20.0, "b"))
        await wall_moment_before_any_sleep(sleeping, waiting)
        future.set_result(None)
        await clock.wait_for(future, 30.0, "c")
        assert clock.now() == EPOCH_S
        await clock.sleep(100.0, "d")
        assert clock.now() == EPOCH_S + 100.0
        assert clock.holders() == []

    async def wall_moment_before_any_sleep(*tasks: asyncio.Future[Any]) -> None:
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends)

    at_work(main)


def test_a_stall_names_who_holds_time() -> None:
    async def main(clock: VirtualClock) -> None:
        clock.hold("answer:LM.17")
        clock.read("cover", "engine", 3)
        clock.post("cover", 4)
        await clock.sleep(1.0, "me")

    with pytest.raises(StalledError, match=r"held by: answer:LM\.17; event 4 of cover for engine$"):
        at_work(main, stall_s=0.05)


def test_after_a_stall_everything_can_still_be_put_in_order() -> None:
    """Who cleans up may let time pass, and is kept waiting by nothing of what was given up."""
    left_s: list[float] = []

    async def main(clock: VirtualClock) -> None:
        clock.hold("answer:LM.17")
        try:
            await clock.sleep(1.0, "me")
        finally:
            clock.hold("goodbye")
            await clock.sleep(7.0, "me")
            left_s.append(clock.now())

    with pytest.raises(StalledError, match=r"held by: answer:LM\.17$"):
        at_work(main, stall_s=0.05)
    assert left_s == [EPOCH_S + 7.0]


def test_what_is_sent_to_an_address_holds_time_while_somebody_serves_it() -> None:
    clock = VirtualClock(EPOCH_S)
    clock.hold("early", at="inproc://cover")
    clock.hold("astray", at="inproc://nobody")
    assert clock.holders() == []
    clock.serve("inproc://cover", "boot 1")
    clock.hold("later", at="inproc://cover")
    assert clock.holders() == ["early", "later"]
    assert clock.release("early")
    clock.serve("inproc://cover", "boot 2")
    clock.forget("boot 1")
    assert clock.holders() == ["later"], "the second took the address over"
    clock.forget("boot 2")
    assert clock.holders() == []
    assert clock.release("astray")
    assert not clock.release("astray")


def test_waiting_for_nothing_at_all_is_a_stall_too() -> None:
    async def main(clock: VirtualClock) -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(StalledError, match=r"still for 0\.05 s, held by: nothing: every task waits"):
        at_work(main, stall_s=0.05)


def test_a_long_computation_that_shows_life_is_no_stall() -> None:
    """Whatever wakes the loop is progress: ten pauses of wall time together outlast the patience."""

    async def main(clock: VirtualClock) -> None:
        clock.hold("slow transport")
        for _ in range(10):
            await wall_moment()
        clock.release("slow transport")

    at_work(main, stall_s=0.05)


def test_the_loops_own_timers_are_kept_while_time_is_held() -> None:
    """A transport that delivers late by the loop's timers works: the selector sleeps no longer than they ask."""

    async def main(clock: VirtualClock) -> list[int]:
        clock.hold("message")
        arrived: list[int] = []
        loop = asyncio.get_running_loop()
        for number in range(300):  # would take minutes if each look at the timers took a second
            landed = loop.create_future()
            loop.call_later(0.0005, landed.set_result, number)
            arrived.append(await landed)
        clock.release("message")
        return arrived

    assert at_work(main) == list(range(300))


def test_it_tells_what_it_is() -> None:
    assert VirtualClock(EPOCH_S).kind == "virtual"
    assert VirtualClock(EPOCH_S).identity() == {"kind": "virtual"}
