"""Patience counts what a party does with the time it gets, however busy the machine is."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.clock import Clock, StalledError, VirtualClock, WallClock
from sequencer.life import LONGEST_LOOK_S, Task, Vigil, descendants, threads

EPOCH_S = 1_805_533_200.0

STEADY = """
import sys, time
print("at work", flush=True)
for _ in range(40):
    until = time.process_time() + 0.005
    while time.process_time() < until:
        pass
    time.sleep(0.02)
print("done", flush=True)
sys.stdin.read()
"""
"""Uses 0.2 s of a processor in 1 s of wall time, or in whatever the machine makes of it."""

IDLE = "import sys; print('at work', flush=True); sys.stdin.read()"


def waited(*looks: tuple[str, float]) -> float:
    """Seconds a vigil counts of one thread: at each look, a second apart, its state and the processor time it has."""
    told = iter(looks)

    def party() -> dict[str, Task]:
        state, used_s = next(told)
        return {"1/1": (state, 0, used_s)}

    vigil = Vigil(party)
    return [vigil.look(float(second)) for second in range(len(looks))][-1]


def test_who_sleeps_is_waited_for_in_wall_time() -> None:
    assert waited(("S", 1.0), ("S", 1.0), ("S", 1.0)) == 2.0


@pytest.mark.parametrize("state", ["R", "D"])
def test_who_gets_no_processor_or_no_answer_of_its_disk_is_not_blamed(state: str) -> None:
    assert waited(*[(state, 1.0)] * 100) == 0.0


def test_who_computes_is_waited_for_in_its_own_time() -> None:
    assert waited(("R", 1.0), ("R", 1.02), ("R", 1.04)) == pytest.approx(0.04)
    assert waited(("S", 1.0), ("S", 1.01)) == pytest.approx(0.01)


def test_many_threads_at_work_use_up_no_more_than_the_time_that_passes() -> None:
    used = iter((0.0, 1.0, 2.0))

    def party() -> dict[str, Task]:
        used_s = next(used)
        return {f"1/{thread}": ("R", 0, used_s) for thread in range(8)}

    vigil = Vigil(party)
    assert [vigil.look(float(second)) for second in range(3)] == [0.0, 1.0, 2.0]


def test_a_party_that_is_gone_gives_no_sign_of_life() -> None:
    vigil = Vigil(dict)
    assert [vigil.look(now_s) for now_s in (0.0, 1.0, 2.0)] == [0.0, 1.0, 2.0]


def test_time_in_which_nobody_looked_is_nobodys() -> None:
    """Who was kept from looking for an hour, by a debugger or a closed lid, blames nobody for it."""
    vigil = Vigil(lambda: {"1/1": ("S", 0, 0.0)})
    assert [vigil.look(now_s) for now_s in (0.0, 3600.0)] == [0.0, LONGEST_LOOK_S]


def test_a_word_begins_the_count_anew() -> None:
    vigil = Vigil(lambda: {"1/1": ("S", 0, 0.0)})
    assert [vigil.look(now_s) for now_s in (0.0, 1.0)] == [0.0, 1.0]
    vigil.restart()
    assert [vigil.look(now_s) for now_s in (5.0, 6.0)] == [0.0, 1.0]


@given(st.lists(st.tuples(st.sampled_from("RSDTZ"), st.floats(0.0, 1.0)), min_size=2, max_size=30))
def test_nobody_is_ever_waited_for_longer_than_by_the_wall(steps: list[tuple[str, float]]) -> None:
    used_s, looks = 0.0, []
    for state, more_s in steps:
        used_s += more_s
        looks.append((state, used_s))
    assert 0.0 <= waited(*looks) <= len(looks) - 1.0 + 1e-9


@contextmanager
def child(program: str) -> Iterator[subprocess.Popen[str]]:
    """A process below ours that has begun its work."""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        try:
            yield process
        finally:
            process.kill()


def test_threads_and_processes_are_found_however_deep() -> None:
    grandchild = (
        "import subprocess, sys\n"
        "below = subprocess.Popen([sys.executable, '-c', 'import sys; sys.stdin.read()'], stdin=subprocess.PIPE)\n"
        "print('at work', flush=True); sys.stdin.read(); below.communicate()"
    )
    with child(grandchild) as process:
        found = descendants(os.getpid())
        assert f"{process.pid}/{process.pid}" in found
        below = descendants(process.pid)
        assert below and set(below) < set(found)
        assert not set(below) & set(threads(process.pid))
        assert f"{os.getpid()}/{threading.get_native_id()}" in threads(os.getpid())
        process.communicate("")
    assert threads(process.pid) == {}


async def heard(clock: Clock, process: subprocess.Popen[str], seconds: float) -> str:
    """The next line of a process, waited for as a word that it owes."""
    assert process.stdout is not None
    stdout, loop = process.stdout, asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()
    loop.add_reader(stdout.fileno(), lambda: line.done() or line.set_result(stdout.readline()))
    try:
        return await clock.word(line, process.pid, seconds, "child")
    finally:
        loop.remove_reader(stdout.fileno())


CLOCKS = pytest.mark.parametrize("clock", [WallClock(), VirtualClock(EPOCH_S)], ids=["wall", "virtual"])


@CLOCKS
def test_the_word_of_a_process_at_work_is_waited_for_beyond_the_patience(clock: Clock) -> None:
    with child(STEADY) as process:
        assert clock.run(heard(clock, process, 0.6)) == "done\n"


@CLOCKS
def test_a_process_that_stands_still_owes_its_word_in_vain(clock: Clock) -> None:
    with child(STEADY) as process:
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(TimeoutError, match=r"child: no word in 0\.1 s"):
            clock.run(heard(clock, process, 0.1))


def in_hand(clock: VirtualClock, process: subprocess.Popen[str]) -> str:
    """Virtual time stands still for the work of a process until it says something."""

    async def main() -> str:
        assert process.stdout is not None
        stdout, loop = process.stdout, asyncio.get_running_loop()
        line: asyncio.Future[str] = loop.create_future()
        clock.hold("work in hand")
        loop.add_reader(stdout.fileno(), lambda: line.done() or line.set_result(stdout.readline()))
        try:
            return await line
        finally:
            loop.remove_reader(stdout.fileno())
            clock.release("work in hand")

    return clock.run(main())


def test_virtual_time_waits_for_a_process_that_is_at_work() -> None:
    with child(STEADY) as process:
        assert in_hand(VirtualClock(EPOCH_S, stall_s=0.6), process) == "done\n"


@pytest.mark.parametrize("program", [IDLE, STEADY], ids=["idle", "stopped"])
def test_virtual_time_gives_up_a_process_that_gives_no_sign_of_life(program: str) -> None:
    with child(program) as process:
        if program == STEADY:
            process.send_signal(signal.SIGSTOP)
        with pytest.raises(StalledError, match="held by: work in hand"):
            in_hand(VirtualClock(EPOCH_S, stall_s=0.1), process)


def test_virtual_time_gives_up_a_computation_that_waits_for_nothing() -> None:
    """A thread that sleeps for ever is named; one that draws a screen meanwhile is no sign of life."""
    never, enough = threading.Event(), threading.Event()
    drawing = threading.Thread(target=lambda: [sum(range(1000)) for _ in iter(enough.is_set, True)])
    clock = VirtualClock(EPOCH_S, stall_s=0.2)

    async def main() -> None:
        try:
            await clock.thread("develop", never.wait)
        finally:
            never.set()

    drawing.start()
    try:
        with pytest.raises(StalledError, match="held by: thread:develop"):
            clock.run(main())
    finally:
        enough.set()
        drawing.join()
