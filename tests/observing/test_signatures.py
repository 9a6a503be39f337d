"""The signatures of the packaged templates say what the sources and the project's decisions say."""

from __future__ import annotations

from pathlib import Path

import pytest

from sequencer.config import ConfigErrors, load_instrument
from sequencer.observing import load_signatures
from sequencer.observing.reference_page import range_text, render_reference, value_text
from sequencer.observing.signature import ParameterSpec, read_signatures
from sequencer.observing.values import check_value

SIGNATURES = load_signatures()
FLAT = SIGNATURES["METIS_all_cal_TwilightFlat"].parameters


def test_every_template_of_the_sources_is_there_and_names_its_procedure():
    assert {name: signature.procedure for name, signature in SIGNATURES.items()} == {
        "Dark": "dark",
        "METIS_all_cal_Dark": "dark",
        "METIS_all_cal_TwilightFlat": "twilight_flat",
        "METIS_all_cal_dark": "dark",
        "METIS_gen_cal_InsDark": "dark",
        "METIS_gen_cal_dark": "dark",
        "METIS_img_lm_cal_TwilightFlat": "twilight_flat",
        "METIS_img_n_cal_TwilightFlat": "twilight_flat",
        "MegaraBiasImage": "ccd_dark",
        "MegaraDarkImage": "ccd_dark",
        "OPTICAM_Dark": "dark",
        "OPTICAM_TwilightFlat": "twilight_flat",
        "TwilightFlat": "twilight_flat",
    }


def test_names_of_the_same_template_differ_only_in_what_they_fix():
    assert SIGNATURES["METIS_img_n_cal_TwilightFlat"].template == "METIS_all_cal_TwilightFlat"
    assert SIGNATURES["METIS_img_n_cal_TwilightFlat"].fixed == {"SEQ.CAMERA": ["N"]}
    assert SIGNATURES["METIS_img_lm_cal_TwilightFlat"].fixed == {"SEQ.CAMERA": ["LM"]}
    assert (
        SIGNATURES["METIS_gen_cal_dark"].template
        == SIGNATURES["METIS_all_cal_dark"].template
        == "METIS_all_cal_Dark"
    )
    assert SIGNATURES["METIS_gen_cal_InsDark"].other_names == []
    assert SIGNATURES["METIS_all_cal_Dark"].other_names == ["METIS_all_cal_dark", "METIS_gen_cal_dark"]


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("SEQ.MODE", "FIXED"), ("SEQ.AIRMASS.LIST", [1.0, 2.0, 2.5]), ("SEQ.AIRMASS.TOL", 0.03),
        ("SEQ.LEVEL.TARGET", 0.5), ("SEQ.LEVEL.TOL", 0.1), ("SEQ.LEVEL.MAX", 0.85),
        ("SEQ.LEVEL.LIST", [0.1, 0.3, 0.5, 0.7, 0.85]), ("SEQ.LEVEL.FILT", None), ("SEQ.TWILIGHT", "MORNING"),
        ("SEQ.TWILIGHT.WAIT", 3600), ("SEQ.SUNALT.MIN", -18), ("SEQ.SUNALT.MAX", -9), ("SEQ.TIME", None),
        ("SEQ.DARK", True), ("SEQ.DARK.NEXPO", 10), ("SEQ.DARK.WAIT", 300), ("SEQ.PROTECT", True),
        ("DET1.NSETTLE", 1), ("DET2.NSETTLE", 2), ("SEQ.NEXPO", 10), ("SEQ.NCYCLES", 1), ("SEQ.PRESET", True),
        ("DPR.CATG", "CALIB"), ("DPR.TYPE", "FLAT,TWILIGHT"), ("SEQ.CAMERA", None), ("SEQ.DIT.ADJUST", None),
        ("INS.OPTI1.NAME", "PPS-CFO1"), ("INS.OPTI3.NAME", "FIELD-11"), ("INS.OPTI4.NAME", "OUT"),
        ("INS.OPTI9.NAME", "SPM-LM"), ("INS.OPTI12.NAME", "SPM-N"), ("INS.OPTI10.NAME", "Lp"),
        ("INS.OPTI13.NAME", "N1"), ("INS.OPTI15.NAME", "OUT"), ("INS.OPTI17.NAME", "OUT"),
    ],
)  # fmt: skip
def test_a_default_of_the_twilight_flat_is_the_decided_one(name, default):
    assert FLAT[name].default == default
    assert FLAT[name].required == (name == "SEQ.CAMERA")


def test_hidden_parameters_are_those_the_sources_hide():
    hidden = {name for name, spec in FLAT.items() if spec.hidden and not name.startswith("INS.")}
    assert hidden == {
        "DPR.CATG",
        "DPR.TECH",
        "DPR.TYPE",
        "SEQ.PRESET",
        "DET1.DIT",
        "DET1.NDIT",
        "DET2.DIT",
        "DET2.NDIT",
    }
    shown = {name for name, spec in FLAT.items() if not spec.hidden and name.startswith("INS.")}
    assert shown == {f"INS.OPTI{i}.NAME" for i in (9, 10, 11, 12, 13, 14)}


def test_the_darks_of_metis_take_three_detectors_and_megara_must_be_told_its_time():
    dark = SIGNATURES["METIS_all_cal_Dark"].parameters
    for index in (1, 2, 3):
        assert dark[f"DET{index}.DIT"].default is None
        assert dark[f"DET{index}.NDIT"].default == 1
        assert dark[f"SEQ.NEXPO{index}"].default == 1
        assert dark[f"SEQ.NEXPO{index}"].range[0] == 0
    megara = SIGNATURES["MegaraDarkImage"].parameters
    assert megara["EXPTIME"].required
    assert megara["NEXPO"].default == 5
    bias = SIGNATURES["MegaraBiasImage"].parameters
    assert (bias["EXPTIME"].default, bias["EXPTIME"].required, bias["NEXPO"].default) == (0.0, False, 10)


@pytest.mark.parametrize(
    ("template", "setup"), [("METIS_all_cal_Dark", "dark"), ("METIS_gen_cal_InsDark", "insdark")]
)
def test_the_fixed_mechanisms_of_a_dark_are_those_of_the_instruments_setup(template, setup):
    parameters = SIGNATURES[template].parameters
    fixed = {name: spec.default for name, spec in parameters.items() if name.startswith("INS.")}
    assert fixed == load_instrument("metis").setups[setup]
    assert parameters["SEQ.SETUP"].default == setup
    assert all(
        spec.hidden and spec.choices == [spec.default] for name, spec in parameters.items() if name in fixed
    )


def test_the_instrument_dark_closes_the_shutter_only_and_is_no_raw_dark():
    insdark = SIGNATURES["METIS_gen_cal_InsDark"].parameters
    assert insdark["SEQ.CLOSED"].default == ["shutter"]
    assert insdark["DPR.TYPE"].default == "DARK,INS"
    assert SIGNATURES["METIS_all_cal_Dark"].parameters["SEQ.CLOSED"].default == ["shutter", "cover"]
    assert SIGNATURES["METIS_all_cal_Dark"].parameters["DPR.TYPE"].default == "DARK"


def test_every_default_is_a_value_the_parameter_takes():
    for signature in SIGNATURES.values():
        for name, spec in signature.parameters.items():
            given = {**{name: spec.default}, **signature.fixed}[name]
            if given is not None:
                assert check_value(spec, given)[1] == "", (signature.name, name)
            assert spec.meaning


def test_the_reference_in_the_docs_is_rendered_from_the_signatures():
    page = Path(__file__).parents[2] / "docs" / "reference" / "templates.md"
    assert page.read_text(encoding="utf-8") == render_reference(SIGNATURES)


def test_the_reference_shows_types_ranges_defaults_units_and_meanings():
    page = render_reference(SIGNATURES)
    assert "## METIS_all_cal_TwilightFlat" in page
    assert "## METIS_img_n_cal_TwilightFlat" not in page
    assert "Also named `METIS_img_n_cal_TwilightFlat`, which fixes SEQ.CAMERA = [N]." in page
    assert "Also named `METIS_gen_cal_dark`.\n" in page
    assert "| SEQ.DARK.WAIT |  | float | 0 to 7200 | 300 | s | time the detectors stay closed" in page
    assert "| SEQ.PRESET | h | bool |  | true |  | move the telescope |" in page
    assert "| EXPTIME |  | float | from 0.001 | **required** | s | exposure time of every frame |" in page
    assert "Instrument: any. Procedure: `dark`." in page


def test_values_and_ranges_are_written_as_in_an_ob():
    assert [value_text(v) for v in (None, True, False, 0.5, 3, "Lp", [1.0, 2.5], [])] == [
        "", "true", "false", "0.5", "3", "Lp", "[1, 2.5]", "[]",
    ]  # fmt: skip
    assert range_text(ParameterSpec("float", "m", range=(None, 5))) == "to 5"
    assert range_text(ParameterSpec("float", "m")) == ""
    assert range_text(ParameterSpec("keyword", "m", choices_of="nd")) == "neutral densities of the camera"


def signatures_of(folder: Path, **files: str):
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return read_signatures(folder)


BASE = "template: A\nprocedure: p\nsummary: s\nsource: t\n"
BASE += "parameters:\n  X: {type: int, meaning: m, required: true}\n"


def test_a_signature_takes_changes_and_adds_parameters(tmp_path):
    found = signatures_of(
        tmp_path,
        a=BASE,
        b="template: B\nover: A\nsummary: s2\nsource: t\ndefaults: {X: 3}\nnames: {C: {X: 4}}\n"
        "parameters:\n  Y: {type: bool, meaning: m, default: true}\n",
    )
    assert list(found) == ["A", "B", "C"]
    assert found["A"].parameters["X"].required
    assert list(found["B"].parameters) == ["X", "Y"]
    assert (found["B"].parameters["X"].default, found["B"].parameters["X"].required) == (3, False)
    assert (found["C"].template, found["C"].procedure, found["C"].fixed) == ("B", "p", {"X": 4})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("template: B\nsummary: s\nsource: t\n", "b.yaml:1: procedure is missing"),
        (
            "template: B\nover: AA\nsummary: s\nsource: t\n",
            "b.yaml:2: over: no such template 'AA'; did you mean A?",
        ),
        ("template: B\nover: B\nsummary: s\nsource: t\n", "b.yaml:2: over: no such template 'B'"),
        (
            "template: B\nover: A\nsummary: s\nsource: t\ndefaults:\n  XX: 1\n",
            "b.yaml:6: unknown parameter 'XX'; did you mean X?",
        ),
        (
            "template: B\nover: A\nsummary: s\nsource: t\nnames:\n  C:\n    X: 1\n    XX: 1\n",
            "b.yaml:8: unknown parameter 'XX'",
        ),
        (
            "template: B\nsummary: s\nsource: t\nparameters: {X: {type: integer, meaning: m}}\n",
            "must be one of float, int",
        ),
    ],
)
def test_a_slip_in_a_signature_is_told(tmp_path, text, told):
    with pytest.raises(ConfigErrors) as caught:
        signatures_of(tmp_path, a=BASE, b=text)
    assert told in str(caught.value)


def test_templates_over_each_other_in_a_circle_are_told(tmp_path):
    layers = {
        one: f"template: {one}\nover: {other}\nsummary: s\nsource: t\n" for one, other in ("BC", "CD", "DC")
    }
    with pytest.raises(ConfigErrors) as caught:
        signatures_of(tmp_path, **layers)
    for one, other in ("BC", "CD", "DC"):
        assert f"{one}.yaml:2: over: no such template" in str(caught.value), other
