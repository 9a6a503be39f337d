"""report.html: one self-contained page, the same bytes for the same run, with all a reader needs."""

from __future__ import annotations

import base64
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from monitor.night import RUN, Night, whole_night
from sequencer.monitor.leave import leave
from sequencer.monitor.report import report_html, write_report

PNG = re.compile(r'src="data:image/png;base64,([^"]+)"')


class Balance(HTMLParser):
    """Counts what is opened and closed, and everything a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)
        self.fetched += [value for name, value in attrs if name in ("src", "href") and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return whole_night(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def page(night: Night) -> str:
    return report_html(night.records(), night.run_dir)


def test_it_is_one_well_formed_page_that_fetches_nothing(page: str) -> None:
    reader = Balance()
    reader.feed(page)
    assert reader.open == []
    assert len(reader.fetched) == 3 + 3 + 1
    assert all(source.startswith("data:image/png;base64,") for source in reader.fetched)
    assert "<script" not in page


def test_every_section_is_there(page: str) -> None:
    titles = re.findall(r"<h2>([^<]+)</h2>", page)
    assert titles == ["Alarms", "Products", "Levels", "Planned against achieved", "Use of the sky",
                      "Learned", "Master frames",
                      "Linearity", "Timeline", "Safe state", "Remarks", "Frames"]  # fmt: skip


def test_pictures_are_pngs_without_date_or_version(page: str) -> None:
    for data in PNG.findall(page):
        png = base64.b64decode(data)
        assert png.startswith(b"\x89PNG")
        for chunk in (b"tIME", b"tEXt", b"iTXt", b"zTXt"):
            assert chunk not in png


def test_the_same_run_gives_the_same_bytes(night: Night, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(night.run_dir, copy)
    records = night.records()
    assert write_report(copy, records).read_bytes() == write_report(night.run_dir, records).read_bytes()


def test_the_head_counts_frames_products_and_devices(page: str) -> None:
    head = page[: page.index("</header>")]
    for value in ("31 of 32", "1 of 3", "20 min", "3 of 3"):
        assert f"<b>{value}</b>" in head
    assert RUN in head
    assert "2027-03-20T09:31:00 to 2027-03-20T09:44:58 UTC" in head
    assert "<b>14 min</b><span>time used</span>" in head
    assert '<span class="badge fine">completed</span>' in head


def test_plan_rows_count_good_frames_and_their_median(page: str) -> None:
    rows = re.findall(r"<tr>(.*?)</tr>", page[page.index("Planned against achieved") :])
    cells = [re.findall(r"<td>(.*?)</td>", row) for row in rows]
    by_group = {(row[1], row[2]): row for row in cells if len(row) == 10 and row[0] == "flat"}
    assert by_group["Lp", "2.50"][3:9] == ["4", "3", "0.188", "0.188", "50.0", "50.4"]
    assert by_group["short-L", "1.00"][3:9] == ["4", "4", "0.188", "0.188", "44.0", "44.8"]


def test_ladders_and_darks_of_a_plan_find_their_frames_too(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.start()
    shared = {"camera": "LM", "requested_airmass": 1.0, "airmass": 1.0, "ndit": 1, "n": 2, "note": "x"}
    night.plan([
        shared | {"kind": "ladder", "filter": "Lp", "dit_s": 0.1, "predicted_fraction": 0.3},
        shared | {"kind": "dark", "filter": "", "dit_s": 0.1, "predicted_fraction": None},
    ])  # fmt: skip
    night.frame(kind="ladder", dit_s=0.12, predicted_fraction=0.301, level_fraction=0.299)
    night.frame(kind="ladder", dit_s=0.2, predicted_fraction=0.5)
    night.frame(kind="ladder", filter="Mp", predicted_fraction=0.3)
    night.frame(kind="dark", filter="", dit_s=0.1, predicted_fraction=None, level_fraction=None)
    night.frame(kind="dark", filter="", dit_s=0.2, predicted_fraction=None)
    night.frame(kind="dark", filter="", camera="N", dit_s=0.1)
    page = report_html(night.records(), night.run_dir)
    assert "<td>2</td><td>1</td><td>0.100</td><td>0.120</td><td>30.0</td><td>29.9</td><td>x</td>" in page
    assert "<td>2</td><td>1</td><td>0.100</td><td>0.100</td><td>-</td><td>-</td><td>x</td>" in page


def test_flags_have_colours_and_reasons(page: str) -> None:
    assert '<span class="badge fair">PARTIAL</span></td><td>simulated · 8 frames</td><td>1</td>' in page
    assert '<span class="badge poor">BAD</span>' in page
    assert '<span class="badge poor">cloudy</span></td><td>40% below the prediction' in page


def test_devices_that_are_not_safe_stand_out(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.start()
    night.log("safe_state", device="LM", reached=False, seconds=30.0)
    night.log("safe_state", device="telescope", reached=True, seconds=1.5)
    night.log("run_done", outcome="failed", reason="LM is silent", ended="2027-03-20T09:31:00.000")
    page = report_html(night.records(), night.run_dir)
    assert '<td>LM</td><td><span class="badge poor">NOT SAFE</span></td><td>30.0 s</td>' in page
    assert '<td>telescope</td><td><span class="badge fine">safe</span></td><td>1.5 s</td>' in page
    assert "<p>LM is silent</p>" in page
    assert "<b>1 of 2</b><span>devices safe</span>" in page


def test_texts_are_escaped(page: str) -> None:
    assert "thin cirrus &lt;west&gt;" in page


def test_a_run_that_broke_off_at_once_still_has_a_report(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.start()
    page = report_html(night.records(), night.run_dir)
    assert '<span class="badge poor">unfinished</span>' in page
    assert "Not read back." in page


def test_of_darks_alone_there_are_no_levels_to_plot(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.start()
    for _ in range(3):
        night.frame(kind="dark", filter="", airmass=None, level_fraction=None, predicted_fraction=None)
    shown = report_html(night.records(), night.run_dir)
    assert "<h2>Timeline</h2>" in shown
    assert "<h2>Levels</h2>" not in shown


def test_products_that_cannot_be_drawn_are_named(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.start()
    fits.PrimaryHDU().writeto(night.run_dir / "products" / "empty.fits")
    (night.run_dir / "products" / "torn.fits").write_bytes(b"SIMPLE")
    for name in ("empty.fits", "torn.fits", "absent.fits", "refused.json"):
        night.log("product", file=name, category="FLAT", recipe="r", inputs=[],
                  qa={"flag": "BAD", "reasons": []}, log="", record="")  # fmt: skip
    page = report_html(night.records(), night.run_dir)
    assert "empty.fits holds no image" in page
    assert "torn.fits cannot be read: " in page
    assert "absent.fits cannot be read: " in page
    assert "refused.json was refused; its quality reasons say why" in page


def test_leave_writes_all_three_files(tmp_path: Path) -> None:
    night = whole_night(tmp_path)
    summary = leave(night.run_dir)
    assert summary["run"] == RUN
    for name in ("run.log", "summary.json", "report.html"):
        assert (night.run_dir / name).stat().st_size > 0


def test_images_of_all_chips_are_shown(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.start()
    units = [fits.ImageHDU(np.ones((8, 8), "f4"), name=f"DET{n}.SCI") for n in (1, 2, 3, 4)]
    fits.HDUList([fits.PrimaryHDU(), *units]).writeto(night.run_dir / "products" / "ifu.fits")
    night.log("product", file="ifu.fits", category="DARK", recipe="r", inputs=[],
              qa={"flag": "GOOD", "reasons": []}, log="", record="")  # fmt: skip
    page = report_html(night.records(), night.run_dir)
    for name in ("DET1.SCI", "DET4.SCI"):
        assert f"<figcaption>DARK ifu.fits [{name}]</figcaption>" in page


def test_what_was_learned_and_how_the_sky_was_used(page: str) -> None:
    assert "<td>1.234</td><td>0.4 %</td><td>12</td>" in page
    assert "% of the time between the first opening" in page
