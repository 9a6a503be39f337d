"""Where configuration is found: packaged, then the current folder, then by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from sequencer.config import ConfigErrors, load_instrument, load_site
from sequencer.config.search import find_config, known_names

SITE = "name: Here\nlatitude_deg: 1\nlongitude_deg: 2\nelevation_m: 3\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_packaged_name_is_found_from_any_folder(here):
    assert load_site("armazones").name == "Armazones"


def test_the_current_folder_is_searched_by_name_and_by_path(here):
    (here / "mine.yaml").write_text(SITE)
    (here / "below").mkdir()
    (here / "below" / "other.yml").write_text(SITE.replace("Here", "There"))
    assert load_site("mine").name == "Here"
    assert load_site("mine.yaml").name == "Here"
    assert load_site("below/other.yml").name == "There"
    assert load_site(here / "below" / "other.yml").name == "There"


def test_the_packaged_file_wins_over_one_in_the_current_folder(here):
    (here / "armazones.yaml").write_text(SITE)
    assert load_site("armazones").name == "Armazones"
    assert load_site("./armazones.yaml").name == "Here"


@pytest.mark.parametrize("name", ["armazonas", "x" * 5000, "a\x00b", "", ".", "../sites/armazones"])
def test_an_unknown_name_is_one_clear_problem(here, name):
    with pytest.raises(ConfigErrors) as caught:
        find_config("sites", name)
    [problem] = caught.value.problems
    assert problem.text.startswith("no site of this name or path")
    assert "(known: armazones, paranal, roque)" in problem.text


def test_a_near_name_is_suggested():
    with pytest.raises(ConfigErrors, match="did you mean metis"):
        load_instrument("metiss")
    with pytest.raises(ConfigErrors, match="no observing block of this name"):
        find_config("obs", "metis-darkk")


def test_the_packaged_names_are_known():
    assert known_names("instruments") == ["megara", "metis", "opticam"]
    assert known_names("deployments") == [
        "megara-sim", "megara-sim-pipeline", "metis-sim", "metis-sim-pipeline", "opticam-sim",
    ]  # fmt: skip
