"""Sources are switched one by one and read back; one that stays on is named."""

from .support import failed, refused, run


def test_sources_switch_and_all_off_is_read_back():
    async def scenario(client, server):
        assert client.is_safe
        laser = await client.switch("HeNe", True)
        assert (laser.kind, laser.on, laser.temperature_k) == ("laser", True, None)
        body = await client.switch("BB", True, temperature_k=1000.0)
        assert body.temperature_k == 1000.0
        assert [name for name, source in client.state.sources.items() if source.on] == ["HeNe", "BB"]
        assert not client.is_safe
        await client.all_off()
        assert client.is_safe

    run("sources", scenario)


def test_a_lamp_that_stays_on_is_named():
    async def scenario(client, server):
        await client.switch("Halogen", True)
        server.stuck_on.add("Halogen")
        await failed(client.switch("Halogen", False), "not_reached", "Halogen", "off")
        await client.recover()
        await failed(client.all_off(), "not_reached", "Halogen")
        await failed(client.safe(), "not_safe")
        assert not client.is_safe

    run("sources", scenario)


def test_sources_refuse_what_they_are_not():
    async def scenario(client, server):
        await refused(client.switch("Neon", True), "bad_arguments", "Neon", "HeNe, BB, Halogen")
        await refused(client.switch("HeNe", True, 300.0), "bad_arguments", "black body")
        await refused(client.switch("BB", False, 300.0), "bad_arguments", "black body")
        await refused(client.switch("BB", True, -3.0), "bad_arguments", "temperature_k")

    run("sources", scenario)
