"""What a template may do: its verbs, each journalled, each ending in a state that was read back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from sequencer.acquisition import Levels
from sequencer.config.models import Instrument
from sequencer.engine.context import RunContext
from sequencer.engine.control import SkipLevel, WindowOver
from sequencer.engine.exposing import Exposer
from sequencer.engine.flat_plan import FlatPlan
from sequencer.engine.frame_log import log_frame
from sequencer.engine.light import Light
from sequencer.engine.pointing import PointingRefused, preset_patch
from sequencer.engine.series import FlatSeries
from sequencer.engine.shot import Shot
from sequencer.exposure import LevelPlan, Verdict
from sequencer.sky import Patch, Window, twilight_window


class NotDark(Exception):
    """A dark was asked for while something is not read back closed or off."""


class Observation:
    """The observation a template carries out, on the devices of one run.

    `protect` is SEQ.PROTECT: the light stop closes before every other move and opens when exposing begins.
    `closed` names the light stops (shutter, cover) a dark needs read back closed.
    """

    def __init__(self, run: RunContext, *, protect: bool = True) -> None:
        self.run = run
        self.protect = protect
        self.light = Light(run)
        self.exposer = Exposer(run)
        self.closed = ("shutter", "cover")
        self._steps = 0
        run.control.on_pause = self.light.shut
        run.control.abort_exposures = self.exposer.abort

    @property
    def instrument(self) -> Instrument:
        """The instrument file."""
        return self.run.instrument

    # ---- progress ---------------------------------------------------------------------------------------------

    def say(self, state: str) -> None:
        """Tell what the template is doing now: Presetting, SettingUp, Exposing, HandingOver, ..."""
        self.run.status.template_state = state
        self.run.log("template_state", state=state)

    def warn(self, what: str, so_what: str, what_to_do: str) -> None:
        """Raise an alarm."""
        self.run.alarm(what, so_what, what_to_do)

    async def step(self, device: str, cmd: str, args: dict[str, Any], work: Awaitable[Any]) -> Any:
        """Do one step, with its intent in the journal before and its outcome after."""
        self._steps += 1
        number, began_s = self._steps, self.run.clock.now()
        self.run.status.step = f"{device} {cmd}"
        self.run.log("step", n=number, device=device, cmd=cmd, args=args)
        outcome = "failed"
        try:
            result = await work
            outcome = "completed"
            return result
        finally:
            seconds = round(self.run.clock.now() - began_s, 3)
            self.run.log("step_done", n=number, device=device, cmd=cmd, outcome=outcome, seconds=seconds)

    @asynccontextmanager
    async def level(self) -> AsyncIterator[None]:
        """One illumination level: `skip` leaves it and goes on after it."""
        control = self.run.control
        control.in_level = True
        try:
            await control.checkpoint()
            yield
        except SkipLevel as skip:
            self.run.log("note", text=f"level {skip}", by="engine")
        finally:
            control.in_level = False

    # ---- time -------------------------------------------------------------------------------------------------

    def find_window(self, kind: str, sun_limits_deg: tuple[float, float]) -> Window:
        """The twilight to work in. Raises sky.NoTwilight."""
        self.run.status.sun_min_deg, self.run.status.sun_max_deg = sun_limits_deg
        window = twilight_window(self.run.site, self.run.clock.now(), kind, *sun_limits_deg)  # type: ignore[arg-type]
        self.run.window = window
        return window

    def announce(self, plan: FlatPlan) -> None:
        """Tell the operator what is going to be done and when, and what will not work."""
        window = self.run.window
        span = {"start_s": window.start_s, "end_s": window.end_s} if window else {}
        self.run.log("plan", rows=plan.plain(), window=span, needed_s=plan.needed_s, warnings=plan.warnings())

    async def wait_until(self, time_s: float, why: str) -> None:
        """Wait with the light stop closed; the operator can interrupt at once."""
        self.run.status.step = why
        await self.light.shut()
        await self.run.control.wait(time_s - self.run.clock.now(), "engine.wait")

    @asynccontextmanager
    async def within(self, window: Window) -> AsyncIterator[None]:
        """Work inside a twilight: at its end, or at --until, the light stop closes, also in mid-exposure.

        Then everything inside ends with WindowOver, which is caught here.
        """
        guard = asyncio.get_running_loop().create_task(self._guard(window))
        try:
            yield
        except WindowOver as over:
            self.run.alarm(
                str(over), "what is missing of the flats stays missing", "see the report for what was taken"
            )
            await guard  # the light stop is on its way
        finally:
            guard.cancel()
            self.run.control.window_over = ""

    async def _guard(self, window: Window) -> None:
        run = self.run
        end_s, reason = window.end_s, "the Sun has left its limits"
        if run.until_s is not None and run.until_s < end_s:
            end_s, reason = run.until_s, "the latest end allowed (--until) has come"
        await run.clock.sleep(end_s - run.clock.now(), "engine.guard")
        run.control.end_window(reason)
        await asyncio.gather(self.light.shut(), self.exposer.abort())

    # ---- moves ------------------------------------------------------------------------------------------------

    async def preset_patch(self, airmass: float) -> Patch:
        """Preset the telescope to an empty patch opposite the Sun; resolves when arrived. Raises PointingRefused."""
        self._check_site()
        patch: Patch = await self.step(
            "telescope", "preset", {"airmass": airmass}, preset_patch(self.run, airmass)
        )
        self.run.log(
            "note", text=f"patch at airmass {patch.airmass:.3f}: {'; '.join(patch.reasons)}", by="engine"
        )
        return patch

    def _check_site(self) -> None:
        site = self.run.devices.site
        if site is not None and not site.state.safe:
            raise PointingRefused(
                f"the site is not safe: {', '.join(site.state.reasons) or 'it does not say why'}"
            )

    async def set_up(self, positions: dict[str, str]) -> None:
        """Move mechanisms, in parallel, the light stop closed; those already in place stay."""
        client = self.run.devices.mechanisms
        if client is None:
            return
        here = client.state.positions
        moves = {
            k: v for k, v in positions.items() if k in here and here[k] != v and k != self._shutter_keyword
        }
        if moves:
            if self.protect:
                await self.light.shut()
            async with self.light.turn:
                await self.step("mechanisms", "move", moves, client.move(moves))

    async def shut(self) -> None:
        """Close the light stop."""
        await self.light.shut()

    async def close_all(self) -> None:
        """Close light stop and cover."""
        await self.light.close_all()

    async def open(self, shutter: str | None = None, cover: str | None = None) -> None:
        """Let light in: cover, then light stop, each at its open position (named, where it has several)."""
        await self.light.uncover(cover)
        await self.light.open(shutter)

    async def sources_off(self) -> None:
        """Switch lamps, lasers and black body off, and see that they are. Raises NotDark."""
        client = self.run.devices.sources
        if client is None:
            return
        await self.step("sources", "all_off", {}, client.all_off())
        burning = [name for name, source in client.state.sources.items() if source.on]
        if burning:
            raise NotDark(f"still on: {', '.join(burning)}")

    async def hand_over(self) -> None:
        """Close the light stop, stop the derotator, give the telescope back."""
        self.say("HandingOver")
        await self.light.close_all()
        await self.set_up(self.instrument.setups.get("hand_over", {}))
        if self.run.devices.telescope is not None:
            await self.step("telescope", "stop", {}, self.run.devices.telescope.stop())

    # ---- exposures --------------------------------------------------------------------------------------------

    def flat_series(self, label: Shot, plan: LevelPlan) -> FlatSeries:
        """A series of flats in one filter of one camera."""
        return FlatSeries(self.run, self.exposer, label, plan)

    async def darks(self, camera: str, shots: Iterable[Shot]) -> int:
        """Expose darks on one camera, one after the other. Returns how many are good.

        Before and after each, light stop and cover must be read back closed. Raises NotDark.
        """
        config = self.exposer.config(camera)
        good = 0
        for shot in shots:
            await self.run.control.checkpoint()
            status = self.run.status
            status.camera, status.filter, status.exposure_i, status.exposure_n = (
                camera,
                shot.filter,
                shot.i,
                shot.n,
            )
            status.good, status.wanted, status.next_dit_s = shot.i - 1, shot.n, shot.dit_s
            frame, verdict = await self.exposer.take(shot, _dark, self._see_dark)
            await self._see_dark()
            good += 1
            log_frame(self.run, shot, frame, verdict, shot.i, config.modes[shot.mode].full_well_e)
        return good

    async def _see_dark(self) -> None:
        for role, stop in (("shutter", self.run.shutter), ("cover", self.run.cover)):
            if role in self.closed and stop is not None and not stop.closed:
                raise NotDark(f"the {role} ({stop.name}) reads back {stop.position}, a dark needs it closed")

    @property
    def _shutter_keyword(self) -> str:
        return self.instrument.shutter.mechanism if self.protect else ""


def _dark(start_s: float, dit_s: float, levels: Levels) -> Verdict:
    return Verdict("good", "dark, cover and shutter read back closed")
