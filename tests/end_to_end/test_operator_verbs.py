"""Each operator verb does what the design says, in every state of a running template; elsewhere it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sequencer.engine.context import RunContext
from sequencer.engine.journal import Record
from sequencer.wire.client import Client
from sequencer.wire.errors import NoAnswer, Rejected
from tests.end_to_end import rig

ONE_DARK = {"DET1.DIT": 0.2, "SEQ.NEXPO1": 1, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}
STATES = ["Waiting", "Presetting", "SettingUp", "Exposing", "HandingOver"]
VERBS = ["stop", "abort", "halt", "skip", "pause"]


def flats(folder: Path) -> Path:
    return rig.write_ob(folder, ("METIS_all_cal_TwilightFlat", rig.FLATS))


async def tell(run: RunContext, verb: str, **args: object) -> None:
    """Say a verb over the operator's wire, as another process would."""
    endpoint = (run.run_dir / "operator.json").read_text().split('"')[3]
    client = Client("sequencer", endpoint, run.clock)
    try:
        await client.ask_hello()
        await client.call(verb, {"by": "tester", **args})
    finally:
        await client.close()


def saying(verb: str, state: str, **args: object) -> rig.Operator:
    return rig.when(rig.entered(state), lambda run: tell(run, verb, **args))


def assert_ended_safe(ran: rig.Ran) -> None:
    reached = {data["device"]: data["reached"] for data in ran.of("safe_state")}
    assert set(reached) >= {"shutter", "cover", "telescope", "mechanisms", "sources", "detector_lm"}
    assert all(reached.values())


@pytest.mark.parametrize("state", STATES)
def test_stop_keeps_and_reduces_what_there_is(tmp_path: Path, state: str) -> None:
    ran = rig.run(tmp_path, flats(tmp_path), operator=saying("stop", state))
    assert (ran.result.outcome, ran.result.exit_code) == ("stopped", 1)
    assert ran.states[-2:] == ["Safing", "Stopped"]
    assert_ended_safe(ran)
    begun = [data["exposure"] for data in ran.of("exposure") if data["kind"] != "probe"]
    assert [data["exposure"] for data in ran.of("frame")] == begun
    assert len(begun) < 3


@pytest.mark.parametrize("state", STATES)
def test_abort_ends_the_exposure_now_and_ends_safe(tmp_path: Path, state: str) -> None:
    ran = rig.run(tmp_path, flats(tmp_path), operator=saying("abort", state))
    assert (ran.result.outcome, ran.result.exit_code) == ("aborted", 1)
    assert ran.states[-2:] == ["Safing", "Aborted"]
    assert_ended_safe(ran)
    said = next(record for record in ran.records if record.kind == "operator")
    assert not [r for r in ran.records if r.kind == "exposure" and r.seq > said.seq]
    assert not list((ran.result.run_dir / "raw").glob("*.part"))


@pytest.mark.parametrize("state", STATES)
def test_halt_touches_nothing_more(tmp_path: Path, state: str) -> None:
    ran = rig.run(tmp_path, flats(tmp_path), operator=saying("halt", state))
    assert (ran.result.outcome, ran.result.exit_code) == ("halted", 3)
    assert ran.states[-1] == "Halted"
    said = next(record for record in ran.records if record.kind == "operator")
    after = {record.kind for record in ran.records if record.seq > said.seq}
    assert not after & {"safe_state", "step", "exposure", "light_stop"}


@pytest.mark.parametrize("state", ["Presetting", "SettingUp", "Exposing"])
def test_skipping_a_level_goes_on_with_the_next(tmp_path: Path, state: str) -> None:
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", {**rig.FLATS, "SEQ.AIRMASS.LIST": [1.5, 2.0]}))
    ran = rig.run(tmp_path, ob, operator=saying("skip", state))
    assert ran.result.outcome == "completed"
    assert_ended_safe(ran)
    flats_at = [round(data["airmass"], 1) for data in ran.of("frame") if data["kind"] == "flat"]
    assert flats_at.count(1.5) < 2
    assert flats_at.count(2.0) == 2


@pytest.mark.parametrize("state", ["Waiting", "HandingOver"])
def test_skipping_a_level_where_there_is_none_is_refused(tmp_path: Path, state: str) -> None:
    refused: list[Rejected] = []

    async def act(run: RunContext) -> None:
        with pytest.raises(Rejected) as error:
            await tell(run, "skip")
        refused.append(error.value)

    ran = rig.run(tmp_path, flats(tmp_path), operator=rig.when(rig.entered(state), act))
    assert ran.result.outcome == "completed"
    assert [error.reason for error in refused] == ["illegal_state"]


@pytest.mark.parametrize("state", STATES)
def test_skipping_the_template_ends_it(tmp_path: Path, state: str) -> None:
    ob = rig.write_ob(
        tmp_path,
        ("METIS_all_cal_TwilightFlat", rig.FLATS),
        ("METIS_all_cal_Dark", ONE_DARK),
    )
    ran = rig.run(tmp_path, ob, operator=saying("skip", state, what="template"))
    assert [data["outcome"] for data in ran.of("template_done")] == ["skipped", "completed"]
    assert (ran.result.outcome, ran.result.exit_code) == ("completed", 0)
    assert_ended_safe(ran)


@pytest.mark.parametrize("state", STATES)
def test_pause_closes_the_light_stop_and_resume_goes_on(tmp_path: Path, state: str) -> None:
    seen: list[tuple[str, bool]] = []

    async def act(run: RunContext) -> None:
        await tell(run, "pause")
        for _ in range(200):
            if run.control.state == "Paused":
                break
            await run.clock.sleep(5.0, "tester")
        await run.clock.sleep(30.0, "tester")
        assert run.shutter is not None
        seen.append((run.control.state, run.shutter.closed))
        await tell(run, "resume")

    ran = rig.run(tmp_path, flats(tmp_path), operator=rig.when(rig.entered(state), act))
    assert seen == [("Paused", True)]
    assert ran.states.count("Paused") == 1
    assert ran.result.outcome == "completed"
    assert len([data for data in ran.of("frame") if data["kind"] == "flat"]) == 2


async def pause_now(run: RunContext) -> None:
    """A pause of a minute that ends the exposure under way."""
    await run.clock.sleep(0.5, "tester")
    await tell(run, "pause", now=True)
    await run.clock.sleep(60.0, "tester")
    await tell(run, "resume")


def test_pause_now_repeats_the_dark_it_ended(tmp_path: Path) -> None:
    ob = rig.write_ob(
        tmp_path,
        ("METIS_all_cal_Dark", {"DET1.DIT": 10.0, "SEQ.NEXPO1": 2, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}),
    )
    ran = rig.run(tmp_path, ob, operator=rig.when(lambda record: record.kind == "exposure", pause_now))
    assert ran.result.outcome == "completed"
    assert len(ran.of("exposure")) == 3
    assert len(ran.of("frame")) == 2


@pytest.mark.parametrize("kind", ["probe", "flat"])
def test_pause_now_ends_a_flat_or_probe_and_the_sky_is_asked_again(tmp_path: Path, kind: str) -> None:
    parameters = {**rig.FLATS, "SEQ.DIT.FILT.LIST": ["H2O-ice"], "SEQ.DARK": False}
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", parameters))
    begins = rig.when(lambda record: record.kind == "exposure" and record.data["kind"] == kind, pause_now)
    ran = rig.run(tmp_path, ob, operator=begins)
    assert ran.result.outcome == "completed"
    assert ran.states.count("Paused") == 1
    assert [data["kind"] for data in ran.of("exposure")].count(kind) == (2 if kind == "probe" else 3)
    assert [frame["verdict"] for frame in ran.of("frame")] == ["good"] * 2
    assert list((ran.result.run_dir / "raw").glob("*.part")) == []


@pytest.mark.parametrize("verb", ["stop", "pause", "skip"])
def test_what_can_have_no_effect_while_the_last_frames_are_reduced_is_refused(
    tmp_path: Path, verb: str
) -> None:
    refused: list[Rejected] = []

    async def act(run: RunContext) -> None:
        with pytest.raises(Rejected) as error:
            await run.control.request(verb, "tester", what="template")
        refused.append(error.value)

    ob = rig.write_ob(tmp_path, ("METIS_all_cal_Dark", ONE_DARK))
    ran = rig.run(tmp_path, ob, operator=rig.when(rig.entered("Reducing"), act), reduced=True)
    assert ran.result.outcome == "completed"
    assert [error.reason for error in refused] == ["illegal_state"]
    assert f"nothing is left to {verb}" in refused[0].text
    assert ran.of("operator") == []


def test_stop_while_a_template_is_reduced_keeps_the_next_from_beginning(tmp_path: Path) -> None:
    ob = rig.write_ob(tmp_path, *(("METIS_all_cal_Dark", dict(ONE_DARK)) for _ in range(2)))
    operator = rig.when(rig.entered("Reducing"), lambda run: run.control.request("stop", "tester"))
    ran = rig.run(tmp_path, ob, operator=operator, reduced=True)
    assert ran.result.outcome == "stopped"
    assert [data["outcome"] for data in ran.of("template_done")] == ["completed"]
    assert len(ran.of("product")) == 1


def test_stop_during_the_very_last_exposure_is_a_stop(tmp_path: Path) -> None:
    """What was accepted has its effect, though nothing is left to leave out."""
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_Dark", ONE_DARK))
    ran = rig.run(
        tmp_path,
        ob,
        operator=rig.when(lambda record: record.kind == "exposure", lambda run: tell(run, "stop")),
        reduced=True,
    )
    assert (ran.result.outcome, len(ran.of("frame")), len(ran.of("product"))) == ("stopped", 1, 1)


@pytest.mark.parametrize("verb", ["pause", "skip", "resume"])
def test_a_verb_that_is_not_legal_is_refused_with_a_reason(tmp_path: Path, verb: str) -> None:
    refused: list[Rejected] = []

    async def act(run: RunContext) -> None:
        try:
            await tell(run, verb)
        except (Rejected, NoAnswer) as error:
            refused.append(error)

    def moment(record: Record) -> bool:
        if verb == "resume":
            return record.kind == "template_state"
        return record.kind == "ob_state" and record.data["state"] == "Safing"

    operator = rig.when(moment, act)
    # An instrument dark leaves the cover open, so that making safe takes time.
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, ("METIS_gen_cal_InsDark", ONE_DARK)), operator=operator)
    assert ran.result.outcome == "completed"
    assert [error.reason for error in refused] == ["illegal_state"]
    assert ("Running" if verb == "resume" else "Safing") in refused[0].text
