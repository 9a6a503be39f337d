"""Who may command: one owner at a time, fenced by epochs, lapsing when silent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sequencer.clock import VirtualClock
from sequencer.wire.beat import BEAT_S, LAPSE
from sequencer.wire.errors import Rejected
from sequencer.wire.lease import LeaseBook
from sequencer.wire.messages import Lease

from .support import EPOCH_S, Rig, every_transport, on

LAPSE_S = LAPSE * BEAT_S["virtual"]


def reason(act: Callable[[], object]) -> str:
    """Why it is refused; empty if it is not."""
    try:
        act()
    except Rejected as refusal:
        return refusal.reason
    return ""


@every_transport
def test_the_owner_commands_others_watch_and_anyone_may_stop(transport: str) -> None:
    async def main(rig: Rig) -> None:
        owner, other = await rig.client("night"), await rig.client()
        assert await owner.call("echo", {"n": 1}) == {"n": 1}
        with pytest.raises(Rejected, match="is commanded by night") as refusal:
            await other.call("echo")
        assert refusal.value.reason == "not_owner"
        assert await other.call("stop") == {}
        assert (await other.call("snapshot"))["state"] == owner.state
        rival = rig.new_client("day")
        with pytest.raises(Rejected, match="is commanded by night"):
            await rival.connect()
        await owner.release()
        assert await other.call("echo", {"n": 2}) == {"n": 2}

    on(transport, main)


@every_transport
def test_closing_the_owner_gives_the_device_back(transport: str) -> None:
    async def main(rig: Rig) -> None:
        owner = rig.new_client("night")
        await owner.connect()
        await owner.close()
        assert await (await rig.client("day")).call("echo", {"n": 1}) == {"n": 1}

    on(transport, main)


@every_transport
def test_a_second_grant_fences_the_first_even_of_one_owner(transport: str) -> None:
    async def main(rig: Rig) -> None:
        first, second = await rig.client("night"), await rig.client("night")
        with pytest.raises(Rejected, match="lease epoch 1 is over, 2 is in force") as refusal:
            await first.call("echo")
        assert refusal.value.reason == "fenced"
        assert await second.call("echo", {"n": 1}) == {"n": 1}

    on(transport, main)


def test_a_silent_owners_lease_lapses_to_who_claims_it() -> None:
    async def main(rig: Rig) -> None:
        owner, rival = rig.peer(), rig.new_client("day")
        night = Lease("night", (await owner.result("claim", {"owner": "night"})).result["epoch"])
        await rig.clock.sleep(LAPSE_S / 2, "test")
        assert (await owner.ask("renew", lease=night)).accepted
        await rig.clock.sleep(LAPSE_S - 0.5, "test")
        with pytest.raises(Rejected, match="is commanded by night"):
            await rival.connect()
        await rig.clock.sleep(0.5, "test")
        assert (await owner.ask("echo", lease=night)).accepted, "silent, but nobody has claimed it"
        await rig.clock.sleep(LAPSE_S, "test")
        await rig.client("dusk")
        assert "is commanded by dusk" in (await owner.ask("echo", lease=night)).text

    on("inproc", main)


def test_an_operator_may_take_the_lease_by_force() -> None:
    async def main(rig: Rig) -> None:
        owner, operator = await rig.client("night"), await rig.client()
        assert await operator.call("claim", {"owner": "operator", "force": True}) == {"epoch": 2}
        with pytest.raises(Rejected, match="is commanded by operator"):
            await owner.call("echo")

    on("inproc", main)


@pytest.mark.parametrize(
    "args", [{}, {"owner": ""}, {"owner": 7}, {"owner": ["night"]}, {"owner": "a", "force": "no"}]
)
def test_a_claim_says_properly_who_claims(args: dict[str, object]) -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client("night")
        with pytest.raises(Rejected) as refusal:
            await client.call("claim", args)
        assert refusal.value.reason == "bad_arguments"
        assert await client.call("echo", {"n": 1}) == {"n": 1}

    on("inproc", main)


class Leases(RuleBasedStateMachine):
    """The lease book against a model: whoever was granted last is the only one to be heard, until released."""

    owners = st.sampled_from(["night", "day"])

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock(EPOCH_S)
        self.book = LeaseBook(self.clock)
        self.held: Lease | None = None
        self.granted: list[Lease] = []
        self.heard_s = 0.0

    @rule(owner=owners, force=st.booleans())
    def claim(self, owner: str, force: bool) -> None:
        silent = self.clock.now() - self.heard_s >= LAPSE_S
        free = self.held is None or self.held.owner == owner or silent or force
        refused = ""
        try:
            lease = Lease(owner, self.book.claim(owner, force))
        except Rejected as refusal:
            refused = refusal.reason
        assert refused == ("" if free else "not_owner")
        if free:
            assert all(lease.epoch > earlier.epoch for earlier in self.granted)
            self.held, self.heard_s = lease, self.clock.now()
            self.granted.append(lease)

    @rule(seconds=st.sampled_from([1.0, LAPSE_S - 1.0, LAPSE_S]))
    def time_passes(self, seconds: float) -> None:
        self.clock.run(self.clock.sleep(seconds, "test"))

    @rule()
    def release(self) -> None:
        self.book.release(self.held)
        self.held = None

    @rule()
    def renew(self) -> None:
        self.book.renew(self.held)
        self.heard_s = self.clock.now()

    @invariant()
    def only_the_lease_in_force_is_heard(self) -> None:
        for lease in [None, *self.granted]:
            expected = ""
            if self.held is not None and lease != self.held:
                same = lease is not None and lease.owner == self.held.owner
                expected = "fenced" if same else "not_owner"
            if lease != self.held:  # the one in force would be heard by being asked
                assert reason(lambda lease=lease: self.book.check(lease)) == expected


Leases.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestLeases = Leases.TestCase
