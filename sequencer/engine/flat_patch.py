"""The patch of sky the flats of one level look at: chosen, kept as long as it is good, moved over frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sequencer.engine.context import RunContext
from sequencer.engine.control import SkipLevel
from sequencer.engine.light import Light
from sequencer.engine.pointing import PointingRefused, choose, objections, preset, preset_position
from sequencer.engine.steps import step
from sequencer.sky import Field, NoPatch, Patch


class FlatPatch:
    """Where the telescope looks for flats, and until when that is good.

    A strip of sky drifts through a telescope that stands still; one that tracks is moved over its field between
    frames, so that no star falls twice on the same pixels.
    """

    def __init__(self, run: RunContext, light: Light) -> None:
        self._run = run
        self._light = light
        self._patch: Patch | None = None
        self._listed: Sequence[float] = ()
        self._frames = 0

    async def go(self, airmass: float, span_s: float, listed: Sequence[float]) -> None:
        """Preset to an empty patch opposite the Sun, good for `span_s`; `listed` are the block's other airmasses.

        Raises PointingRefused for an unsafe site or slew, and SkipLevel, after an alarm, where no patch is.
        """
        self._check_site()
        self._listed = listed
        patch = self._choose(airmass, span_s)
        args = {"airmass": airmass, "altitude_deg": patch.altitude_deg, "azimuth_deg": patch.azimuth_deg}
        await step(self._run, "telescope", "preset", args, self._preset(patch))
        self._patch, self._frames = patch, 0
        text = f"patch at airmass {patch.airmass:.3f}: {'; '.join(patch.reasons)}"
        self._run.log("note", text=text, by="engine")

    async def keep(self, span_s: float) -> None:
        """See that the patch is still good for `span_s` more, after a pause or a delay; otherwise go to another.

        Raises as `go`.
        """
        patch, now_s = self._patch, self._run.clock.now()
        if patch is None:
            return
        found = objections(self._run, patch, span_s)
        if not found:
            self._patch = replace(patch, end_s=max(patch.end_s, now_s + span_s))
            return
        self._run.log("note", text=f"another patch is needed: {'; '.join(found)}", by="engine")
        await self._light.shut()
        await self.go(patch.requested_airmass, span_s, self._listed)

    async def next_position(self) -> None:
        """Before each frame but the first: move a tracking telescope on, the light stop closed if protected."""
        patch, self._frames = self._patch, self._frames + 1
        if not isinstance(patch, Field) or len(patch.positions_deg) < 2 or self._frames == 1:
            return
        positions = patch.positions_deg
        ra_deg, dec_deg = positions[(self._frames - 1) % len(positions)]
        if self._light.protect:
            await self._light.shut()
        args = {"ra_deg": round(ra_deg, 6), "dec_deg": round(dec_deg, 6)}
        await step(self._run, "telescope", "preset", args, preset_position(self._run, ra_deg, dec_deg))

    def _choose(self, airmass: float, span_s: float) -> Patch:
        try:
            return choose(self._run, airmass, span_s, self._listed)
        except NoPatch as error:
            self._run.alarm(
                str(error), f"no flats at airmass {airmass:g}", "try another airmass or another night"
            )
            raise SkipLevel("left out: no empty patch of sky") from None

    async def _preset(self, patch: Patch) -> None:
        if isinstance(patch, Field):
            await preset_position(self._run, *patch.positions_deg[0])
        else:
            await preset(self._run, patch.altitude_deg, patch.azimuth_deg)

    def _check_site(self) -> None:
        if reasons := self._run.site_objections():
            raise PointingRefused(f"the site is not safe: {', '.join(reasons)}")
