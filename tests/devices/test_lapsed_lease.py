"""A device whose owner has fallen silent makes itself safe: shutters close, exposures end, nothing tracks on."""

from sequencer.devices.charts import ERROR
from sequencer.devices.contract.peer import Peer
from sequencer.wire.beat import BEAT_S, LAPSE
from sequencer.wire.errors import DeviceError
from sequencer.wire.messages import Final, Lease

from .support import run

BEAT = BEAT_S["virtual"]
LAPSE_S = LAPSE * BEAT


async def owned(client, server):
    """A peer that takes the lease by force and never renews it by itself, and its lease."""
    peer = Peer(server.endpoint, client.clock, server.server._context)
    granted = await peer.result("claim", {"owner": "night", "force": True})
    return peer, Lease("night", granted.result["epoch"])


def test_an_open_shutter_closes_when_its_owner_is_silent_and_not_before():
    async def scenario(client, server):
        owner, lease = await owned(client, server)
        await owner.result("open", lease=lease)
        for _ in range(4):
            await client.clock.sleep(LAPSE_S - 2 * BEAT, "test")
            assert client.state.position == "OPEN", "he gives signs of life"
            await owner.ask("renew", lease=lease)
        await client.clock.sleep(LAPSE_S - 1.0, "test")
        assert client.state.position == "OPEN"
        await client.clock.sleep(BEAT + 3.0, "test")
        assert client.state.position == "CLOSED"
        await owner.close()

    run("shutter", scenario)


def test_wheels_that_are_light_stops_close_when_their_owner_is_silent():
    async def scenario(client, server):
        owner, lease = await owned(client, server)
        await owner.result("move", {"positions": {"INS.OPTI10.NAME": "Lp"}}, lease=lease)
        assert not client.is_safe
        await client.clock.sleep(LAPSE_S + 2 * BEAT, "test")
        assert client.state.positions["INS.OPTI10.NAME"] == "closed"
        assert client.is_safe
        await owner.close()

    run("mechanisms", scenario, closed_at={"INS.OPTI10.NAME": "closed"})


def test_an_owner_who_comes_back_finds_his_lease_and_is_not_disturbed_again():
    async def scenario(client, server):
        owner, lease = await owned(client, server)
        await client.clock.sleep(LAPSE_S + 2 * BEAT, "test")
        assert (await owner.ask("open", lease=lease)).accepted
        await client.clock.sleep(LAPSE_S / 2, "test")
        assert client.state.position == "OPEN"
        await client.clock.sleep(LAPSE_S, "test")
        assert client.state.position == "CLOSED"
        await owner.close()

    run("shutter", scenario)


def test_a_lease_given_back_leaves_the_device_as_it_is():
    """So does an operator who halts: he has the devices, and nothing moves by itself."""

    async def scenario(client, server):
        await client.open()
        await client.link.release()
        await client.clock.sleep(10 * LAPSE_S, "test")
        assert client.state.position == "OPEN"

    run("shutter", scenario)


def test_a_client_gives_signs_of_life_by_itself_as_long_as_it_lives():
    async def scenario(client, server):
        await client.open()
        await client.clock.sleep(3 * LAPSE_S, "test")
        assert client.state.position == "OPEN"

    run("shutter", scenario)


def test_an_exposure_ends_and_its_frame_is_not_sent():
    async def scenario(client, server):
        owner, lease = await owned(client, server)
        args = {"exposure": "run/1", "dit_s": 1000.0, "ndit": 50}
        command = owner.command("expose", args, lease=lease)
        await owner.send(command)
        await client.clock.sleep(LAPSE_S + 2 * BEAT, "test")
        assert (client.state.phase, client.state.unsent) == ("IDLE", 0)
        final = next(answer for answer in owner.of(command) if isinstance(answer, Final))
        assert (final.outcome, "safe" in final.text) == ("aborted", True)
        await owner.close()

    run("detector", scenario)


def test_a_tracking_telescope_stops():
    async def scenario(client, server):
        owner, lease = await owned(client, server)
        await owner.result("track", {"on": True}, lease=lease)
        await client.clock.sleep(LAPSE_S + 2 * BEAT, "test")
        assert client.is_safe
        await owner.close()

    run("telescope", scenario)


def test_a_device_that_cannot_become_safe_says_so_and_lives_on():
    async def scenario(client, server):
        await client.open()
        owner, _ = await owned(client, server)
        server.broken = DeviceError("e17", "limit switch")
        await client.clock.sleep(LAPSE_S + 2 * BEAT, "test")
        assert (client.state.chart, client.state.error) == (ERROR, "limit switch")
        assert not client.is_safe
        await owner.close()

    run("shutter", scenario)


def test_making_safe_is_shared_with_who_commands_it_at_that_moment():
    async def scenario(client, server):
        owner, lease = await owned(client, server)
        await owner.result("open", lease=lease)
        while client.state.position == "OPEN":
            await client.clock.sleep(0.5, "test")
        await client.safe()
        assert client.is_safe
        await owner.close()

    run("shutter", scenario)
