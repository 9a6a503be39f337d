"""The site tells the weather, and every reason against observing in it."""

from hypothesis import given
from hypothesis import strategies as st

from sequencer.devices.charts import ERROR, IDLE
from sequencer.devices.site import Weather, WeatherLimits, why_unsafe

from .support import run


def test_weather_is_read_again_and_again():
    async def scenario(client, server):
        assert (client.state.safe, client.state.reasons, client.state.roof_open) == (True, [], True)
        server.weather = server.weather._replace(rain=True, wind_m_s=30.0)
        await client.clock.sleep(server.poll_s + 1.0, "test")
        assert not client.state.safe
        assert client.state.reasons == ["rain", "wind 30.0 m/s, limit 18"]
        assert client.is_safe, "the weather station itself harms nobody"

    run("site", scenario)


def test_a_silent_weather_station_does_not_call_the_night_safe():
    async def scenario(client, server):
        async def silent():
            raise OSError("unplugged")

        server.read_weather = silent
        await client.clock.sleep(server.poll_s + 1.0, "test")
        assert (client.state.safe, client.state.chart) == (False, ERROR)
        assert "does not answer" in client.state.reasons[0]

    run("site", scenario)


@given(st.booleans(), st.floats(0.0, 60.0), st.floats(0.0, 1.0))
def test_every_reason_against_observing_is_given(rain, wind_m_s, humidity):
    reasons = why_unsafe(Weather(True, rain, wind_m_s, humidity, 280.0, 712.0), WeatherLimits(20.0, 0.5))
    words = [reason.split()[0] for reason in reasons]
    assert words == ["rain"] * rain + ["wind"] * (wind_m_s > 20.0) + ["humidity"] * (humidity > 0.5)


def test_weather_at_its_limits_is_still_safe():
    assert why_unsafe(Weather(True, False, 20.0, 0.5, 280.0, 712.0), WeatherLimits(20.0, 0.5)) == []


def test_life_cycle_of_a_site_needs_no_work():
    async def scenario(client, server):
        await client.safe()
        assert client.state.chart == IDLE

    run("site", scenario)
