"""Small quick hardware behind each server base: what a controller would do, in memory."""

import asyncio

import numpy as np

from sequencer.config.models import Chip, DetectorConfig, MechanismConfig, ReadoutMode, SourceConfig
from sequencer.devices.cover import CoverServer
from sequencer.devices.detector_server import DetectorServer
from sequencer.devices.examples.dome_shutter import DomeShutter
from sequencer.devices.mechanisms import MechanismsServer
from sequencer.devices.shutter import ShutterServer
from sequencer.devices.site import SiteServer, Weather
from sequencer.devices.sources import SourcesServer, SourceState
from sequencer.devices.telescope import Pointing, TelescopeServer
from sequencer.wire.errors import DeviceError


class QuickTelescope(TelescopeServer):
    """Slews at 1 deg/s in altitude; azimuth comes along."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.pointing = Pointing(90.0, 0.0, 10.0, -24.0, ambient_k=280.0)

    async def move_to(self, altitude_deg, azimuth_deg, progress):
        start_deg = self.pointing.altitude_deg
        steps = int(abs(altitude_deg - start_deg))
        self.pointing = self.pointing._replace(moving=True)
        for step in range(1, steps + 1):
            await self.clock.sleep(1.0, self.name)
            here_deg = start_deg + (altitude_deg - start_deg) * step / steps
            self.pointing = self.pointing._replace(altitude_deg=here_deg)
            await self.read_back()
            progress(float(step), float(steps), "deg", "")
        self.pointing = self.pointing._replace(
            altitude_deg=altitude_deg, azimuth_deg=azimuth_deg, moving=False
        )

    async def set_tracking(self, on):
        self.pointing = self.pointing._replace(tracking=on)

    async def read_pointing(self):
        return self.pointing

    async def halt(self):
        self.pointing = self.pointing._replace(moving=False, tracking=False)

    def horizontal(self, ra_deg, dec_deg):
        return 90.0 - abs(dec_deg + 24.0), ra_deg


async def _not_at_the_first_call(clock, name):
    """Takes 8 s, and lets the first cancellation fall under the table, as `asyncio.wait_for` may on Python 3.11."""
    try:
        await clock.sleep(8.0, name)
    except asyncio.CancelledError:
        await clock.sleep(8.0, name)


class ClingingTelescope(QuickTelescope):
    """Slews on when it is cancelled, until it is cancelled again."""

    async def move_to(self, altitude_deg, azimuth_deg, progress):
        await _not_at_the_first_call(self.clock, self.name)
        await super().move_to(altitude_deg, azimuth_deg, progress)


class QuickCover(CoverServer):
    """Each half takes 4 s."""

    def __init__(self, *args, **options):
        super().__init__(*args, **{"halves": ("LEFT", "RIGHT"), **options})
        self.at = dict.fromkeys(self.halves, "CLOSED")

    async def move_half(self, half, position):
        self.at[half] = "MOVING"
        await self.clock.sleep(4.0, self.name)
        self.at[half] = position

    async def read_half(self, half):
        return self.at[half]


class QuickShutter(ShutterServer):
    """Takes 2 s; `jammed` never arrives, `broken` raises."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.at = "CLOSED"
        self.jammed = False
        self.broken: Exception | None = None

    async def move_to(self, position):
        self.at = "MOVING"
        await self.clock.sleep(2.0, self.name)
        if self.broken:
            raise self.broken
        if not self.jammed:
            self.at = position

    async def read_position(self):
        return self.at


class ClingingShutter(QuickShutter):
    """Opens on when it is cancelled, until it is cancelled again."""

    async def move_to(self, position):
        self.at = "MOVING"
        if position == "OPEN":
            await _not_at_the_first_call(self.clock, self.name)
        await super().move_to(position)


WHEELS = {
    "INS.OPTI10.NAME": MechanismConfig(
        "filter wheel", "wheel", ["open", "Lp", "Mp", "closed"], "closed", aliases={"L'": "Lp"}
    ),
    "INS.OPTI11.NAME": MechanismConfig("neutral density", "slide", ["OPEN", "ND_OD1"], "OPEN"),
}


class QuickMechanisms(MechanismsServer):
    """Each position away takes 3 s."""

    def __init__(self, *args, **options):
        super().__init__(*args, **{"mechanisms": WHEELS, **options})
        self.at = {keyword: config.home for keyword, config in self.mechanisms.items()}

    async def move_one(self, keyword, position):
        names = self.mechanisms[keyword].positions
        distance = abs(names.index(position) - names.index(self.at[keyword] or names[0]))
        self.at[keyword] = ""
        await self.clock.sleep(3.0 * distance, f"{self.name}.{keyword}")
        self.at[keyword] = position

    async def read_one(self, keyword):
        return self.at[keyword]


SOURCES = {
    "HeNe": SourceConfig("laser"),
    "BB": SourceConfig("blackbody", warm_up_s=600.0),
    "Halogen": SourceConfig("lamp"),
}


class QuickSources(SourcesServer):
    """Obeys after 2 s."""

    def __init__(self, *args, **options):
        super().__init__(*args, **{"sources": SOURCES, **options})
        self.at = {name: SourceState(kind=config.kind, on=False) for name, config in self.sources.items()}
        self.stuck_on: set[str] = set()

    async def switch_one(self, name, on, temperature_k):
        await self.clock.sleep(2.0, self.name)
        on = on or name in self.stuck_on
        self.at[name] = SourceState(kind=self.sources[name].kind, on=on, temperature_k=temperature_k)

    async def read_one(self, name):
        return self.at[name]


MODE = ReadoutMode(
    min_dit_s=0.04, max_dit_s=1000.0, full_well_e=1e5, gain_e_adu=2.0, read_noise_e=70.0, dark_e_s=0.05, overhead_s=1.0,
    ndit_max=100,
)  # fmt: skip
CONFIG = DetectorConfig(
    index=1, camera="LM", detector_id="2RG", chips=[Chip("DET1.DATA")], size_px=(16, 12), pixel_scale_mas=5.47,
    modes={"fast": MODE, "slow": ReadoutMode(1.3, 2000.0, 8e4, 2.0, 15.0, 0.05, 1.0, dit_grid_s=0.1)},
    default_mode="fast",
)  # fmt: skip


class QuickDetector(DetectorServer):
    """Sees a ramp that says which read-out it was; reading out takes 1 s."""

    def __init__(self, *args, **options):
        super().__init__(*args, **{"config": CONFIG, **options})
        self.reads: list = []
        self.wrong_shape = False

    async def integrate(self, shot, elapsed):
        total_s = shot.dit_s * shot.ndit
        done_s = 0.0
        while done_s < total_s:
            step_s = min(10.0, total_s - done_s)
            await self.clock.sleep(step_s, self.name)
            done_s += step_s
            elapsed(done_s)

    async def read_out(self, shot):
        await self.clock.sleep(1.0, self.name)
        self.reads.append(shot)
        nx, ny = shot.window_px
        if self.wrong_shape:
            nx += 1
        pixels = np.arange(nx * ny, dtype="float32").reshape(ny, nx) + len(self.reads)
        return [pixels for _ in self.config.chips]

    async def read_temperature(self):
        return 40.0


class ClingingDetector(QuickDetector):
    """Integrates on when it is cancelled, until it is cancelled again."""

    async def integrate(self, shot, elapsed):
        await _not_at_the_first_call(self.clock, self.name)
        await super().integrate(shot, elapsed)


class QuickSite(SiteServer):
    """Fair weather unless told otherwise."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.weather = Weather(True, False, 5.0, 0.2, 281.0, 712.0)

    async def read_weather(self):
        return self.weather


class SerialDome:
    """The controller at the other end of the serial line: takes `travel_s` from end to end."""

    def __init__(self, clock, travel_s=8.0):
        self.clock = clock
        self.travel_s = travel_s
        self.status = "CLOSED"
        self.heading = ""
        self.arrives_s = 0.0
        self.deaf = False

    async def ask(self, request):
        if self.deaf:
            raise DeviceError("silent", "the controller does not answer")
        await self.clock.sleep(0.01, "serial")
        if self.heading and self.clock.now() >= self.arrives_s:
            self.status, self.heading = self.heading, ""
        return getattr(self, f"on_{request.strip('?').lower()}", self.on_other)()

    def on_open(self):
        return self._head_for("OPENED")

    def on_close(self):
        return self._head_for("CLOSED")

    def on_stop(self):
        if self.heading:
            self.status, self.heading = "HALTED", ""
        return "OK"

    def on_status(self):
        return self.status

    def on_other(self):
        return "WHAT"

    def _head_for(self, end):
        if self.status != end:
            self.status, self.heading, self.arrives_s = "RUNNING", end, self.clock.now() + self.travel_s
        return "OK"


def quick_dome(name, endpoint, clock, travel_s=8.0, **options):
    """The how-to's example on its controller."""
    return DomeShutter(name, endpoint, clock, line=SerialDome(clock, travel_s), **options)


HARDWARE = {
    "telescope": QuickTelescope,
    "cover": QuickCover,
    "shutter": QuickShutter,
    "dome shutter": quick_dome,
    "mechanisms": QuickMechanisms,
    "sources": QuickSources,
    "detector": QuickDetector,
    "site": QuickSite,
    "clinging telescope": ClingingTelescope,
    "clinging shutter": ClingingShutter,
    "clinging detector": ClingingDetector,
}
