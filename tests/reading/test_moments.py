"""When an article was published, in all the ways in which sets of articles write it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.reading.date_index import DateIndex
from monitor.reading.moments import read_moment
from monitor.settings import load_read_config

INDEX = DateIndex.from_lexicon(load_read_config(Path(__file__).parents[2] / "config").lexicon)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2018-05-27", "2018-05-27T00:00:00"),
        ("2015-07-24 08:41:08", "2015-07-24T08:41:08"),
        ("2018-02-13T17:11Z", "2018-02-13T17:11:00"),
        ("2017-02-19T00:39:00+01:00", "2017-02-18T23:39:00"),
        ("Wed, 02 May 2018 12:45:28 GMT", "2018-05-02T12:45:28"),
        ("Tue, 03 Apr 2018 20:00:52 +0400", "2018-04-03T16:00:52"),
        ("24/02/2015", "2015-02-24T00:00:00"),
        ("11/02/2018 12:01:00", "2018-02-11T12:01:00"),
        ("02/24/2015", "2015-02-24T00:00:00"),
        ("24.2.2015", "2015-02-24T00:00:00"),
        ("٢٤/٠٢/٢٠١٥", "2015-02-24T00:00:00"),
        ("14 فبراير 2018 - 12:30", "2018-02-14T12:30:00"),
        ("5 شباط/فبراير 2018", "2018-02-05T00:00:00"),
        ("الأربعاء 14 فبراير 2018", "2018-02-14T00:00:00"),
        ("14 فبراير 2018 - 9:30 مساء", "2018-02-14T00:00:00"),
    ],
)
def test_a_date_is_read_however_it_is_written(written: str, meant: str) -> None:
    assert read_moment(written, INDEX) == datetime.fromisoformat(f"{meant}+00:00")


@pytest.mark.parametrize(
    "written",
    [
        *(None, "", 7, 1.5, True, [], {}, "soon", "0000-01-01", "0001-01-01", "1970-01-01T00:00:00Z"),
        *("31/02/2018", "13/13/2018", "9999-12-31T23:59:59-14:00", "Wed, 99 May 2018 12:00:00 GMT"),
        *("تم النشر منذُ  19 ساعة", "تم النشر منذُ  يوم واحد", "أمس", "14 فبراير", "فبراير 2018", "2018"),
        *("من 14 فبراير 2018 إلى 16 مارس 2018", "2018-05-27" * 20),
    ],
)
def test_what_names_no_day_of_its_own_is_unknown(written: object) -> None:
    assert read_moment(written, INDEX) is None


@given(st.one_of(st.text(), st.text(alphabet="0123456789/-:. TZ+منذفبراير٣,")))
def test_no_text_breaks_it(written: str) -> None:
    found = read_moment(written, INDEX)
    assert found is None or found.tzinfo is UTC
