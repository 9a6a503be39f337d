"""Operator verbs: each is legal or refused with a reason, in every state; and each ends what it promises to end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.devices.charts import IllegalTrigger
from sequencer.engine.control import (
    LEGAL_STATES,
    SkipLevel,
    SkipTemplate,
    StopRequested,
    WindowOver,
)
from sequencer.engine.states import ENDED, OB_CHART
from sequencer.wire.errors import Rejected

from .block import EPOCH_S, WAY_TO, Block, on_block

VERBS = tuple(LEGAL_STATES)

LEGAL = {
    ("pause", "Running"), ("resume", "Paused"), ("skip", "Running"), ("skip", "Paused"),
    ("stop", "Running"), ("stop", "Paused"), ("stop", "Suspended"),
    ("abort", "Running"), ("abort", "Paused"), ("abort", "Suspended"),
    ("halt", "Running"), ("halt", "Paused"), ("halt", "Suspended"), ("halt", "Safing"),
}  # fmt: skip
"""As the design has it; everything else is refused."""


def test_the_way_to_every_state_of_the_chart_is_known() -> None:
    assert set(WAY_TO) == set(OB_CHART.states)
    assert set(ENDED) < set(OB_CHART.states)
    assert {state for states in LEGAL_STATES.values() for state in states} <= set(OB_CHART.states)


@pytest.mark.parametrize("state", WAY_TO)
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_in_every_state_is_legal_or_refused_with_a_reason(verb: str, state: str) -> None:
    async def main(block: Block) -> None:
        block.enter(state)
        block.control.in_level = True
        if (verb, state) in LEGAL:
            await block.control.request(verb, "anna")
            (told,) = block.written("operator")
            assert told == {"verb": verb, "by": "anna", "text": "level" if verb == "skip" else ""}
        else:
            with pytest.raises(
                Rejected, match=f"^{verb} needs a block that is .*; this one is {state}$"
            ) as refusal:
                await block.control.request(verb, "anna")
            assert refusal.value.reason == "illegal_state"
            for legal_verb, legal_state in LEGAL:
                assert (legal_state in refusal.value.text.partition(";")[0]) or legal_verb != verb
            assert block.written("operator") == []
            assert (block.control.ending, block.control.pausing, block.done) == ("", False, [])
        assert block.control.state == state

    on_block(main)


@pytest.mark.parametrize("state", WAY_TO)
def test_an_ended_block_stays_ended(state: str) -> None:
    async def main(block: Block) -> None:
        block.enter(state)
        legal = block.control.chart.triggers()
        assert (legal == []) == (state in ENDED)
        for trigger in {t.trigger for t in OB_CHART.transitions} - set(legal):
            with pytest.raises(IllegalTrigger):
                block.control.trigger(trigger)
        assert block.control.state == state
        states = [data["state"] for data in block.written("ob_state")]
        assert states[-1:] == ([state] if state != "Loaded" else [])

    on_block(main)


def test_every_state_can_still_end() -> None:
    """From anywhere some way leads to an end: no block can get stuck."""
    reaches = set(ENDED)
    for _ in OB_CHART.states:
        reaches |= {state for t in OB_CHART.transitions if t.dest in reaches for state in t.sources}
    assert reaches == set(OB_CHART.states)


def test_a_level_is_skipped_only_while_one_is_taken() -> None:
    async def main(block: Block) -> None:
        block.enter("Running")
        with pytest.raises(Rejected, match="no level is being taken"):
            await block.control.request("skip", "anna")
        await block.control.request("skip", "anna", what="template")
        with pytest.raises(SkipTemplate):
            await block.control.checkpoint()
        block.control.in_level = True
        await block.control.request("skip", "anna", what="level")
        with pytest.raises(SkipLevel):
            await block.control.checkpoint()
        await block.control.checkpoint()  # skipped once, not for ever
        assert [data["text"] for data in block.written("operator")] == ["template", "level"]

    on_block(main)


def test_a_stop_ends_at_the_next_checkpoint_and_cancels_nothing() -> None:
    async def main(block: Block) -> None:
        block.enter("Running")
        await block.control.checkpoint()
        await block.control.request("stop", "anna")
        assert block.done == []
        for _ in range(2):
            with pytest.raises(StopRequested):
                await block.control.checkpoint()

    on_block(main)


@pytest.mark.parametrize("verb", ["abort", "halt"])
def test_abort_and_halt_cancel_at_once(verb: str) -> None:
    async def main(block: Block) -> None:
        block.enter("Running")
        await block.control.request(verb, "anna")
        assert (block.control.ending, block.done) == (verb, ["cancelled"])

    on_block(main)


@pytest.mark.parametrize("state", ["Running", "Paused", "Suspended"])
def test_the_first_signal_aborts_every_other_one_only_hurries(state: str) -> None:
    async def main(block: Block) -> None:
        block.enter(state)
        block.control.interrupt("SIGHUP")
        assert (block.control.ending, block.control.hurried, block.done) == ("abort", False, ["cancelled"])
        block.control.interrupt("SIGINT")
        assert (block.control.hurried, block.done) == (True, ["cancelled"])
        assert block.written("operator") == [{"verb": "abort", "by": "SIGHUP", "text": ""}]

    on_block(main)


def test_a_signal_while_everything_is_made_safe_changes_nothing_of_it() -> None:
    async def main(block: Block) -> None:
        block.enter("Safing")
        block.control.interrupt("SIGTERM")
        assert (block.control.ending, block.control.hurried, block.done) == ("", True, [])

    on_block(main)


@pytest.mark.parametrize("state", ["Running", "Paused"])
def test_what_breaks_a_run_off_cancels_it_once(state: str) -> None:
    async def main(block: Block) -> None:
        block.enter(state)
        block.control.break_off("the shutter was restarted")
        block.control.break_off("it rains")
        assert block.control.broken_off == "the shutter was restarted"
        assert (block.control.ending, block.done) == ("", ["cancelled"])

    on_block(main)


def test_a_halted_run_is_the_operators_and_never_broken_off() -> None:
    async def main(block: Block) -> None:
        block.enter("Running")
        await block.control.request("halt", "anna")
        block.control.break_off("it rains")
        assert (block.control.broken_off, block.done) == ("", ["cancelled"])

    on_block(main)


def test_the_end_of_the_window_ends_waits_and_checkpoints() -> None:
    async def main(block: Block) -> None:
        block.enter("Running")

        async def sunrise() -> None:
            await block.clock.sleep(40.0, "sun")
            block.control.end_window("the Sun is too high")

        rising = asyncio.ensure_future(sunrise())
        with pytest.raises(WindowOver, match="the Sun is too high"):
            await block.control.wait(120.0, "LM")
        assert block.clock.now() == EPOCH_S + 40.0
        with pytest.raises(WindowOver):
            await block.control.checkpoint()
        await block.control.request("stop", "anna")
        with pytest.raises(StopRequested):  # the operator's word comes first
            await block.control.checkpoint()
        await rising

    on_block(main)


def test_what_is_no_verb_is_not_controls_to_refuse() -> None:
    async def main(block: Block) -> None:
        block.control.check("status")
        block.control.check("note")

    on_block(main)


def test_a_pause_that_has_not_begun_can_be_taken_back() -> None:
    async def main(block: Block) -> None:
        block.enter("Running")
        await block.control.request("pause", "anna")
        await block.control.request("resume", "anna")
        await block.control.checkpoint()
        assert (block.control.state, block.done) == ("Running", [])
        with pytest.raises(Rejected):
            await block.control.request("resume", "anna")

    on_block(main)


STEPS = st.lists(
    st.tuples(
        st.sampled_from([*VERBS, "checkpoint"]),
        st.sampled_from(["level", "template"]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
)


async def pass_checkpoint(block: Block) -> None:
    """At most one pause of an hour, none if the block is to end, then whatever was asked for."""

    async def resume() -> None:
        await block.clock.sleep(3600.0, "anna")
        await block.control.request("resume", "bert")

    pauses, before = block.control.pausing and not block.control.ending, len(block.done)
    resuming = asyncio.ensure_future(resume())
    try:
        await block.control.checkpoint()
    except (SkipLevel, SkipTemplate, StopRequested):
        assert block.control.state == "Running"
    else:
        assert block.control.state == "Running"
        assert block.done[before:] == ["light stop closed"] * pauses
    finally:
        resuming.cancel()
        await asyncio.gather(resuming, return_exceptions=True)


async def say(block: Block, verb: str, what: str, now: bool) -> bool:
    """Ask for a verb; whether it was taken. A refused one has a reason and changes nothing."""
    control = block.control
    before = (control.ending, control.pausing, control.state, len(block.done))
    may = (verb, control.state) in LEGAL and (verb != "skip" or what == "template" or control.in_level)
    may = may or (verb == "resume" and control.pausing)
    try:
        await control.request(verb, "anna", what=what, now=now)
    except Rejected as refusal:
        assert not may
        assert refusal.reason == "illegal_state" and refusal.text
        assert before == (control.ending, control.pausing, control.state, len(block.done))
    else:
        assert may
    return may


@settings(max_examples=80, deadline=None)
@given(STEPS)
def test_no_sequence_of_verbs_does_anything_but_what_is_legal(steps: list[Any]) -> None:
    """Legal verbs are journalled, refused ones change nothing, checkpoints end in a known way; nothing else."""

    async def main(block: Block) -> None:
        block.enter("Running")
        taken = 0
        for verb, what, now, in_level in steps:
            block.control.in_level = in_level
            if block.control.state == "Paused":
                break
            if verb == "checkpoint":
                await pass_checkpoint(block)
            else:
                taken += await say(block, verb, what, now)
        written = [data["by"] for data in block.written("operator")]
        assert written.count("anna") == taken

    on_block(main)
