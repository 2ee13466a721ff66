"""If-Match and If-None-Match over weak entity tags (RFC 7644 section 3.14)."""

from __future__ import annotations

import pytest

from domain.changes.preconditions import is_unchanged, require_match
from domain.errors import PreconditionFailed
from domain.resources.stored_user import StoredUser

USER = StoredUser("id", 7, "", "", '{"userName":"b"}')


@pytest.mark.parametrize("tags", [None, "*", 'W/"7"', '"7"', 'W/"6", W/"7"'])
def test_the_present_version_may_be_changed(tags: str | None) -> None:
    require_match(tags, USER)


@pytest.mark.parametrize("tags", ['W/"6"', '"77"', "7", ""])
def test_another_version_is_refused_by_if_match(tags: str) -> None:
    with pytest.raises(PreconditionFailed) as refused:
        require_match(tags, USER)

    assert 'W/"7"' in refused.value.detail


@pytest.mark.parametrize(("tags", "unchanged"), [(None, False), ('W/"7"', True), ('W/"8"', False), ("*", True)])
def test_if_none_match_recognises_an_unchanged_user(tags: str | None, unchanged: bool) -> None:
    assert is_unchanged(tags, USER) is unchanged
