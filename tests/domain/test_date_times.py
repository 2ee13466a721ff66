"""dateTime values as instants (RFC 7643 section 2.3.5)."""

from __future__ import annotations

import pytest

from domain.resources.date_times import instant


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2011-05-13T04:42:34Z", "2011-05-13T06:42:34+02:00"),
        ("2011-05-13T04:42:34Z", "2011-05-13t04:42:34.000z"),
        ("2011-05-13T04:42:34.5Z", "2011-05-13T04:42:34.50Z"),
        ("2011-05-13T04:42:34", "2011-05-12T23:42:34-05:00"),
    ],
)
def test_one_instant_can_be_written_in_many_ways(one: str, other: str) -> None:
    assert instant(one) == instant(other) is not None


def test_instants_are_ordered_to_the_last_digit() -> None:
    texts = ["2011-05-13T04:42:34Z", "2011-05-13T04:42:34.00000000001Z", "2011-05-13T04:42:34.09Z"]
    texts += ["2011-05-13T04:42:34.1Z", "2011-05-13T04:42:35+00:00"]
    found = [instant(text) for text in texts]

    assert None not in found
    assert found == sorted(found, key=lambda each: each or ())


@pytest.mark.parametrize(
    "text",
    [
        *("", "2011-05-13", "04:42:34Z", "20110513T044234Z", "2011-W19-5T04:42:34Z", "2011-05-13T04:42Z"),
        *("2011-02-30T00:00:00Z", "2011-05-13T25:00:00Z", "2011-05-13T04:42:34.Z", "2011-05-13T04:42:34,5Z"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-05:00", "0000-01-01T00:00:00Z", "٢٠١١-٠٥-١٣T٠٤:٤٢:٣٤Z"),
        *("2011-05-13T04:42:34+0200", "2011-05-13T04:42:34+99:00", "2011-05-13T04:42:34Z\n"),
    ],
)
def test_a_malformed_date_time_is_no_instant(text: str) -> None:
    assert instant(text) is None
