"""The site tells the weather, and every reason against observing in it."""

from hypothesis import given
from hypothesis import strategies as st

from sequencer.config.models import WeatherLimits
from sequencer.devices.charts import ERROR, IDLE
from sequencer.devices.site import Weather, why_unsafe

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


CALM = Weather(True, False, 5.0, 0.2, 280.0, 712.0)
LIMITS = WeatherLimits(20.0, 0.5)
MEASURED = st.none() | st.floats()


@given(st.none() | st.booleans(), st.none() | st.booleans(), MEASURED, MEASURED)
def test_every_reason_against_observing_is_given_and_what_is_not_known_is_one(roof, rain, wind_m_s, humidity):
    """Safe is what is known to be so; NaN, infinities and the -999 of a broken sensor are not."""
    reasons = why_unsafe(Weather(roof, rain, wind_m_s, humidity), LIMITS)
    assert len(reasons) == sum(
        (
            roof is not True,
            rain is not False,
            wind_m_s is None or not 0.0 <= wind_m_s <= 20.0,
            humidity is None or not 0.0 <= humidity <= 0.5,
        )
    )


def test_the_reasons_say_what_is_wrong():
    told = why_unsafe(Weather(False, True, 30.0, 0.9), LIMITS)
    assert told == ["the roof is closed", "rain", "wind 30.0 m/s, limit 20", "humidity 90%, limit 50%"]
    unknown = why_unsafe(Weather(None, None, None, float("nan")), LIMITS)
    assert unknown == [
        "whether the roof is open is not known",
        "rain is not measured",
        "the wind is not measured",
        "the humidity is not measured",
    ]


def test_weather_at_its_limits_is_still_safe():
    assert why_unsafe(CALM._replace(wind_m_s=20.0, humidity=0.5), LIMITS) == []


def test_temperature_and_pressure_are_information():
    assert why_unsafe(CALM._replace(temperature_k=None, pressure_hpa=None), LIMITS) == []


def test_wind_that_is_no_number_is_published_as_not_measured_and_not_safe():
    async def scenario(client, server):
        server.weather = server.weather._replace(wind_m_s=float("nan"), pressure_hpa=float("nan"))
        await client.clock.sleep(server.poll_s + 1.0, "test")
        assert (client.state.wind_m_s, client.state.pressure_hpa, client.state.chart) == (None, None, IDLE)
        assert client.why_unsafe(LIMITS, on_sky=True) == ["the wind is not measured"]

    run("site", scenario)


def test_the_limits_of_the_observatory_count_beside_the_judgement_of_the_station():
    async def scenario(client, server):
        assert client.state.safe
        assert client.why_unsafe(WeatherLimits(wind_m_s=4.0), on_sky=False) == ["wind 5.0 m/s, limit 4"]
        server.update(safe=False, reasons=["dust"])
        await client.clock.sleep(0.1, "test")
        assert client.why_unsafe(LIMITS, on_sky=True) == ["dust"]

    run("site", scenario)


def test_under_a_closed_roof_no_weather_does_harm_but_it_is_no_sky():
    async def scenario(client, server):
        server.weather = server.weather._replace(roof_open=False, rain=True)
        await client.clock.sleep(server.poll_s + 1.0, "test")
        assert client.why_unsafe(LIMITS, on_sky=False) == []
        assert client.why_unsafe(LIMITS, on_sky=True) == ["the roof is closed", "rain"]
        server.weather = server.weather._replace(roof_open=None)
        await client.clock.sleep(server.poll_s + 1.0, "test")
        assert client.why_unsafe(LIMITS, on_sky=False) == ["whether the roof is open is not known", "rain"]

    run("site", scenario)


def test_life_cycle_of_a_site_needs_no_work():
    async def scenario(client, server):
        await client.safe()
        assert client.state.chart == IDLE

    run("site", scenario)
