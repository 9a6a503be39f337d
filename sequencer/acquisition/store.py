"""From a detector's pixels to a durable file: plan before the exposure, store after it, acknowledge last.

The detector keeps a frame until it is acknowledged and sends it again after a reconnect; every exposure id
has one fate (stored, measured only, discarded, kept aside), and a frame that comes again is only acknowledged
again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import zmq.asyncio

from sequencer.acquisition.aside import write_aside
from sequencer.acquisition.bad_pixels import read_bad_pixels
from sequencer.acquisition.cards import Card
from sequencer.acquisition.dictionary import Dictionary
from sequencer.acquisition.errors import AcquisitionError, FrameMissing, PlanError
from sequencer.acquisition.files import Place, Reserve, fits_files
from sequencer.acquisition.frame_check import check_frame
from sequencer.acquisition.header_check import check_header
from sequencer.acquisition.layouts import complete, lay_out
from sequencer.acquisition.plan import ExposurePlan, StoredFrame
from sequencer.acquisition.sampling import Chip
from sequencer.acquisition.statistics import Levels, measure
from sequencer.clock import Clock, iso
from sequencer.config.keywords import Keywords, keywords_of
from sequencer.config.models import Instrument
from sequencer.devices.client import DeviceClient
from sequencer.wire.frames import FrameReader
from sequencer.wire.messages import FrameHeader

T = TypeVar("T")
Judge = Callable[[Levels], list[Card]]
OnUnplanned = Callable[[FrameHeader, str], None]


@dataclass(frozen=True)
class _Arrived:
    header: FrameHeader
    chips: list[Chip]
    reader: FrameReader


@dataclass
class _Open:
    """An exposure between plan and its fate."""

    plan: ExposurePlan
    part: Place | None
    frame: asyncio.Future[_Arrived]
    storing: asyncio.Task[StoredFrame] | None = None


class Acquisition:
    """Receives the frames of all detectors and writes those that were planned into `raw_dir`.

    `reserve` says how they are kept: without it as FITS files. `on_unplanned(header, text)` is told of frames
    nobody planned: they are written into the folder `unplanned` beside `raw_dir` and acknowledged; `text` says
    where, or why not (then the detector still keeps the frame). `keywords` is the dictionary of headers: without
    it the packaged one of the instrument. Raises BadMapError for a map of bad pixels that cannot be used.
    """

    def __init__(
        self,
        raw_dir: Path,
        clock: Clock,
        instrument: Instrument,
        *,
        context: zmq.asyncio.Context | None = None,
        on_unplanned: OnUnplanned = lambda header, text: None,
        keywords: Keywords | None = None,
        reserve: Reserve | None = None,
    ) -> None:
        self.raw_dir = raw_dir
        self._reserve = reserve or fits_files(raw_dir)
        self._clock = clock
        self._instrument = instrument
        self._bad = {camera: read_bad_pixels(one) for camera, one in instrument.detectors.items()}
        self._dictionary = Dictionary(keywords or keywords_of(instrument.name))
        self._context = context
        self._on_unplanned = on_unplanned
        self._readers: list[FrameReader] = []
        self._open: dict[str, _Open] = {}
        self._fates: dict[str, StoredFrame | None] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._before: dict[str, tuple[str, list[int], bool]] = {}

    async def attach(self, detector: DeviceClient[Any]) -> None:
        """Receive the frames of a connected detector."""
        await self.attach_endpoint(detector.name, detector.hello.frames_endpoint)

    async def attach_endpoint(self, device: str, endpoint: str) -> None:
        """Receive the frames sent from `endpoint`."""

        async def on_frame(header: FrameHeader, chips: list[Chip]) -> None:
            await self._arrived(_Arrived(header, chips, reader))

        reader = FrameReader(f"acquisition:{device}", endpoint, self._clock, on_frame, context=self._context)
        self._readers.append(reader)
        await reader.start()

    def plan(self, plan: ExposurePlan) -> None:
        """Make ready for an exposure, before its shutter opens: check the cards, reserve name and disk space.

        Raises CardErrors, MissingCards, PlanError (exposure or name taken), DiskFull; nothing is left behind.
        """
        if plan.exposure in self._open or plan.exposure in self._fates:
            raise PlanError(f"exposure {plan.exposure} is known already")
        self._cards(plan, plan.start_cards, self._clock.now(), later=True)
        part = self._reserve(plan) if plan.file_name else None
        self._open[plan.exposure] = _Open(plan, part, asyncio.get_running_loop().create_future())

    async def store(
        self, exposure: str, end_cards: list[Card], deadline_s: float, judge: Judge | None = None
    ) -> StoredFrame:
        """Wait for the pixels, write the file, acknowledge the frame. A second call returns the same.

        `judge` turns the measured levels into more cards. Raises FrameMissing after `deadline_s` of liveness
        time, FrameRefused, CardErrors, MissingCards, DiskFull, NotDurable; the exposure then stays open and
        the frame with the detector: `store` may be called again, or `discard`. Cancelling ends the wait for
        pixels, not a file being written.
        """
        stored = self._fates.get(exposure)
        if stored is not None:
            return stored
        entry = self._entry(exposure)
        if not entry.plan.file_name:
            raise PlanError(f"exposure {exposure} was planned off the record, without a file name")
        arrived = await self._pixels(entry, deadline_s)
        if entry.storing is None or entry.storing.done():
            entry.storing = self._start(self._store(entry, arrived, end_cards, judge))
        return await asyncio.shield(entry.storing)

    async def level_only(self, exposure: str, deadline_s: float) -> Levels:
        """Measure the frame, acknowledge it and forget it. Raises FrameMissing and FrameRefused."""
        entry = self._entry(exposure)
        arrived = await self._pixels(entry, deadline_s)
        levels = await self._clock.thread("acquisition", self._examine, entry.plan, arrived)
        self.discard(exposure)
        return levels

    async def arrival(self, exposure: str) -> FrameHeader:
        """Wait until the pixels of a planned exposure are here, however long. Raises PlanError."""
        return (await asyncio.shield(self._entry(exposure).frame)).header

    def discard(self, exposure: str) -> None:
        """Give an exposure up, whether its frame has come, comes later or never."""
        entry = self._open.pop(exposure, None)
        self._fates.setdefault(exposure, None)
        if entry is None:
            return
        if entry.part is not None:
            entry.part.discard()
        if entry.frame.done():
            self._start(entry.frame.result().reader.acknowledge(exposure))

    async def set_aside(self, exposure: str) -> Path:
        """Give up an exposure whose frame was refused, and keep what came in the folder `refused` beside `raw_dir`.

        Returns where. Raises DiskFull and NotDurable: the exposure then stays open.
        """
        arrived = self._entry(exposure).frame.result()
        path = await self._write_aside("refused", arrived)
        self.discard(exposure)
        return path

    async def close(self) -> None:
        """Finish what is being written, stop receiving; what is not acknowledged stays with the detectors."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        for reader in self._readers:
            await reader.stop()
        for entry in self._open.values():
            if entry.part is not None:
                entry.part.discard()
        self._open.clear()

    async def _arrived(self, arrived: _Arrived) -> None:
        exposure = arrived.header.exposure
        if exposure in self._fates:
            await arrived.reader.acknowledge(exposure)
            return
        entry = self._open.get(exposure)
        if entry is None:
            self._fates[exposure] = None
            await self._keep_aside(arrived)
            return
        if entry.frame.done():
            entry.frame = asyncio.get_running_loop().create_future()
        entry.frame.set_result(arrived)

    async def _keep_aside(self, arrived: _Arrived) -> None:
        header = arrived.header
        try:
            path = await self._write_aside("unplanned", arrived)
        except AcquisitionError as error:
            del self._fates[header.exposure]
            self._on_unplanned(header, f"not kept: {error}")
            return
        self._on_unplanned(header, f"kept as {path}")
        await arrived.reader.acknowledge(header.exposure)

    async def _write_aside(self, folder: str, arrived: _Arrived) -> Path:
        where, date = self.raw_dir.parent / folder, iso(self._clock.now())
        return await self._clock.thread(
            "acquisition", write_aside, where, arrived.header, arrived.chips, date
        )

    async def _store(
        self, entry: _Open, arrived: _Arrived, end_cards: list[Card], judge: Judge | None
    ) -> StoredFrame:
        plan, header = entry.plan, arrived.header
        levels = await self._clock.thread("acquisition", self._examine, plan, arrived)
        given = [*plan.start_cards, *end_cards, *(judge(levels) if judge else [])]
        cards = self._cards(plan, given, header.start_s, later=False)
        hdus = lay_out(plan, cards, arrived.chips)
        part = entry.part or self._reserve(plan)
        entry.part = None
        date = next(str(card.value) for card in hdus[0].cards if card.keyword == "DATE")
        sha256 = await self._clock.thread("acquisition", part.write, hdus, date)
        stored = StoredFrame(
            plan.exposure,
            plan.file_name,
            part.path,
            sha256,
            part.size_bytes,
            levels,
            header.start_s,
            header.end_s,
        )
        self._fates[plan.exposure] = stored
        self._open.pop(plan.exposure, None)
        await arrived.reader.acknowledge(plan.exposure)
        return stored

    async def _pixels(self, entry: _Open, deadline_s: float) -> _Arrived:
        exposure = entry.plan.exposure
        try:
            return await self._clock.wait_for(entry.frame, deadline_s, f"frame of {exposure}")
        except TimeoutError:
            raise FrameMissing(f"exposure {exposure}: no frame within {deadline_s:g} s") from None

    def _examine(self, plan: ExposurePlan, arrived: _Arrived) -> Levels:
        check_frame(plan, arrived.header, arrived.chips)
        levels = measure(
            arrived.chips,
            plan.lit_regions(self._instrument, self._bad),
            bias_adu=plan.bias_adu,
            gain_e_adu=plan.gain_e_adu,
            full_well_e=plan.full_well_e,
        )
        return replace(levels, repeats=self._repeats(arrived.header))

    def _repeats(self, header: FrameHeader) -> bool:
        """Whether a frame has the checksums of the detector's frame before."""
        exposure, crc32, repeats = self._before.get(header.device, ("", [], False))
        if exposure != header.exposure:
            repeats = crc32 == header.crc32
            self._before[header.device] = (header.exposure, header.crc32, repeats)
        return repeats

    def _cards(self, plan: ExposurePlan, given: list[Card], start_s: float, *, later: bool) -> list[Card]:
        cards = complete(plan, given, start_s, self._clock.now(), self._dictionary)
        check_header(plan, cards, self._dictionary, later=later)
        return cards

    def _entry(self, exposure: str) -> _Open:
        if exposure not in self._open:
            raise PlanError(f"exposure {exposure} was not planned, or has been given up")
        return self._open[exposure]

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
