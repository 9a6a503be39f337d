"""The table of a nightly run says what passed, what did not, and by which figures."""

from __future__ import annotations

from tests.nightly import page

REPORT = """<testsuites><testsuite>
<testcase classname="tests.end_to_end.test_ladder" name="test_k_is_honest[nightly]" time="12.4">
<properties><property name="figures" value="chi squared 18.2 of 20 nights"/></properties></testcase>
<testcase classname="tests.end_to_end.test_flats" name="test_at_full_size" time="61.0"><failure message="x">y</failure>
</testcase></testsuite></testsuites>"""


def test_every_test_has_its_line() -> None:
    written = page(REPORT, "abc1234")
    assert "commit abc1234: 1 of 2 passed" in written
    assert written.splitlines()[-2:] == [
        "| at full size (end_to_end/test_flats) |  | failure | 61 |",
        "| k is honest[nightly] (end_to_end/test_ladder) | chi squared 18.2 of 20 nights | passed | 12 |",
    ]
