"""Headers before the night: the cards a block's frames will have, made and checked by the code that will make them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sequencer.acquisition import AcquisitionError, Card, ExposurePlan, file_names
from sequencer.acquisition.dictionary import Dictionary
from sequencer.acquisition.header_check import check_header, unfit
from sequencer.acquisition.layouts import complete
from sequencer.clock import VirtualClock
from sequencer.config.keywords import keywords_of
from sequencer.config.models import Deployment, Instrument
from sequencer.config.problems import Problem, ordered
from sequencer.config.search import find_config
from sequencer.config.structure import dotted
from sequencer.config.yaml_reader import Located, NodePath, read_yaml
from sequencer.engine import cards
from sequencer.engine.cards.foreseen import Foreseen, foreseen_devices, foreseen_stop
from sequencer.engine.cards.instrument import drs_rows, mechanism_rows
from sequencer.engine.run_folder import run_id
from sequencer.engine.shot import Shot
from sequencer.observing import OB, TemplateCall
from sequencer.observing.beam import filters_of, is_twilight
from sequencer.observing.detector_rules import detectors_in_use, mode_name_of
from sequencer.observing.findings import Findings
from sequencer.observing.names import cameras_in_use
from sequencer.sky import Site

RUNS_ALIKE = 999
"""Runs of one name whose exposure ids are seen to fit their card."""

Placed = tuple[NodePath, list[Card]]


class HeadersAhead:
    """The headers of blocks on one deployment, from `start_s` (Unix seconds UTC) on."""

    def __init__(self, instrument: Instrument, deployment: Deployment, site: Site, start_s: float) -> None:
        self._instrument = instrument
        self._deployment = deployment
        self._site = site
        self._clock = VirtualClock(start_s)
        self._dictionary = Dictionary(keywords_of(instrument.name))
        self._names = file_names(Path("/dev/null"), instrument)

    def of_instrument(self) -> list[Problem]:
        """What an instrument file says that no header can hold, whatever block is executed, at its lines."""
        name = self._instrument.name
        run = self._foreseen(OB("instrument", name, "", [], Located(name, None, {})), {}, on_sky=True)
        wrong = [
            (path, why)
            for path, given in self._of_file(run)
            for card in self._dictionary.complete(given)
            if (why := unfit(card, self._dictionary))
        ]
        if not wrong:
            return []
        located = read_yaml(find_config("instruments", self._deployment.instrument))
        return ordered(located.problem(path, f"{dotted(path)}: {why}") for path, why in wrong)

    def of_block(self, ob: OB) -> list[Problem]:
        """What keeps the frames of a block that is otherwise sound from being written, at the line of its template."""
        found = []
        for call in ob.templates:
            for shot, positions in self._shots(ob, call):
                try:
                    self._check(ob, call, shot, positions)
                except AcquisitionError as error:
                    of = f" in {shot.filter}" if shot.filter else ""
                    found.append(ob.problem(call, "", f"{shot.camera}{of}: {error}"))
        return ordered(found)

    def _foreseen(
        self, ob: OB, positions: dict[str, str], call: TemplateCall | None = None, *, on_sky: bool
    ) -> Foreseen:
        instrument, deployment = self._instrument, self._deployment
        home = {keyword: mechanism.home for keyword, mechanism in instrument.mechanisms.items()}
        return Foreseen(
            instrument,
            self._site,
            ob,
            self._clock,
            foreseen_devices(instrument, deployment, home | positions, on_sky=on_sky),
            foreseen_stop(instrument, deployment, "shutter"),
            foreseen_stop(instrument, deployment, "cover"),
            self._clock.now(),
            template_index=call.index if call else 0,
            template_name=call.name if call else "",
            procedure=call.signature.script if call else "",
        )

    def _of_file(self, run: Foreseen) -> Iterator[Placed]:
        """Every card an instrument file gives, by what gives it."""
        instrument = self._instrument
        who = cards.Contributor("instrument", run.started_s)
        for card in cards.structure_cards(run):
            of_header = instrument.header.get(card.keyword) == card.value
            own = ("telescope", "name") if card.keyword == "TELESCOP" else ("name",)
            yield ("header", card.keyword) if of_header else own, [card]
        for keyword, mechanism in instrument.mechanisms.items():
            path: NodePath = ("mechanisms", keyword)
            for i, position in enumerate(mechanism.positions):
                rows = mechanism_rows(mechanism, keyword, position, False, True)
                rows += drs_rows({keyword: mechanism}, {keyword: position})
                yield (*path, "positions", i), who.cards(rows)
            if mechanism.angle_keyword:
                angle = f"ESO {mechanism.angle_keyword.replace('.', ' ')}"
                yield (*path, "angle_keyword"), [who.card(angle, 0.0)]
        both = [name for name in instrument.sources for _ in range(2)]
        for name, card in zip(both, cards.source_cards(run), strict=False):
            yield ("sources", name), [card]
        for name, detector in instrument.detectors.items():
            for mode in detector.modes:
                shot = Shot(name, "dark", "", detector.modes[mode].min_dit_s, 1, mode, dpr_tech=detector.dpr_tech)
                given = cards.detector_cards(detector, shot, run.devices.detectors[name], run)
                yield ("detectors", name, "modes", mode), given
                for card in self._file_cards(run, shot):
                    of_chip = ("detectors", name, "chips", (card.extension or 1) - 1, "extname")
                    yield of_chip if card.keyword == "EXTNAME" else ("name",), [card]

    def _file_cards(self, run: Foreseen, shot: Shot) -> list[Card]:
        """What only the file itself knows: its name, its exposure's id, its chips."""
        return complete(self._plan(run, shot, []), [], run.started_s, run.started_s, self._dictionary)

    def _plan(self, run: Foreseen, shot: Shot, given: list[Card]) -> ExposurePlan:
        detector = self._instrument.detectors[shot.camera]
        mode = detector.modes[shot.mode]
        nx, ny = run.devices.detectors[shot.camera].state.window_px
        of_run = run_id(run.ob.name, self._instrument.name, run.seed, run.started_s)
        return ExposurePlan(
            exposure=f"{of_run}-{RUNS_ALIKE}/{run.template_index:02d}/99999/{shot.camera}",
            detector=run.devices.detectors[shot.camera].name,
            camera=shot.camera,
            file_name=self._names.allot(run.started_s, run.template_name or "any"),
            start_cards=given,
            chips=detector.chips,
            layout=detector.layout,
            gain_e_adu=mode.gain_e_adu,
            bias_adu=mode.bias_adu,
            full_well_e=mode.full_well_e,
            expected_shape=(ny, nx),
        )

    def _check(self, ob: OB, call: TemplateCall, shot: Shot, positions: dict[str, str]) -> None:
        """Raises CardErrors and MissingCards, as the acquisition will."""
        run = self._foreseen(ob, positions, call, on_sky=shot.on_sky)
        detector = self._instrument.detectors[shot.camera]
        given = cards.start_cards(detector, shot, run.devices.detectors[shot.camera], run)
        plan = self._plan(run, shot, given)
        every = complete(plan, given, run.started_s, run.started_s, self._dictionary)
        check_header(plan, every, self._dictionary, later=True)

    def _shots(self, ob: OB, call: TemplateCall) -> Iterator[tuple[Shot, dict[str, str]]]:
        """One exposure of every kind a template takes, and the positions mechanisms have for it."""
        instrument, p = self._instrument, call.parameters
        set_up = p.get("SEQ.SETUP") or ("twilight" if is_twilight(call) else "")
        given = {key: value for key, value in p.items() if key in instrument.mechanisms and value is not None}
        positions = instrument.setups.get(set_up, {}) | given
        if not is_twilight(call):
            for detector in detectors_in_use(call, Findings(ob, instrument, self._deployment)):
                yield self._shot(call, detector.camera), positions
            return
        for camera, config in cameras_in_use(call, instrument).items():
            for name in filters_of(call, config):
                yield self._shot(call, camera, name), positions | {config.filter_keyword: name}

    def _shot(self, call: TemplateCall, camera: str, filter_name: str = "") -> Shot:
        p, detector = call.parameters, self._instrument.detectors[camera]
        dit_s = p.get(f"DET{detector.index}.DIT") or p.get("EXPTIME")
        mode = mode_name_of(call, detector)
        return Shot(
            camera=camera,
            kind="flat" if is_twilight(call) else "dark",
            filter=filter_name,
            dit_s=detector.modes[mode].min_dit_s if dit_s is None else dit_s,
            ndit=p.get(f"DET{detector.index}.NDIT") or 1,
            mode=mode,
            dpr_catg=p.get("DPR.CATG", "CALIB"),
            dpr_type=p.get("DPR.TYPE") or p["OBSMODE"],
            dpr_tech=detector.dpr_tech,
            sequence_mode=p["SEQ.MODE"] if is_twilight(call) else "",
            airmass_level=1.0 if is_twilight(call) else 0.0,
            on_sky=is_twilight(call),
            floor_e_s=0.0 if is_twilight(call) else None,
        )
