"""The simulated devices behind the real wire, in virtual time: what they take, pass, publish and leave in the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import numpy as np
import pytest
import zmq.asyncio
from conftest import inproc, packaged, small
from numpy.typing import NDArray

from sequencer.clock import VirtualClock, parse_utc
from sequencer.devices.connect import Devices, connect_devices
from sequencer.devices.detector import DetectorClient
from sequencer.sky.coordinates import radec_to_altaz
from sequencer.wire.errors import CommandAborted, Rejected
from sequencer.wire.frames import FrameReader
from sequencer.wire.messages import FrameHeader
from simulators.start import Simulation, start_simulators

Body = Callable[[Devices, Simulation, VirtualClock], Awaitable[None]]
OPEN_LM = {"INS.OPTI10.NAME": "Lp", "INS.OPTI9.NAME": "SPM-LM", "INS.OPTI3.NAME": "FIELD-11"}

CONTEXTS: list[zmq.asyncio.Context] = []
"""The one in use is the last."""


def night(name: str, body: Body, seed: int = 1) -> Simulation:
    """Run `body` with every device of a deployment simulated, connected and enabled; detectors of 128 x 128."""
    deployment, instrument, site = packaged(name)
    deployment, instrument = inproc(deployment), small(instrument, 128)
    clock = VirtualClock(parse_utc(deployment.start))

    async def main() -> Simulation:
        with zmq.asyncio.Context() as context:
            CONTEXTS.append(context)
            simulation = await start_simulators(deployment, instrument, site, clock, seed, context)
            devices = await connect_devices(deployment, clock, "test", context)
            await devices.bring_up()
            await body(devices, simulation, clock)
            await devices.disconnect()
            await simulation.stop()
        return simulation

    return clock.run(main())


async def take(
    detector: DetectorClient, clock: VirtualClock, exposure: str, dit_s: float, ndit: int, settle: int = 0
) -> tuple[FrameHeader, list[NDArray[Any]]]:
    """Expose and receive the frame, as an acquisition does."""
    arrived = []

    async def keep(header: FrameHeader, chips: list[NDArray[Any]]) -> None:
        arrived.append((header, [chip.copy() for chip in chips]))
        await reader.acknowledge(header.exposure)

    reader = FrameReader("test", detector.frames_endpoint, clock, keep, context=CONTEXTS[-1])
    await reader.start()
    await detector.expose(exposure, dit_s, ndit, settle=settle)
    while not arrived:
        await clock.sleep(0.1, "test")
    await reader.stop()
    return arrived[0]


def test_a_preset_takes_the_slew_and_the_settling_and_arrives() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        telescope = devices.telescope
        assert telescope is not None
        start_s = clock.now()
        await telescope.preset(altitude_deg=42.0, azimuth_deg=270.0)
        assert clock.now() - start_s == pytest.approx(
            92.0 + 10.0, abs=0.1
        )  # 46 deg at 0.5 deg/s, then settling
        assert (telescope.state.altitude_deg, telescope.state.azimuth_deg) == (42.0, 270.0)
        assert not (telescope.state.moving or telescope.state.tracking or telescope.state.ao)
        assert telescope.state.ambient_k == pytest.approx(
            simulation.world.night.ambient_k(clock.now()), abs=0.01
        )
        assert simulation.world.pointing.altaz(start_s + 46.0) == pytest.approx((65.0, 314.0), abs=0.01)

    night("metis-sim", body)


def test_a_preset_in_ra_and_dec_arrives_at_the_star_and_follows_it() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        telescope = devices.telescope
        assert telescope is not None
        await telescope.preset(ra_deg=195.0, dec_deg=-40.0, tracking=True)
        for _ in range(2):
            wanted = radec_to_altaz(195.0, -40.0, clock.now(), simulation.world.pointing.site)
            assert simulation.world.pointing.altaz(clock.now()) == pytest.approx(wanted, abs=2e-3)
            await clock.sleep(600.0, "test")
        assert telescope.state.tracking

    night("metis-sim", body)


def test_stop_ends_a_slew_where_it_is() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        import asyncio

        telescope = devices.telescope
        assert telescope is not None
        preset = asyncio.ensure_future(telescope.preset(altitude_deg=42.0, azimuth_deg=270.0))
        await clock.sleep(46.0, "test")
        await telescope.stop()
        with pytest.raises(CommandAborted):
            await preset
        assert telescope.is_safe
        assert telescope.state.altitude_deg == pytest.approx(65.0, abs=0.1)

    night("metis-sim", body)


def test_mechanisms_move_in_parallel_by_the_short_way() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        mechanisms = devices.mechanisms
        assert mechanisms is not None
        away = {"INS.OPTI9.NAME": "DARK-LM", "INS.CFO_DROT.MODE": "STOPPED", "INS.OPTI10.NAME": "short-L"}
        await mechanisms.move(away)
        start_s = clock.now()
        moved = await mechanisms.move(
            {"INS.OPTI10.NAME": "L'", "INS.OPTI9.NAME": "SPM-LM", "INS.CFO_DROT.MODE": "FIELD"}
        )
        assert moved.positions == {
            "INS.OPTI10.NAME": "Lp",
            "INS.OPTI9.NAME": "SPM-LM",
            "INS.CFO_DROT.MODE": "FIELD",
        }
        assert moved.seconds == pytest.approx(6.0, abs=0.01)
        wheels = simulation.world.beam.mechanisms
        assert wheels["INS.OPTI10.NAME"].passed(start_s, clock.now()) == ["short-L", "open", "Lp"]
        assert not mechanisms.state.moving
        assert not mechanisms.is_safe  # the light path is open
        await mechanisms.safe()
        assert mechanisms.is_safe
        closed_at = simulation.world.instrument.closed_at
        assert closed_at == {"INS.OPTI1.NAME": "DARK", "INS.OPTI3.NAME": "ALIGN+DARK"}
        assert {stop: wheels[stop].position(clock.now()) for stop in closed_at} == closed_at

    night("metis-sim", body)


def test_a_stopped_wheel_reads_between_positions_and_can_move_on() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        import asyncio

        mechanisms = devices.mechanisms
        assert mechanisms is not None
        move = asyncio.ensure_future(mechanisms.move({"INS.OPTI10.NAME": "Br_alpha"}))
        await clock.sleep(5.0, "test")
        await mechanisms.stop()
        with pytest.raises(CommandAborted):
            await move
        assert mechanisms.state.positions["INS.OPTI10.NAME"] == ""
        assert not mechanisms.state.moving
        assert (await mechanisms.move({"INS.OPTI10.NAME": "closed"})).seconds == pytest.approx(5.0, abs=0.01)

    night("metis-sim", body)


def test_an_exposure_shows_the_worlds_rate() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        assert devices.mechanisms is not None
        await devices.mechanisms.move(OPEN_LM)
        await devices.mechanisms.move({"INS.OPTI1.NAME": "PPS-CFO1"})
        detector = devices.detectors["LM"]
        start_s = clock.now()
        header, (chip,) = await take(detector, clock, "e1", 0.2, 10, settle=1)
        mode = simulation.world.instrument.detectors["LM"].modes["fast"]
        assert header.end_s - header.start_s == pytest.approx(2.0, abs=1e-3)
        assert clock.now() - start_s == pytest.approx(2 * (2.0 + mode.overhead_s), abs=0.3)
        level = 0.2 * simulation.world.truth.rate_e_s("LM", "Lp", header.start_s)
        expected = level * (1 - 0.03 * level / 1e5) / 4.0
        assert np.median(chip[simulation.world.truth.good("LM")]) == pytest.approx(expected, rel=0.005)
        assert detector.state.phase == "IDLE"

    assert night("metis-sim", body).world.truth.persistence("LM") == []


def test_three_detectors_expose_at_once() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        import asyncio

        start_s = clock.now()
        taken = await asyncio.gather(
            take(devices.detectors["LM"], clock, "a", 3.0, 1),
            take(devices.detectors["N"], clock, "b", 0.1, 30),
            take(devices.detectors["IFU"], clock, "c", 1.5, 2),
        )
        assert clock.now() - start_s < 7.0
        assert [len(chips) for _, chips in taken] == [1, 1, 4]

    night("metis-sim", body)


def test_the_same_night_twice_gives_the_same_bits() -> None:
    frames = []

    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        assert devices.mechanisms is not None
        await devices.mechanisms.move(OPEN_LM | {"INS.OPTI1.NAME": "PPS-CFO1"})
        frames.append(await take(devices.detectors["LM"], clock, "e1", 0.2, 5))

    night("metis-sim", body)
    night("metis-sim", body)
    night("metis-sim", body, seed=2)
    same, again, other = ((header.start_s, chips[0].tobytes()) for header, chips in frames)
    assert same == again
    assert other[1] != same[1]


def test_opening_the_filter_wheel_through_the_open_slot_is_remembered() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        assert devices.mechanisms is not None
        await devices.mechanisms.move(OPEN_LM | {"INS.OPTI10.NAME": "short-L"})
        await devices.mechanisms.move({"INS.OPTI1.NAME": "PPS-CFO1"})
        await devices.mechanisms.move({"INS.OPTI10.NAME": "Lp"})

    (event,) = night("metis-sim", body).world.truth.persistence("LM")
    assert (event.filter_name, event.cause.split(":")[0]) == ("open", "idle, reset every 0.04 s")


def test_an_aborted_exposure_returns_the_detector_to_continuous_reset() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        import asyncio

        detector = devices.detectors["LM"]
        exposing = asyncio.ensure_future(detector.expose("long", 100.0, 1))
        await clock.sleep(5.0, "test")
        assert detector.state.phase == "INTEGRATING"
        await detector.abort()
        with pytest.raises(CommandAborted):
            await exposing
        assert detector.is_safe
        doing = simulation.world.timeline.track("LM", "integration").at(clock.now())
        assert (doing.exposure, doing.dit_s) == ("", 0.04)

    night("metis-sim", body)


def test_a_windowed_exposure_shows_the_middle_of_the_detector() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        detector = devices.detectors["LM"]
        await detector.configure("fast", 0.04, 1, window_px=(64, 32))
        header, (chip,) = await take(detector, clock, "probe", 0.04, 1)
        assert header.shape == (32, 64)
        assert chip.shape == (32, 64)

    night("metis-sim", body)


def test_what_the_mode_forbids_is_refused() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        with pytest.raises(Rejected, match="below the minimum"):
            await devices.detectors["LM"].expose("short", 0.01, 1)

    night("metis-sim", body)


def test_megaras_cover_and_shutter_take_their_time_and_say_where_they_are() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        cover, shutter = devices.cover, devices.shutter
        assert cover is not None
        assert shutter is not None
        assert (cover.state.position, shutter.state.position) == ("CLOSED", "CLOSED")
        start_s = clock.now()
        await cover.open(["LEFT"])
        assert clock.now() - start_s == pytest.approx(10.0, abs=0.01)
        assert cover.state.halves == {"LEFT": "OPEN", "RIGHT": "CLOSED"}
        assert simulation.world.beam.stop_opening("cover", clock.now()) == 0.5
        await shutter.open()
        assert simulation.world.beam.stop_opening("shutter", clock.now()) == 1.0
        await cover.close()
        await shutter.close()
        assert cover.is_safe
        assert shutter.is_safe

    night("megara-sim", body)


def test_a_shutter_stopped_half_way_is_neither_open_nor_closed() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        import asyncio

        shutter = devices.shutter
        assert shutter is not None
        opening = asyncio.ensure_future(shutter.open())
        await clock.sleep(0.25, "test")
        await shutter.stop()
        with pytest.raises(CommandAborted):
            await opening
        assert shutter.state.position == "OPENING"
        assert simulation.world.beam.stop_opening("shutter", clock.now()) == pytest.approx(0.25, abs=0.01)
        await shutter.safe()
        assert shutter.state.position == "CLOSED"

    night("megara-sim", body)


def test_a_black_body_warms_up_before_it_is_stable() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        sources = devices.sources
        assert sources is not None
        assert sources.is_safe
        await sources.switch("bb", True, 600.0)
        await clock.sleep(1350.0, "test")
        warming = sources.state.sources["bb"]
        assert (warming.on, warming.stable) == (True, False)
        assert warming.temperature_k == pytest.approx((276.5 + 600.0) / 2, abs=10.0)
        await clock.sleep(1500.0, "test")
        warm = sources.state.sources["bb"]
        assert (warm.stable, warm.temperature_k) == (True, 600.0)
        await sources.all_off()
        assert sources.is_safe
        assert not sources.state.sources["bb"].stable

    night("metis-sim", body)


def test_the_weather_is_calm_and_as_cool_as_the_night() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        site = devices.site
        assert site is not None
        await clock.sleep(120.0, "test")
        assert site.state.safe
        assert site.state.temperature_k == pytest.approx(
            simulation.world.night.ambient_k(clock.now()), abs=0.1
        )
        assert site.state.pressure_hpa == pytest.approx(698.0, abs=3.0)  # standard atmosphere at 3046 m

    night("metis-sim", body)


def test_unknown_names_are_not_served() -> None:
    deployment, instrument, site = packaged("metis-sim")
    clock = VirtualClock(parse_utc(deployment.start))

    async def main() -> None:
        with zmq.asyncio.Context() as context:
            nobody = {"no such device"}
            await start_simulators(inproc(deployment), instrument, site, clock, 1, context, nobody)

    with pytest.raises(KeyError, match="no such device"):
        clock.run(main())


def test_endpoints_are_the_deployments() -> None:
    async def body(devices: Devices, simulation: Simulation, clock: VirtualClock) -> None:
        assert {name: server.endpoint for name, server in simulation.servers.items()} == {
            name: f"inproc://{name}" for name in packaged("metis-sim")[0].devices
        }
        assert all(client.simulated for client in devices.all)

    night("metis-sim", body)


def test_the_window_of_the_deployment_cuts_every_detector() -> None:
    deployment, instrument, site = packaged("metis-sim")
    cut = msgspec.structs.replace(inproc(deployment), window_px=(96, 64))
    clock = VirtualClock(parse_utc(deployment.start))

    async def main() -> None:
        with zmq.asyncio.Context() as context:
            simulation = await start_simulators(
                cut, small(instrument, 128), site, clock, 1, context, {"detector_n"}
            )
            assert simulation.servers["detector_n"].state.window_px == (96, 64)
            await simulation.stop()

    clock.run(main())
