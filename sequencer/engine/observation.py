"""What a template may do: its verbs, each journalled, each ending in a state that was read back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from sequencer.config.models import Instrument
from sequencer.engine.beam import Beam
from sequencer.engine.context import RunContext
from sequencer.engine.control import SkipLevel
from sequencer.engine.dark_rows import dark_rows
from sequencer.engine.darks import Darks, NotDark
from sequencer.engine.exposing import Exposer
from sequencer.engine.flat_patch import FlatPatch
from sequencer.engine.lanes import side_by_side
from sequencer.engine.light import Light
from sequencer.engine.live_plan import LivePlan
from sequencer.engine.series import FlatSeries
from sequencer.engine.shot import Shot
from sequencer.engine.steps import step
from sequencer.engine.window import within
from sequencer.exposure import LevelPlan
from sequencer.observing import TemplateCall
from sequencer.sky import Window, twilight_window


class Observation:
    """The observation a template carries out, on the devices of one run.

    `protect` is SEQ.PROTECT: the light stop closes before every other move and opens when exposing begins.
    `call` is the template's call in the block, if it is one's. `closed` names the light stops (shutter, cover) a dark
    needs read back closed. `patch` is the sky that flats look at.
    """

    def __init__(self, run: RunContext, call: TemplateCall | None = None, *, protect: bool = True) -> None:
        self.run = run
        self.call = call
        self.light = Light(run, protect=protect)
        self.patch = FlatPatch(run, self.light)
        self.beam = Beam(run, self.light, self.patch)
        self.exposer = Exposer(run)
        self.closed = ("shutter", "cover")
        self._plan: LivePlan | None = None
        run.control.on_pause = self.light.shut
        run.control.on_resume = self._go_on
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
        return await step(self.run, device, cmd, args, work)

    async def side_by_side(self, works: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Have several cameras work at the same time; they pause, stop and fail together."""
        await side_by_side(self.run.control, works)

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

    async def _go_on(self) -> None:
        """After a pause: plan anew what is left, and see that the patch of sky is still good."""
        if self._plan is None or self._plan.here is None or not self.run.control.in_level:
            return
        await self._plan.again("resumed after a pause")
        try:
            await self.patch.keep(self._plan.left_s(self._plan.here))
        except SkipLevel as skip:
            self.run.control.leave_level(str(skip))

    # ---- time -------------------------------------------------------------------------------------------------

    def find_window(self, kind: str, sun_limits_deg: tuple[float, float]) -> Window:
        """The twilight to work in. Raises sky.NoTwilight."""
        self.run.status.sun_min_deg, self.run.status.sun_max_deg = sun_limits_deg
        window = twilight_window(self.run.site, self.run.clock.now(), kind, *sun_limits_deg)  # type: ignore[arg-type]
        self.run.window = window
        return window

    def plan(self) -> LivePlan:
        """The plan of this template's twilight. Raises sky.NoTwilight, and ValueError outside a template."""
        if self.call is None:
            raise ValueError("only a template has a plan")
        self._plan = LivePlan(self.run, self.call, self.light)
        return self._plan

    async def wait_until(self, time_s: float, why: str) -> None:
        """Wait with the light stop closed; the operator can interrupt at once."""
        with self.run.doing(why):
            await self.light.shut()
            if (left_s := time_s - self.run.clock.now()) > 0.0:
                self.run.log("wait", why=why, until_s=time_s)
                await self.run.control.wait(left_s, "engine.wait")

    def within(self, window: Window) -> AbstractAsyncContextManager[None]:
        """Work inside a twilight: at its end, or at --until, the light stop closes, also in mid-exposure."""

        async def shut_out() -> None:
            await asyncio.gather(self.light.shut(), self.exposer.abort())

        return within(self.run, window, shut_out)

    # ---- moves ------------------------------------------------------------------------------------------------

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
            if self.light.protect:
                await self.light.shut()
            async with self.light.turn:
                await self.step("mechanisms", "move", moves, client.move(moves))

    async def shut(self) -> None:
        """Close the light stop."""
        await self.light.shut()

    async def close_all(self) -> None:
        """Close light stop and cover."""
        await self.light.close_all()

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

    def flat_series(self, label: Shot, plan: LevelPlan, nd: str = "") -> FlatSeries:
        """A series of flats in one filter of one camera, through the neutral density at position `nd`."""
        return FlatSeries(self.run, self.exposer, label, plan, nd)

    async def darks(self, shots: Iterable[Shot]) -> None:
        """Expose darks, all cameras at the same time, each one's shots one after the other.

        Before and after each, light stop and cover must be read back closed. A camera that sees light all the same is
        given up; when the others have ended this raises NotDark.
        """
        by_camera: dict[str, list[Shot]] = {}
        for shot in shots:
            by_camera.setdefault(shot.camera, []).append(shot)
        self.run.tally.announce(sum(map(len, by_camera.values())))
        rows, needed_s = dark_rows(self.instrument, by_camera)
        plain = [row.plain() for row in rows]
        self.run.log("plan", rows=plain, window={}, needed_s=needed_s, warnings=[])
        self.say("Exposing")
        darks = Darks(self.run, self.exposer, self.closed)
        await self.side_by_side(darks.take(camera, own) for camera, own in by_camera.items())
        if darks.given_up:
            raise NotDark("; ".join(darks.given_up))

    @property
    def _shutter_keyword(self) -> str:
        return self.instrument.shutter.mechanism if self.light.protect else ""
