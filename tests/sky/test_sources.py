import numpy as np
import pytest

from sequencer.sky import blank_fields, bright_ir_sources, separation_deg
from sequencer.sky.sources import bright_ir_names, source_clear_deg


def test_every_origin_of_a_magnitude_in_the_list():
    rows = {(round(ra, 5), round(dec, 5)): mag for ra, dec, mag in bright_ir_sources().tolist()}
    assert len(bright_ir_sources()) == 630
    assert rows[(88.79294, 7.40706)] == -5.13
    magnitudes = bright_ir_sources()[:, 2]
    assert np.all(np.isfinite(magnitudes))
    assert np.count_nonzero(magnitudes == -2.0) == 145
    assert np.count_nonzero(magnitudes < -3.0) >= 102
    assert not bright_ir_sources().flags.writeable


def test_names_go_with_the_rows():
    assert len(bright_ir_names()) == 630
    antares = bright_ir_names().index("Alpha Sco (HR 6134)")
    assert bright_ir_sources()[antares].tolist() == [247.35192, -26.432, -4.54]


@pytest.mark.parametrize(
    ("magnitude", "clear_deg"),
    [(-3.01, 1.0), (-3.0, 5 / 60), (-1.01, 5 / 60), (-1.0, 0.5 / 60), (8.9, 0.5 / 60), (9.0, 0.0)],
)
def test_a_source_counts_by_its_brightness(magnitude, clear_deg):
    assert source_clear_deg([magnitude]).tolist() == [clear_deg]


def test_the_blank_fields_are_all_over_the_sky_and_say_where_they_come_from():
    fields = blank_fields()
    assert len(fields) == 252
    assert len({field.name for field in fields}) == 252
    assert {field.kind for field in fields} == {"published", "derived"}
    assert all(field.source and field.clear_arcmin > 0.0 for field in fields)
    assert min(field.dec_deg for field in fields) < -80.0 < 50.0 < max(field.dec_deg for field in fields)


def test_a_blank_field_two_lists_put_in_different_places_is_left_out():
    """BLANK3 of one list is 26 arcmin from the other's, which is AAOblank8."""
    names = {field.name for field in blank_fields()}
    assert "BLANK3" not in names
    assert {"AAOblank8", "BLANK1", "BLANK2"} <= names


def test_the_derived_fields_keep_a_degree_from_every_infrared_source():
    sources = bright_ir_sources()
    for field in blank_fields():
        if field.kind == "derived":
            assert separation_deg(field.ra_deg, field.dec_deg, sources[:, 0], sources[:, 1]).min() > 1.0
