"""`make bench`: what computing costs, as a ratio within one run or a budget of processor time; 1 if one is missed.

Never part of the tests: on a busy machine even processor time grows, by half and more. Least of several tries.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.io import fits

from sequencer.acquisition import LitRegion, measure
from sequencer.acquisition.fits import Hdu, fits_chunks, header_bytes
from sequencer.acquisition.header_check import check_header
from sequencer.acquisition.layouts import complete, lay_out
from sequencer.clock import parse_utc
from sequencer.config import load_deployment, load_instrument, load_site
from sequencer.config.yaml_reader import read_yaml
from sequencer.sky import choose_strip
from simulators.detector.develop import Exposed
from simulators.world.world import World
from tests.acquisition.support import card, frame, plan
from tests.acquisition.test_dictionary import METIS, all_cards
from tests.house.rooms import ROOT
from tests.sky.places import ARMAZONES

TRIES = 5
DAWN_S = parse_utc("2027-03-20T09:31:12.345")
DATE = "2027-03-20T09:31:14.000"
FULL = (2048, 2048)


@dataclass(frozen=True)
class Cost:
    """Figure of one run, its limit, and the unit of both: `s`, or times something else."""

    what: str
    figure: float
    limit: float
    unit: str

    def __str__(self) -> str:
        verdict = "met" if self.figure < self.limit else "MISSED"
        return f"| {self.what} | {self.figure:.3g} {self.unit} | {self.limit:g} {self.unit} | {verdict} |"


def cpu_s(work: Callable[[], object]) -> float:
    """Least processor time of this process for `work`."""
    spent = []
    for _ in range(TRIES):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent)


def command_s(*command: str) -> float:
    """Least user and system time of a command."""
    program = (
        "import os, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "times = os.times(); print(times.children_user + times.children_system)"
    )
    return min(
        float(subprocess.check_output([sys.executable, "-c", program, *command])) for _ in range(TRIES)
    )


def levels() -> Cost:
    """Level of a full frame, against one median of it."""
    pixels = np.random.default_rng(11).normal(12500.0, 25.0, FULL).astype(np.float32)
    ours_s = cpu_s(
        lambda: measure([pixels], [LitRegion(FULL)], bias_adu=0.0, gain_e_adu=4.0, full_well_e=1e5)
    )
    return Cost("levels of a full frame", ours_s / cpu_s(lambda: np.median(pixels)), 1.0, "np.median")


def writing() -> Cost:
    """FITS file of a full frame with checksums, against astropy's."""
    pixels = np.random.default_rng(5).normal(5000, 700, FULL).astype(np.float32)
    chip = [card("EXTNAME", "DET1.DATA")]

    def theirs() -> None:
        fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(pixels)]).writeto(io.BytesIO(), checksum=True)

    ours_s = cpu_s(lambda: list(fits_chunks([Hdu([card("INSTRUME", "METIS")]), Hdu(chip, pixels)], DATE)))
    return Cost("writing a full frame with checksums", ours_s / cpu_s(theirs), 1.0, "astropy")


def header() -> Cost:
    """Assembly of the fullest METIS header and both its checks."""
    words = ("NAME", "POSNAME", "ID")
    wheels = [
        card(f"ESO INS OPTI{n} {word}", "x", contributor="INS mechanisms")
        for n in range(1, 21)
        for word in words
    ]
    given, asked, chips = [*all_cards("metis"), *wheels], plan(), frame()[1]

    def assemble() -> None:
        for later in (True, False):
            cards = complete(asked, given, DAWN_S, DAWN_S, METIS)
            check_header(asked, cards, METIS, later=later)
        for number, hdu in enumerate(lay_out(asked, cards, chips)):
            header_bytes(hdu, primary=number == 0, extend=True, date=DATE)

    return Cost("assembly and checks of a METIS header", cpu_s(assemble), 0.005, "s")


def patch() -> Cost:
    """Choice of an empty strip among ten thousand sources, each on a night not looked at before."""
    random, count = np.random.default_rng(3), 10_000
    dec_deg = np.degrees(np.arcsin(random.uniform(-1.0, 1.0, count)))
    places = [random.uniform(0.0, 360.0, count), dec_deg, random.uniform(-1.0, 8.0, count)]
    nights = iter(range(TRIES))

    def choose() -> None:
        start_s = parse_utc("2026-05-20T09:40:00") + 86400.0 * next(nights)
        choose_strip(start_s, start_s + 2400.0, 2.0, ARMAZONES, bright_sources=np.column_stack(places))

    return Cost("choice of a patch among 10 000 sources", cpu_s(choose), 0.15, "s")


def simulated_frame() -> Cost:
    """A simulated full frame with everything in it, against one normal draw of its size."""
    deployment, instrument = load_deployment("metis-sim"), load_instrument("metis")
    world = World(instrument, deployment, load_site(instrument.site), 1)
    world.begin(DAWN_S - 1000.0)
    world.idle("LM", DAWN_S - 1000.0, "fast")
    world.point(DAWN_S - 900.0, 56.4427, 270.0)
    beam = {"INS.OPTI10.NAME": "Lp", "INS.OPTI9.NAME": "SPM-LM", "INS.OPTI3.NAME": "FIELD-11"}
    for keyword, position in {**beam, "INS.OPTI1.NAME": "PPS-CFO1"}.items():
        world.move(keyword, DAWN_S - 900.0, position)
    light, exposed = world.light("LM", DAWN_S, DAWN_S + 1.0, 5, "fast"), Exposed("e", 0.2, 5, "fast")
    generator, draws = np.random.default_rng(1), np.empty(FULL, dtype=np.float32)
    world.develop("LM", exposed, light)
    reference_s = cpu_s(lambda: generator.standard_normal(dtype=np.float32, out=draws))
    ours_s = cpu_s(lambda: world.develop("LM", exposed, light))
    return Cost("a simulated full frame", ours_s / reference_s, 2.7, "normal draws")


def instrument_file() -> Cost:
    """Reading the largest file people write."""
    path = ROOT / "configs/instruments/metis.yaml"
    return Cost("reading metis.yaml", cpu_s(lambda: read_yaml(path)), 0.03, "s")


def help_text() -> Cost:
    """Start of the command line, against bare Python."""
    show = "from sequencer.cli.main import main; main(['--help'])"
    ratio = command_s(sys.executable, "-c", show) / command_s(sys.executable, "-c", "pass")
    return Cost("`sequencer --help`", ratio, 15.0, "bare Python")


COSTS: tuple[Callable[[], Cost], ...] = (
    levels, writing, header, patch, simulated_frame, instrument_file, help_text,
)  # fmt: skip


def main() -> int:
    """Print the table; 1 if a limit is missed."""
    print("| what | cost | limit | |\n|---|---|---|---|")
    costs = list(_told(COSTS))
    return int(any(cost.figure >= cost.limit for cost in costs))


def _told(costs: Any) -> Iterator[Cost]:
    for measured in costs:
        cost = measured()
        print(cost, flush=True)
        yield cost


if __name__ == "__main__":
    sys.exit(main())
