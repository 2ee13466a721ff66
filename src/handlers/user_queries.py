"""The common part of list and search; no other function imports the filter language."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from domain.documents import Json
from domain.filter import Lookup
from domain.ports import Relations
from domain.queries.cursor import CursorSeal
from domain.queries.listing import Directory
from domain.queries.rendering import Renderer
from domain.resources.mask import masked
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import EMAIL, EXTERNAL_ID, USER_NAME
from domain.tolerances import reader_for
from handlers.endpoint import ScimRequest

_PERSONAL: Final = (USER_NAME, EMAIL, EXTERNAL_ID)
"""The indexes of values that identify a person."""


def directory_of(request: ScimRequest, renderer: Renderer) -> Directory:
    """Return the users of the request's account for queries, shown by `renderer`.

    Where logs may contain personal data, the request's log line has the value that a filter looks up, masked.
    """

    def log_lookup(lookup: Lookup) -> None:
        if request.service.environment.log_personal_data and lookup.index in _PERSONAL:
            request.record.user = masked(lookup.value)

    def unclaimed(lookup: Lookup) -> tuple[StoredUser, Json] | None:
        """Return the user whom no identity provider has claimed and who could be adopted by a userName."""
        if not request.caller.settings.match_existing_by_email or lookup.index is not USER_NAME:
            return None
        from domain.resources.adoption import is_adoptable  # few accounts need it, and each module adds to a cold start

        user = request.account.users.find_by_email(lookup.value)
        if user is None or not is_adoptable(user, lookup.value):
            return None
        return user, {"userName": lookup.value}

    relations: Mapping[str, Relations] = {}
    if request.caller.settings.groups:
        from handlers.relations import relations_of_users  # accounts without groups need none of it

        relations = relations_of_users(request)
    return Directory(
        request.account.users,
        renderer,
        CursorSeal(request.caller.sealing_key, request.caller.account, time.time),
        reader_for(request.user_type, tolerant=request.caller.settings.is_tolerant, noted=request.noted),
        relations,
        deadline=request.deadline,
        on_lookup=log_lookup,
        otherwise=unclaimed,
    )
